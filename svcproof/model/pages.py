"""Whether a page shows: fetches as values, and the verdict over every route they took."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from svcproof.model.verdict import Verdict, met, unknown, violated

SAMPLE_PAGE = "Welcome to nginx!"


@dataclass(frozen=True)
class Fetch:
    """One request for a page; *at* and *seconds* say when it was sent (since the route's first) and how long it took.

    *status* is the HTTP status where it is known (busybox wget tells none: 200 stands for its success). *problem* says
    what came instead of an answer; *not_sent* is true where that is the sender's own trouble and says nothing of the
    cluster.
    """

    at: float
    seconds: float
    status: int = 0
    body: str = ""
    problem: str = ""
    not_sent: bool = False

    def shows(self, text: str) -> bool:
        """Whether the page came back, whole enough to hold *text*."""
        return self.status == 200 and text in self.body

    @property
    def seen(self) -> str:
        """What came back, in a few words."""
        if self.problem:
            return self.problem
        return f"status {self.status} and {self.body[:60]!r}" if self.body else f"status {self.status} and no content"


@dataclass(frozen=True)
class Route:
    """The fetches from one vantage through one frontend, in order; *node* is whose address it is, for node ports."""

    vantage: str
    frontend: str
    url: str
    node: str = ""
    fetches: tuple[Fetch, ...] = ()

    @property
    def said(self) -> str:
        """Name the route: what people look for first is the node."""
        return f"{self.node} ({self.url})" if self.node else f"{self.vantage} to {self.url}"

    def first_good(self, text: str) -> Fetch | None:
        """Return the first fetch that shows the page."""
        return next((fetch for fetch in self.fetches if fetch.shows(text)), None)


def page_shows(routes: Sequence[Route], *, budget: float, text: str = SAMPLE_PAGE) -> Verdict:
    """On every route the page shows within *budget* seconds, and then every time.

    The first fetches may come before the data plane has followed (that is what the budget is for); once the page has
    shown, every later fetch shows it. A fetch that was never sent makes the verdict unknown.
    """
    figures = _figures(routes, text)
    if not routes or not all(route.fetches for route in routes):
        return unknown("no page was asked for", **figures)
    broken = [route for route in routes if _broken(route, text, budget)]
    if broken:
        fine = [route for route in routes if route not in broken]
        others = f". The page shows at {', '.join(route.said for route in fine)}" if fine else ""
        return violated("; ".join(_blame(route, text, budget) for route in broken) + others, **figures)
    doubtful = [(route, fetch) for route in routes for fetch in route.fetches if fetch.not_sent]
    if doubtful:
        route, fetch = doubtful[0]
        return unknown(f"{route.said}: {len(doubtful)} of the requests were never sent: {fetch.problem}", **figures)
    slowest = max((good.at + good.seconds for route in routes if (good := route.first_good(text))), default=0.0)
    count = sum(len(route.fetches) for route in routes)
    return met(
        f"the page shows on {len(routes)} of {len(routes)} routes ({', '.join(route.said for route in routes)}), "
        f"{count} requests; the last route came to show it after {slowest:.2f} s",
        **figures,
    )


def _broken(route: Route, text: str, budget: float) -> bool:
    """Whether something was seen on this route that must not be: the page stayed away, or went away again."""
    sent = [fetch for fetch in route.fetches if not fetch.not_sent]
    good = route.first_good(text)
    if good is None:
        return bool(sent) and sent[-1].at + sent[-1].seconds >= budget and sent[-1] is route.fetches[-1]
    return good.at > budget or any(not fetch.shows(text) for fetch in sent[sent.index(good) :])


def _blame(route: Route, text: str, budget: float) -> str:
    sent = [fetch for fetch in route.fetches if not fetch.not_sent]
    wanted = f"{route.said}: {route.vantage} sent GET / {len(sent)} times; wanted status 200 and {text!r}"
    good = route.first_good(text)
    after = sent[sent.index(good) :] if good else sent
    bad = [fetch for fetch in after if not fetch.shows(text)]
    if good is not None and not bad:
        return f"{wanted} within {budget:g} s; it first showed after {good.at:.1f} s; before that: {sent[0].seen}"
    when = f"again after {bad[0].at:.1f} s" if good else f"within {bad[-1].at + bad[-1].seconds:.1f} s"
    return f"{wanted}; seen {when}: {bad[-1].seen} ({len(bad)} of {len(after)} times)"


def _figures(routes: Sequence[Route], text: str) -> dict[str, float | str]:
    figures: dict[str, float | str] = {
        "routes": len(routes),
        "sent": sum(not fetch.not_sent for route in routes for fetch in route.fetches),
        "shown": sum(fetch.shows(text) for route in routes for fetch in route.fetches),
    }
    for route in routes:
        good = route.first_good(text)
        if good and route.node:
            figures[f"first_shown_ms[{route.node}]"] = round((good.at + good.seconds) * 1000, 1)
    return figures
