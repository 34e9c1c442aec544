"""Traffic keeps what probers say, on one clock; a prober that is lost never counts as a cluster that is."""

from __future__ import annotations

import json
import queue
import re
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from io import StringIO
from typing import Any

import pytest
from memory_cluster import MemoryCluster

from svcproof.adapters.outside import LocalRunning, start_prober
from svcproof.cluster.api import ExecTrouble
from svcproof.cluster.traffic import Clock, Target, Traffic
from svcproof.cluster.traffic import _Offset as Offset
from svcproof.cluster.vantages import Outside
from svcproof.model.history import History, Kind, Lane, Outcome, read, write
from svcproof.model.judging import judge
from svcproof.model.verdict import Answer, Inconclusive
from svcproof.probe import AGENT_PATH

AHEAD = 1000.0
"""The fake vantage's clock is so far ahead of ours."""


class FakeRunning:
    """A prober that plays a part: it tells the time, and its script says what else."""

    def __init__(self, script: Callable[[FakeRunning, dict[str, Any]], None] | None = None) -> None:
        self.script = script or play
        self.told: list[dict[str, Any]] = []
        self.out: queue.Queue[str | Exception] = queue.Queue()
        self.code: int | None = None
        self.err = ""
        self.closed = False

    def send(self, text: str) -> None:
        order = json.loads(text)
        self.told.append(order)
        self.script(self, order)

    def say(self, **content: Any) -> None:
        self.out.put(json.dumps(content))

    def lines(self, timeout: float) -> Iterator[str]:
        while not self.closed and self.code is None:
            try:
                line = self.out.get(timeout=min(timeout, 0.05))
            except queue.Empty:
                return
            if isinstance(line, Exception):
                raise line
            yield line

    def close(self) -> None:
        self.closed = True


def now() -> float:
    return time.monotonic() + AHEAD


def play(running: FakeRunning, order: dict[str, Any]) -> None:
    """Answer as the agent would: a finite stream has all its exchanges at once, answered by web-1."""
    if order["do"] == "clock":
        running.say(clock=order["id"], now=now())
    elif order["do"] == "open":
        running.say(began=order["stream"], at=now())
        if count := order.get("count", 0):
            records = [
                [
                    order["stream"],
                    k,
                    now(),
                    now() + 0.001,
                    "answered",
                    now(),
                    now(),
                    0,
                    5,
                    "web-1",
                    "node1",
                    "s",
                    "r",
                    "",
                    [],
                ]
                for k in range(count)
            ]
            running.say(x=records)
            running.say(ended=order["stream"], started=count, at=now())
    elif order["do"] == "close":
        running.say(ended=order["stream"], started=0, at=now())


@dataclass(frozen=True)
class FakePlace:
    """A pod on node1 whose probers are made here."""

    make: Callable[[], FakeRunning]
    description: str = "pod a"
    node: str = "node1"
    given_up: threading.Event = field(default_factory=threading.Event, compare=False)

    def start(self, _api: object) -> FakeRunning:
        return self.make()

    def give_up(self) -> None:
        self.given_up.set()


WEB = Target("web:80", "10.0.0.1", 80)


@pytest.fixture
def traffic() -> Iterator[Traffic]:
    made = Traffic(MemoryCluster(), Clock())
    yield made
    made.end()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("prober ")]


def streams_of(history: History, *, control: bool) -> list[str]:
    return [name for name, stream in history.streams.items() if stream.control is control]


def lost_events(history: History) -> list[str]:
    return [event.says for event in history.events if event.data.get("what") == "lost"]


# what is kept


def test_a_burst_ends_when_every_exchange_has(traffic: Traffic) -> None:
    names = traffic.burst(FakePlace(FakeRunning), [WEB], 20)
    history = traffic.history()
    assert len(history.exchanges) == 20
    assert names == streams_of(history, control=False)
    stream = history.streams[names[0]]
    assert (stream.vantage, stream.vantage_node, stream.frontend) == ("pod a", "node1", "web:80")
    assert (stream.address, stream.rate, stream.lane) == ("10.0.0.1:80", 100.0, Lane.NEW)


def test_exchanges_are_on_the_runner_s_clock(traffic: Traffic) -> None:
    before = traffic.clock.now()
    traffic.burst(FakePlace(FakeRunning), [WEB], 5)
    history = traffic.history()
    for exchange in history.exchanges:
        assert before < exchange.start < traffic.clock.now()
    stream = history.of(history.exchanges[0])
    assert stream.offset == pytest.approx(-AHEAD + traffic.clock.at(0.0), abs=0.01)
    assert 0 < stream.uncertainty < 0.01


