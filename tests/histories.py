"""Makes histories by hand for the tests; run as a program, it writes the hand-made ones of fixtures/histories."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from svcproof.model.history import Event, Exchange, History, Kind, Lane, Outcome, Stream, write

FOLDER = Path(__file__).parent.parent / "fixtures" / "histories"

End = Callable[[int, float], dict[str, Any]]
"""Says how exchange k, started at t, ends: fields of Exchange; *takes* is its duration, *stands* its connect time."""


def answered(*backends: str, source: str = "") -> End:
    """Answer by these backends in turn."""
    return lambda k, _: {"backend": backends[k % len(backends)], "source": source}


def between(since: float, until: float, outcome: Outcome, otherwise: End, takes: float = 0.001) -> End:
    """End so in a time, and otherwise as told."""

    def end(k: int, t: float) -> dict[str, Any]:
        return {"outcome": outcome, "takes": takes} if since <= t < until else otherwise(k, t)

    return end


@dataclass
class Making:
    """A history under construction."""

    streams: dict[str, Stream] = field(default_factory=dict)
    exchanges: list[Exchange] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    laws: list[dict[str, Any]] = field(default_factory=list)

    def run(
        self,
        name: str,
        end: End | None = None,
        *,
        since: float = 0.0,
        until: float = 1.0,
        rate: float = 50.0,
        **about: Any,
    ) -> Making:
        """Add a stream with an exchange each 1/rate seconds, answered by "web-1" unless *end* says otherwise."""
        wanted = {"vantage": "outside", "frontend": "web", **about}
        stream = self.streams.setdefault(name, Stream(name, rate=rate, **wanted))
        numbered = sum(exchange.stream == name for exchange in self.exchanges)
        for k in range(round((until - since) * rate)):
            start = since + k / rate
            self.exchanges.append(_exchange(stream, numbered + k, start, (end or answered("web-1"))(k, start)))
        return self

    def control(self, vantage: str = "outside", end: End | None = None, *, until: float = 1.0) -> Making:
        """Add a vantage's control stream, ten a second."""
        about = {"vantage": vantage, "frontend": "control", "control": True}
        return self.run(f"control-{vantage}", end or answered("control"), until=until, rate=10.0, **about)

    def event(self, at: float, kind: Kind, subject: str, says: str, **data: Any) -> Making:
        """Add an event."""
        self.events.append(Event(at, kind, subject, says, data))
        return self

    def mark(self, at: float, subject: str) -> Making:
        """Add a mark."""
        return self.event(at, Kind.MARK, subject, "")

    def asks(
        self, law: str, *, streams: Iterable[str] = (), since: Any = None, until: Any = None, **how: Any
    ) -> Making:
        """Say which law is asked."""
        asked = {"law": law, "streams": list(streams), "since": since, "until": until, "arguments": how}
        self.laws.append(asked)
        return self

    def history(self, about: str = "made by hand", **changes: Any) -> History:
        """Return what was made."""
        exchanges = tuple(sorted(self.exchanges, key=lambda one: (one.start, one.stream)))
        made = History(self.streams, exchanges, tuple(self.events), {"scenario": about, "laws": self.laws})
        return replace(made, **changes)


def _exchange(stream: Stream, number: int, start: float, said: dict[str, Any]) -> Exchange:
    said = dict(said)
    outcome = said.pop("outcome", Outcome.ANSWERED)
    takes = said.pop("takes", 0.004)
    stands = said.pop("stands", 0.001 if outcome is Outcome.ANSWERED and stream.lane is Lane.NEW else None)
    return Exchange(
        stream.name,
        number,
        round(start, 6),
        round(start + takes, 6),
        outcome,
        connected=None if stands is None else round(start + stands, 6),
        **said,
    )


NODE_1 = {"frontend": "node1 198.18.0.11:31704", "address": "198.18.0.11:31704", "node": "node1"}
NODE_2 = {"frontend": "node2 198.18.0.12:31704", "address": "198.18.0.12:31704", "node": "node2"}
CLUSTER_IP = {"frontend": "web", "address": "10.96.0.7:80", "vantage": "pod asker", "vantage_node": "node1"}
LOOK_UP = {"frontend": "web.shop.svc.cluster.local", "protocol": "dns", "vantage": "pod asker", "rate": 20.0}
WEB = ["web-1", "web-2", "web-3"]


