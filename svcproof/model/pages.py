"""Whether a page shows: fetches as values, and the verdict over every route they took."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from svcproof.model.verdict import Verdict, met, unknown, violated

SAMPLE_PAGE = "Welcome to nginx!"


@dataclass(frozen=True)
class Trust:
    """What a caller over TLS expects: the name it asks for, and the only certificate (PEM) that it takes."""

    host: str
    certificate: str


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
    shown, every later fetch shows it. A route is late only if a fetch was seen to fail after the budget: where nobody
    looked in time, as where a fetch was never sent, the verdict is unknown.
    """
    figures = _figures(routes, text)
    if not routes or not all(route.fetches for route in routes):
        return unknown("no page was asked for", **figures)
    broken = [route for route in routes if _broken(route, text, budget)]
    if broken:
        fine = [route for route in routes if route not in broken]
        others = f". The page shows at {', '.join(route.said for route in fine)}" if fine else ""
        return violated("; ".join(_blame(route, text, budget) for route in broken) + others, **figures)
    if doubts := [doubt for route in routes if (doubt := _doubt(route, text, budget))]:
        return unknown("; ".join(doubts), **figures)
    slowest = max((good.at + good.seconds for route in routes if (good := route.first_good(text))), default=0.0)
    count = sum(len(route.fetches) for route in routes)
    return met(
        f"the page shows on {len(routes)} of {len(routes)} routes ({', '.join(route.said for route in routes)}), "
        f"{count} requests; the last route came to show it after {slowest:.2f} s",
        **figures,
    )


def _sent(route: Route) -> list[Fetch]:
    return [fetch for fetch in route.fetches if not fetch.not_sent]


def _failed_late(route: Route, text: str, budget: float) -> bool:
    """Whether a fetch that began after the budget was seen to fail."""
    return any(not fetch.shows(text) and fetch.at >= budget for fetch in _sent(route))


def _broken(route: Route, text: str, budget: float) -> bool:
    """Whether something was seen on this route that must not be: the page stayed away, or went away again."""
    good, sent = route.first_good(text), _sent(route)
    gone_again = good is not None and any(not fetch.shows(text) for fetch in sent[sent.index(good) :])
    return gone_again or _failed_late(route, text, budget)


def _doubt(route: Route, text: str, budget: float) -> str:
    """Say what keeps a route that is not broken from being fine; empty when it is."""
    missing = [fetch for fetch in route.fetches if fetch.not_sent]
    if missing:
        return f"{route.said}: {len(missing)} of {len(route.fetches)} requests were never sent: {missing[0].problem}"
    good = route.first_good(text)
    if good is None or good.at > budget:
        last = f"; the last saw {_sent(route)[-1].seen}" if good is None else f"; at {good.at:.1f} s the page showed"
        return f"{route.said}: no request began between {budget:g} s and the end of the wait{last}"
    return ""


def _blame(route: Route, text: str, budget: float) -> str:
    sent, good = _sent(route), route.first_good(text)
    wanted = f"{route.said}: {route.vantage} sent GET / {len(sent)} times; wanted status 200 and {text!r}"
    after = sent[sent.index(good) :] if good else sent
    bad = [fetch for fetch in after if not fetch.shows(text)]
    if good is not None and not bad:
        before = sent[sent.index(good) - 1]
        return f"{wanted} within {budget:g} s; it first showed after {good.at:.1f} s; before that: {before.seen}"
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