def test_a_control_stream_runs_beside_each_prober(traffic: Traffic) -> None:
    place = FakePlace(FakeRunning)
    traffic.burst(place, [WEB], 1)
    traffic.burst(place, [WEB], 1)
    controls = streams_of(traffic.history(), control=True)
    assert controls == ["1 pod a control"]


def test_events_lie_on_the_same_clock(traffic: Traffic) -> None:
    traffic.act("scales web to 5", replicas=5)
    traffic.mark("settled")
    action, mark = traffic.history().events
    assert (action.kind, action.says, action.data) == (Kind.ACTION, "scales web to 5", {"replicas": 5})
    assert traffic.history().moment("settled") == mark.at >= action.at > 0


def test_stalls_and_falls_of_the_prober_are_events(traffic: Traffic) -> None:
    made: list[FakeRunning] = []
    traffic.burst(FakePlace(lambda: made.append(FakeRunning()) or made[0]), [WEB], 1)
    made[0].say(stalled=[now(), now() + 0.1])
    made[0].say(fell="2 pod a to web:80 new", connection=3, at=now(), how="reset")
    found = {event.data["what"]: event for event in traffic.history().events}
    assert found["stalled"].data["seconds"] == pytest.approx(0.1, abs=0.001)
    assert found["connection"].says == "sees connection 3 fall while idle: reset"


def test_questions_are_remembered_in_the_history(traffic: Traffic) -> None:
    names = traffic.burst(FakePlace(FakeRunning), [WEB], 3)
    assert traffic.judge("every_exchange_answered", streams=names).answer is Answer.MET
    kept = StringIO()
    write(traffic.history(), kept)
    (judgement,) = judge(read(kept.getvalue().splitlines()))
    assert (judgement.asked.law, judgement.verdict.answer) == ("every_exchange_answered", Answer.MET)


def test_the_history_goes_to_the_recording_once() -> None:
    kept: list[str] = []

    class Recording:
        def attach(self, _name: str, _media_type: str, content: str) -> None:
            kept.append(content)

    traffic = Traffic(MemoryCluster(), Clock(), recording=Recording(), about={"scenario": "np-01"})
    traffic.burst(FakePlace(FakeRunning), [WEB], 3)
    traffic.end()
    traffic.end()
    (text,) = kept
    history = read(text.splitlines())
    assert (len(history.exchanges), history.about["scenario"]) == (3, "np-01")


# probers that are lost


def test_a_cut_stream_makes_laws_answer_unknown(traffic: Traffic) -> None:
    def cut(running: FakeRunning, order: dict[str, Any]) -> None:
        play(running, {**order, "count": 0})
        if order["do"] == "open" and order.get("count"):
            running.say(
                x=[[order["stream"], 0, now(), now(), "answered", None, None, 0, 5, "web-1", "", "", "", "", []]]
            )
            running.out.put(ExecTrouble("the stream was cut"))

    names = traffic.burst(FakePlace(lambda: FakeRunning(cut)), [WEB], 20)
    assert traffic.judge("every_exchange_answered", streams=names).answer is Answer.UNKNOWN
    assert lost_events(traffic.history()) == ["is lost: the stream was cut"]


def test_a_prober_that_ends_by_itself_is_lost(traffic: Traffic) -> None:
    def end(running: FakeRunning, order: dict[str, Any]) -> None:
        play(running, {**order, "count": 0})
        if order.get("count"):
            running.code = 137

    traffic.burst(FakePlace(lambda: FakeRunning(end)), [WEB], 20)
    assert lost_events(traffic.history()) == ["is lost: it ended with exit code 137"]