def scale_down_drains() -> Making:
    making = Making().control(until=6).control("pod asker", until=6)
    making.run("out-np-node1", _scaled_down, until=6, **NODE_1).run("out-np-node2", _scaled_down, until=6, **NODE_2)
    making.run("pod-cip", _scaled_down, until=6, **CLUSTER_IP)
    making.event(2.0, Kind.ACTION, "web", "scales web to 1").mark(2.0, "scaled")
    making.event(2.08, Kind.ENDPOINTS, "web", "dropped web-3 (node2)").event(
        2.09, Kind.ENDPOINTS, "web", "dropped web-2 (node2)"
    )
    making.asks("prober_kept_schedule").asks("none_lost").asks("every_exchange_answered")
    making.asks("every_backend_answered", until="scaled", backends=WEB)
    making.asks("converged_within", after="scaled", budget=3.0, backends=["web-1"])
    making.asks("only_these_answered", since=3.0, backends=["web-1"])
    return making.asks("unavailable_for_at_most", seconds=0.1).asks("no_connection_held_up")


def _scaled_down(k: int, t: float) -> dict[str, Any]:
    return answered(*WEB)(k, t) if t < 2.2 else answered("web-1")(k, t)


def refused_at_endpoint_change() -> Making:
    making = Making().control(until=6)
    making.run("out-np-node1", until=6, **NODE_1)
    making.run("out-np-node2", between(3.02, 3.12, Outcome.REFUSED, answered("web-1")), until=6, rate=100.0, **NODE_2)
    making.event(2.9, Kind.ENDPOINTS, "web-x7k2p", "dropped web-5d9-abcde (node2)")
    return making.asks("none_lost").asks("unavailable_for_at_most", seconds=1.0)


def prober_cut_off() -> Making:
    cut = between(1.0, 2.0, Outcome.TIMED_OUT, answered("web-1"), takes=0.5)
    making = Making().control(end=cut, until=4).run("out-np-node1", cut, until=4, **NODE_1)
    return making.asks("none_lost").asks("every_exchange_answered").asks("unavailable_for_at_most", seconds=0.5)


def one_backend_never_chosen() -> Making:
    making = Making().control(until=4).run("out-np-node1", answered("web-1", "web-2"), until=4, **NODE_1)
    return making.asks("every_backend_answered", backends=WEB).asks("none_lost")


def spread_evenly() -> Making:
    making = Making().control(until=6).run("out-np-node1", _shares(103, 91, 106), until=6, **NODE_1)
    return making.asks("spread_over_backends", backends=WEB).asks("every_backend_answered", backends=WEB)


def one_backend_favoured() -> Making:
    making = Making().control(until=4).run("out-np-node1", _shares(180, 20), until=4, **NODE_1)
    return making.asks("spread_over_backends", backends=["web-1", "web-2"])


def too_few_to_tell_spread() -> Making:
    making = Making().control().run("out-np-node1", _shares(9, 6), until=0.3, **NODE_1)
    making.asks("spread_over_backends", backends=["web-1", "web-2"])
    return making.asks("every_backend_answered", backends=["web-1", "web-2", "web-3"])


def _shares(*parts: int) -> End:
    order = [f"web-{place}" for place, part in enumerate(parts, start=1) for _ in range(part)]
    return lambda k, _: {"backend": order[k * 7 % len(order)]}


def deleted_pod_answers_on() -> Making:
    def stale(k: int, t: float) -> dict[str, Any]:
        return answered("web-1", "web-2")(k, t) if t < 7.0 else answered("web-1")(k, t)

    making = Making().control(until=9).run("out-np-node1", until=9, rate=20.0, **NODE_1)
    making.run("out-np-node2", stale, until=9, rate=20.0, **NODE_2).mark(2.0, "deleted")
    making.event(2.0, Kind.ACTION, "web-2", "deletes pod web-2").event(
        2.1, Kind.ENDPOINTS, "web", "dropped web-2 (node2)"
    )
    return making.asks("converged_within", after="deleted", budget=2.0, backends=["web-1"])


