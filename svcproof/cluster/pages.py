"""Asks for a page along routes, until it shows and a few times more; every request is kept."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from svcproof.cluster.api import ApiTrouble, ClusterApi
from svcproof.cluster.waiting import Deadline, Rounds
from svcproof.model.pages import SAMPLE_PAGE, Fetch, Route

FIRST_LIMIT = 2
"""How long a request may last while the data plane may still have to follow: the next one finds out (seconds)."""

LIMIT = 10
"""How long a request may last that is judged: a slow answer of a busy machine is no lost one (seconds)."""

AGAIN = 3
"""How often the page is asked for again once it has shown."""

_PAUSE = 0.1

Fetcher = Callable[[float, float], Fetch]
"""Sends one request; takes how long it may last and the monotonic moment from which fetches are timed."""


@dataclass(frozen=True)
class Path:
    """A route before anything was sent along it."""

    route: Route
    fetch: Fetcher


def from_pod(api: ClusterApi, namespace: str, pod: str, container: str, url: str) -> Fetcher:
    """Return a fetcher that runs busybox wget in a pod."""

    def fetch(limit: float, since: float) -> Fetch:
        argv = ["timeout", f"{limit:.0f}", "wget", "-qO-", url]
        began = time.monotonic()
        try:
            ran = api.run(namespace, pod, container, argv, timeout=limit + 10.0)
        except ApiTrouble as trouble:
            return Fetch(began - since, time.monotonic() - began, problem=str(trouble), not_sent=True)
        seconds = time.monotonic() - began
        if ran.code == 0:
            return Fetch(began - since, seconds, 200, ran.out)
        if ran.code in (124, 143):  # how busybox and GNU timeout say that they ended the command
            return Fetch(began - since, seconds, problem=f"no answer within {limit:.0f} s")
        said = ran.err.strip().splitlines()
        # 126 and 127: the shell's words for a command that cannot be run
        return Fetch(began - since, seconds, problem=said[-1] if said else f"exit code {ran.code}",
                     not_sent=ran.code in (126, 127))  # fmt: skip

    return fetch


def walk(paths: Sequence[Path], budget: float, text: str = SAMPLE_PAGE) -> list[Route]:
    """Ask along every path at once, until the page shows or *budget* seconds are over, then a few times more."""
    began = time.monotonic()
    with ThreadPoolExecutor(max_workers=max(1, min(8, len(paths)))) as pool:
        return list(pool.map(lambda path: _along(path, began, budget, text), paths))


def _along(path: Path, began: float, budget: float, text: str) -> Route:
    fetches: list[Fetch] = []
    within = Deadline(budget)
    rounds = Rounds(_PAUSE)
    while True:
        last_chance = within.passed
        fetches.append(path.fetch(LIMIT if last_chance else FIRST_LIMIT, began))
        if fetches[-1].shows(text) or last_chance:
            break
        rounds.wait(0, _PAUSE)
    if fetches[-1].shows(text):
        fetches += [path.fetch(LIMIT, began) for _ in range(AGAIN)]
    route = path.route
    return Route(route.vantage, route.frontend, route.url, route.node, tuple(fetches))