def test_a_prober_that_falls_silent_is_lost(traffic: Traffic, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("svcproof.cluster.traffic.SILENCE_SECONDS", 0.3)
    monkeypatch.setattr("svcproof.cluster.traffic.PING_SECONDS", 0.1)

    def hush(running: FakeRunning, order: dict[str, Any]) -> None:
        if not any(told.get("count") for told in running.told):
            play(running, order)

    traffic.burst(FakePlace(lambda: FakeRunning(hush)), [WEB], 20, limit=0.1, rate=1000)
    (says,) = lost_events(traffic.history())
    assert says.startswith("is lost: it ")


def test_a_place_whose_prober_was_lost_gets_a_new_one(traffic: Traffic) -> None:
    made: list[FakeRunning] = []
    place = FakePlace(lambda: made.append(FakeRunning()) or made[-1])
    traffic.burst(place, [WEB], 1)
    made[0].out.put(ExecTrouble("the stream was cut"))
    while not lost_events(traffic.history()):
        threading.Event().wait(0.01)
    assert place.given_up.is_set()
    names = traffic.burst(place, [WEB], 3)
    assert len(made) == 2
    assert traffic.judge("every_exchange_answered", streams=names).answer is Answer.MET


def test_a_prober_that_never_speaks_cannot_be_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("svcproof.cluster.traffic.START_SECONDS", 0.1)
    running = FakeRunning(lambda _running, _order: None)
    running.err = "python3: not found"
    place = FakePlace(lambda: running)
    with pytest.raises(Inconclusive, match=r"no prober could be started at pod a: .*python3: not found"):
        Traffic(MemoryCluster(), Clock()).burst(place, [WEB], 1)
    assert place.given_up.is_set()


def test_a_prober_that_starts_later_than_it_may_ever_be_silent_is_used(
    traffic: Traffic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("svcproof.cluster.traffic.SILENCE_SECONDS", 0.2)
    monkeypatch.setattr("svcproof.cluster.traffic.PING_SECONDS", 0.05)

    def late(running: FakeRunning, order: dict[str, Any]) -> None:
        if len(running.told) == 1:
            threading.Timer(0.6, play, (running, order)).start()
        else:
            play(running, order)

    names = traffic.burst(FakePlace(lambda: FakeRunning(late)), [WEB], 3)
    assert traffic.judge("every_exchange_answered", streams=names).answer is Answer.MET


def test_a_place_that_takes_no_prober_is_given_up() -> None:
    def refuse() -> FakeRunning:
        raise ExecTrouble("failed to exec in container: failed to load task: context deadline exceeded")

    place = FakePlace(refuse)
    with pytest.raises(ExecTrouble, match="failed to load task"):
        Traffic(MemoryCluster(), Clock()).burst(place, [WEB], 1)
    assert place.given_up.is_set()


def test_a_place_whose_prober_ended_when_asked_is_used_again() -> None:
    traffic = Traffic(MemoryCluster(), Clock())
    place = FakePlace(FakeRunning)
    traffic.burst(place, [WEB], 1)
    traffic.end()
    assert not place.given_up.is_set()


# clocks


def test_the_offset_lies_in_every_interval() -> None:
    offset = Offset()
    offset.take(10.0, 5.0, 10.4)  # the offset is between 5.0 and 5.4
    offset.take(20.0, 14.7, 20.1)  # between 5.3 and 5.4
    assert offset.estimate() == pytest.approx((5.35, 0.05))


def test_clocks_that_drift_widen_the_doubt() -> None:
    offset = Offset()
    offset.take(10.0, 5.0, 10.1)
    offset.take(60.0, 54.8, 60.1)
    low, high = offset.estimate()[0] - offset.estimate()[1], sum(offset.estimate())
    assert (low, high) == pytest.approx((5.0, 5.3))


# the prober outside


@pytest.fixture
def witness() -> Iterator[dict[str, int]]:
    """Run a witness and return its ports."""
    with LocalRunning([sys.executable, "-IS", str(AGENT_PATH), "witness", "--http", "0", "--control", "0"]) as running:
        until = time.monotonic() + 10
        while "answers on" not in running.err and time.monotonic() < until:
            threading.Event().wait(0.01)
        yield {kind: int(port) for kind, port in re.findall(r"(http|control) (\d+)", running.err)}


def test_the_prober_outside_shares_our_clock(traffic: Traffic, witness: dict[str, int]) -> None:
    names = traffic.burst(Outside(start_prober), [Target("web", "127.0.0.1", witness["http"])], 10)
    history = traffic.history()
    stream = history.streams[names[0]]
    assert (stream.offset, stream.uncertainty) == (traffic.clock.at(0.0), 0.0)
    assert {one.outcome for one in history.exchanges} == {Outcome.ANSWERED}


def test_steady_traffic_goes_on_until_it_is_stopped(traffic: Traffic, witness: dict[str, int]) -> None:
    target = Target("web", "127.0.0.1", witness["http"])
    names = traffic.steady(Outside(start_prober), [target], rate=100, lanes=[Lane.NEW, Lane.KEPT])
    assert len(names) == 2
    while len(traffic.history().only(*names).exchanges) < 20:
        threading.Event().wait(0.01)
    traffic.stop(names)
    seen = len(traffic.history().only(*names).exchanges)
    threading.Event().wait(0.1)
    assert len(traffic.history().only(*names).exchanges) == seen


def test_a_killed_prober_is_lost_and_the_cluster_not_blamed(traffic: Traffic, witness: dict[str, int]) -> None:
    started: list[LocalRunning] = []
    place = Outside(lambda: started.append(start_prober()) or started[0])
    names = traffic.steady(place, [Target("web", "127.0.0.1", witness["http"])], rate=100)
    while not traffic.history().only(*names).exchanges:
        threading.Event().wait(0.01)
    started[0]._process.kill()
    traffic.stop(names)
    (says,) = lost_events(traffic.history())
    assert "signal 9" in says or "does not listen" in says
    assert traffic.judge("every_exchange_answered", streams=names).answer is Answer.UNKNOWN


class Cuttable(LocalRunning):
    """A prober whose stream can be cut while it lives, as an API server that goes away does."""

    cut = False

    def lines(self, timeout: float) -> Iterator[str]:
        for line in super().lines(min(timeout, 0.1)):
            if self.cut:
                break
            yield line
        if self.cut:
            raise ExecTrouble("the API server went away")

    def close(self) -> None:
        self._closed = True
        self._process.stdin.close()
        self._process.stdout.close()
        self._errors.close()


@dataclass(frozen=True)
class CuttablePlace:
    """A vantage whose probers are here and whose streams can be cut; it can be spoken to again once *back* is set."""

    started: list[Cuttable]
    back: threading.Event
    description: str = "pod a"
    node: str = "node1"
    words: tuple[str, ...] = ("probe",)

    def start(self, _api: object, *words: str) -> Cuttable:
        command = [sys.executable, "-IS", str(AGENT_PATH), *(words or (*self.words, "--lifeline", "30"))]
        self.started.append(Cuttable(command))
        return self.started[-1]

    def give_up(self) -> None:
        """Nobody asks."""

    def resume(self, api: object, name: str) -> Cuttable:
        if not self.back.is_set():
            raise ExecTrouble("connection refused")
        return self.start(api, "resume", "--name", name)


def reap(started: list[Cuttable]) -> list[int]:
    return [running._process.wait(10) for running in started]


def test_a_prober_that_lingers_tells_afterwards_what_it_saw(traffic: Traffic, witness: dict[str, int]) -> None:
    place = CuttablePlace([], threading.Event())
    names = traffic.steady(place, [Target("web", "127.0.0.1", witness["http"])], rate=100)
    traffic.endure(20)
    place.started[0].cut = True
    while not any("cut" in said for said in traffic._probers[0].notes):
        threading.Event().wait(0.01)
    threading.Event().wait(0.5)
    place.back.set()
    traffic.stop(names)
    history = traffic.history()
    exchanges = history.only(*names).exchanges
    assert [one.number for one in exchanges] == list(range(len(exchanges)))
    cut, resumed = (event.at for event in history.events if event.data.get("what") in ("cut", "resumed"))
    assert sum(cut < one.start < resumed for one in exchanges) > 30
    assert traffic.judge("every_exchange_answered", streams=names).answer is Answer.MET
    traffic.end()
    assert reap(place.started) == [0, 0]


def test_a_prober_whose_start_is_killed_as_its_stream_is_cut_lives_on(
    traffic: Traffic, witness: dict[str, int]
) -> None:
    place = CuttablePlace([], threading.Event(), words=("probe", "--apart"))
    names = traffic.steady(place, [Target("web", "127.0.0.1", witness["http"])], rate=100)
    traffic.endure(20)
    place.started[0]._process.kill()
    place.started[0].cut = True
    threading.Event().wait(0.5)
    place.back.set()
    traffic.stop(names)
    assert traffic.judge("every_exchange_answered", streams=names).answer is Answer.MET
    traffic.end()
    assert reap(place.started) == [-signal.SIGKILL, 0]


def test_a_prober_that_nobody_comes_back_to_ends(traffic: Traffic, witness: dict[str, int]) -> None:
    place = CuttablePlace([], threading.Event())
    names = traffic.steady(place, [Target("web", "127.0.0.1", witness["http"])], rate=100)
    traffic._probers[0].linger(0.5)
    place.started[0].cut = True
    while not lost_events(traffic.history()):
        threading.Event().wait(0.01)
    assert lost_events(traffic.history()) == ["is lost: connection refused"]
    assert traffic.judge("every_exchange_answered", streams=names).answer is Answer.UNKNOWN
    assert reap(place.started) == [0]


def test_a_control_for_outside_is_only_connected_to(witness: dict[str, int]) -> None:
    traffic = Traffic(MemoryCluster(), Clock(), f"127.0.0.1:{witness['control']}")
    traffic.burst(Outside(start_prober), [Target("web", "127.0.0.1", witness["http"])], 20)
    history = traffic.history()
    traffic.end()
    (control,) = streams_of(history, control=True)
    assert history.streams[control].protocol == "connect"
    assert {one.outcome for one in history.only(control).exchanges} == {Outcome.ANSWERED}