def source(seen: str) -> Making:
    making = Making().control("pod asker")
    making.run("pod-pod", answered("web-1", source=f"{seen}:40112"), **CLUSTER_IP)
    return making.asks("source_address_preserved", addresses={"pod asker": ["10.244.1.7"]})


def no_endpoints(outcome: Outcome, takes: float) -> Making:
    making = Making().control(until=3)
    making.run("out-np-node1", between(0, 9, outcome, answered("web-1"), takes), until=2, rate=25.0, **NODE_1)
    return making.asks("refused_not_lost", within=0.5)


def affinity(*backends: str) -> Making:
    making = Making().control("pod asker").run("pod-cip", answered(*backends), **CLUSTER_IP)
    return making.asks("same_backend_for_one_source", backend_count=3)


def resets_on_one_node() -> Making:
    def end(k: int, t: float) -> dict[str, Any]:
        return {"outcome": Outcome.RESET, "stands": 0.001} if k % 20 == 7 else answered(*WEB)(k, t)

    making = Making().control(until=4).run("out-np-node1", answered(*WEB), until=4, **NODE_1)
    return making.run("out-np-node2", end, until=4, **NODE_2).asks("every_exchange_answered")


def clock_too_unsure() -> Making:
    late = between(0.0, 2.96, Outcome.REFUSED, answered("web-1"))
    making = Making().control("pod asker", until=6).run("pod-cip", late, until=6, uncertainty=0.1, **CLUSTER_IP)
    return making.mark(1.0, "created").asks("converged_within", after="created", budget=2.0)


def resolved(*answers: str) -> Making:
    making = (
        Making().control("pod asker").run("pod-dns", lambda *_: {"answers": answers, "detail": "NOERROR"}, **LOOK_UP)
    )
    return making.asks("resolves_to_exactly", records=["10.244.1.7", "10.244.2.9"])


def no_name(detail: str) -> Making:
    gone = {"outcome": Outcome.NO_NAME, "detail": detail}
    making = Making().control("pod asker").run("pod-dns", lambda *_: gone, **LOOK_UP)
    return making.asks("no_such_name")


def large_body(size: int, outcome: Outcome, takes: float) -> Making:
    def end(k: int, _: float) -> dict[str, Any]:
        whole = k % 2 == 0
        return (
            {"size": 1 << 20, "backend": "web-1"}
            if whole
            else {"outcome": outcome, "size": size, "takes": takes, "stands": 0.001}
        )

    making = Making().control("pod asker", until=4).run("pod-cip", end, rate=10.0, until=2, limit=2.0, **CLUSTER_IP)
    return making.asks("body_arrives_whole", size=1 << 20)


def first_packet_dropped() -> Making:
    def end(k: int, t: float) -> dict[str, Any]:
        return {**answered("web-1")(k, t), **({"stands": 1.02, "takes": 1.03} if 50 <= k < 55 else {})}

    making = Making().control(until=4).run("out-np-node1", end, until=3, limit=3.0, **NODE_1)
    return making.asks("every_exchange_answered").asks("no_connection_held_up")


def some_never_sent() -> Making:
    making = Making().control()
    end = between(0.4, 0.46, Outcome.NOT_SENT, answered("web-1"), takes=0.0)
    return making.run("out-np-node1", end, **NODE_1).asks("none_lost")


def blocked(*, control: bool) -> Making:
    making = Making().control("pod asker", until=3) if control else Making()
    lost = between(0, 9, Outcome.TIMED_OUT, answered("web-1"), takes=1.0)
    return making.run("pod-cip", lost, until=2, rate=10.0, **CLUSTER_IP).asks("no_exchange_answered")


def kept(cut: int) -> Making:
    def end(k: int, _: float) -> dict[str, Any]:
        broken = {"outcome": Outcome.RESET} if k == cut else {}
        number = 1 if k <= cut else 2
        return {"backend": "web-1", "connection": number, "stands": 0.001 if k in (0, cut + 1) else None, **broken}

    making = Making().control().run("out-np-node1-kept", end, lane=Lane.KEPT, **NODE_1)
    return making.event(0.5, Kind.ACTION, "kube-proxy", "restarts kube-proxy on node1").asks("kept_connections_not_cut")


