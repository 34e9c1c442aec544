"""A watch as a liar passes it on: what is told, and when; no input or output, the clock is the caller's."""

from __future__ import annotations

import heapq
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from svcproof.faults.saboteurs.lies import SPARED, Object, told

INITIAL_EVENTS_END = "k8s.io/initial-events-end"


@dataclass(frozen=True)
class Timing:
    """How late things are told (seconds; infinite: never).

    *lag* holds every change back. *kept* lets an endpoint that left, or is ready no more, stay for a while, *protocol*
    narrowing that to slices with a port of that protocol. *undying* hides that anything was deleted.
    """

    lag: float = 0.0
    kept: float = 0.0
    protocol: str = ""
    undying: bool = False

    @staticmethod
    def of(values: Mapping[str, Any]) -> Timing:
        """Read it from JSON, where "never" stands for infinity."""
        read: dict[str, Any] = {name: math.inf if value == "never" else value for name, value in values.items()}
        return Timing(**read)


@dataclass
class Stream:
    """One watch of one kind. Give it events with take(), collect with due() what is to be told by now."""

    kind: str
    lies: Sequence[Mapping[str, Any]] = ()
    timing: Timing = field(default_factory=Timing)
    settled: bool = True
    """Whether the initial list is over: it is never late."""

    _queue: list[tuple[float, int, Object]] = field(default_factory=list)
    _count: int = 0
    _truth: dict[str, Object] = field(default_factory=dict)
    _held: dict[str, dict[str, tuple[Object, float]]] = field(default_factory=dict)
    _shown: set[str] = field(default_factory=set)

    def take(self, event: Object, now: float) -> None:
        """Hear of a true event."""
        body, what = event.get("object", {}), event.get("type")
        if what not in ("ADDED", "MODIFIED", "DELETED"):
            if what == "BOOKMARK" and INITIAL_EVENTS_END in body.get("metadata", {}).get("annotations", {}):
                self.settled = True
            self._put(event, now)
            return
        lag = self.timing.lag if self.settled else 0.0
        if body["metadata"].get("namespace") in SPARED:
            self._put(event, now)
        elif lag == math.inf or (what == "DELETED" and self.timing.undying):
            return
        elif self._keeps(body):
            self._take_keeping(what, body, now)
        else:
            self._tell(what, body, now + lag)

    def due(self, now: float) -> list[Object]:
        """What is to be told by *now*, in order."""
        self._let_go(now)
        ready = []
        while self._queue and self._queue[0][0] <= now:
            ready.append(heapq.heappop(self._queue)[2])
        return ready

    def next_at(self) -> float:
        """When due() has something next; infinite when it waits for events."""
        ends = [until for held in self._held.values() for _, until in held.values()]
        return min([entry[0] for entry in self._queue[:1]] + ends, default=math.inf)

    def _put(self, event: Object, at: float) -> None:
        self._count += 1
        heapq.heappush(self._queue, (at, self._count, event))

    def _tell(self, what: str, body: Object, at: float) -> None:
        """Tell of one object, after the lies: what they hide goes, what they show again comes."""
        shown = told(self.kind, body, self.lies)
        uid = body["metadata"].get("uid", "")
        if shown is None:
            what, shown = "DELETED", body
            if uid not in self._shown:
                return
        if what == "DELETED":
            self._shown.discard(uid)
        else:
            self._shown.add(uid)
        self._put({"type": what, "object": shown}, at)

    def _keeps(self, body: Object) -> bool:
        if not self.timing.kept or self.kind != "EndpointSlice":
            return False
        protocols = {port.get("protocol", "TCP") for port in body.get("ports") or []}
        return not self.timing.protocol or self.timing.protocol in protocols

    def _take_keeping(self, what: str, body: Object, now: float) -> None:
        """Hold on to endpoints that were ready and are so no more."""
        uid = body["metadata"]["uid"]
        before = _ready(self._truth.get(uid, {}))
        after = {} if what == "DELETED" else _ready(body)
        held = self._held.setdefault(uid, {})
        for address, endpoint in before.items():
            if address not in after:
                held[address] = (endpoint, now + self.timing.kept)
        for address in after:
            held.pop(address, None)
        if what == "DELETED":
            body = {**body, "endpoints": []}
        self._truth[uid] = body
        if what == "DELETED" and not held:
            self._tell(what, body, now)
        else:
            self._tell("MODIFIED" if uid in self._shown else "ADDED", self._merged(uid), now)

    def _merged(self, uid: str) -> Object:
        body, held = self._truth[uid], self._held[uid]
        true = [entry for entry in body.get("endpoints") or [] if entry["addresses"][0] not in held]
        return {**body, "endpoints": [*true, *(endpoint for endpoint, _ in held.values())]}

    def _let_go(self, now: float) -> None:
        for uid, held in self._held.items():
            over = [address for address, (_, until) in held.items() if until <= now]
            for address in over:
                del held[address]
            if over:
                self._tell("MODIFIED", self._merged(uid), now)


def _ready(body: Object) -> dict[str, Object]:
    endpoints = body.get("endpoints") or []
    return {one["addresses"][0]: one for one in endpoints if one.get("conditions", {}).get("ready") is not False}