def prober_lost() -> Making:
    making = Making().control("pod asker").run("pod-cip", until=0.7, **CLUSTER_IP)
    making.event(0.71, Kind.PROBER, "pod asker", "the exec stream was cut", what="lost", streams=["pod-cip"])
    return making.asks("none_lost").asks("every_exchange_answered")


def outage_of_two_seconds() -> Making:
    down = between(2.0, 4.0, Outcome.TIMED_OUT, answered("web-1"), takes=0.5)
    making = Making().control(until=6).run("out-np-node1", down, until=6, limit=0.5, **NODE_1)
    making.event(1.9, Kind.NODE, "node2", "is not ready")
    return making.asks("unavailable_for_at_most", seconds=1.0)


def new_backends() -> Making:
    def end(k: int, t: float) -> dict[str, Any]:
        return answered("web-1")(k, t) if t < 1.4 else answered(*WEB)(k, t)

    making = Making().control(until=4).run("out-np-node1", end, until=4, **NODE_1).mark(1.0, "scaled")
    return making.asks("new_backends_answer_within", after="scaled", backends=["web-2", "web-3"], budget=2.0)


MADE: dict[str, Making] = {
    "scale-down-drains-met": scale_down_drains(),
    "refused-at-endpoint-change-violated": refused_at_endpoint_change(),
    "prober-cut-off-unknown": prober_cut_off(),
    "one-backend-never-chosen-violated": one_backend_never_chosen(),
    "spread-evenly-met": spread_evenly(),
    "one-backend-favoured-violated": one_backend_favoured(),
    "too-few-to-tell-spread-unknown": too_few_to_tell_spread(),
    "deleted-pod-answers-on-violated": deleted_pod_answers_on(),
    "source-kept-met": source("10.244.1.7"),
    "source-rewritten-violated": source("198.18.0.11"),
    "no-endpoints-refused-met": no_endpoints(Outcome.REFUSED, 0.001),
    "no-endpoints-dropped-violated": no_endpoints(Outcome.TIMED_OUT, 1.0),
    "affinity-kept-met": affinity("web-2"),
    "affinity-forgotten-violated": affinity(*["web-2"] * 20, "web-3"),
    "resets-on-one-node-violated": resets_on_one_node(),
    "clock-too-unsure-unknown": clock_too_unsure(),
    "name-resolves-met": resolved("A 10.244.1.7", "A 10.244.2.9"),
    "name-resolves-to-one-too-many-violated": resolved("A 10.244.1.7", "A 10.244.2.8", "A 10.244.2.9"),
    "name-gone-met": no_name("NXDOMAIN"),
    "resolver-failing-unknown": no_name("SERVFAIL"),
    "large-body-stalls-violated": large_body(65536, Outcome.TIMED_OUT, 2.0),
    "first-packet-dropped-violated": first_packet_dropped(),
    "some-never-sent-unknown": some_never_sent(),
    "blocked-with-witness-met": blocked(control=True),
    "blocked-without-witness-unknown": blocked(control=False),
    "kept-connection-reset-violated": kept(cut=30),
    "kept-connections-stand-met": kept(cut=1000),
    "prober-lost-unknown": prober_lost(),
    "outage-of-two-seconds-violated": outage_of_two_seconds(),
    "new-backends-answer-met": new_backends(),
}
"""The hand-made histories by file name."""

CUT_SHORT = "writer-died-unknown"
"""The name of one more: the first of MADE with its last line cut in the middle."""


def text(name: str) -> str:
    """Return the file of a hand-made history."""
    file = io.StringIO()
    write(MADE[name].history(name.rpartition("-")[0].replace("-", " ")), file)
    return file.getvalue()


def files() -> dict[str, str]:
    """Return the text of every hand-made file by its name."""
    whole = {f"{name}.jsonl": text(name) for name in MADE}
    return {**whole, f"{CUT_SHORT}.jsonl": text("name-resolves-met")[:-40]}


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, content in files().items():
        (FOLDER / name).write_text(content, encoding="utf-8")
    sys.stdout.write(f"{len(files())} histories written to {FOLDER}\n")
