"""Traffic as evidence: streams of exchanges from vantages to frontends, written down with what happened meanwhile."""

from __future__ import annotations

import itertools
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from io import StringIO
from typing import Any, Protocol

from svcproof.cluster.api import ApiTrouble, Conversing, ExecTrouble
from svcproof.cluster.vantages import Outside, Place
from svcproof.cluster.waiting import Bell, Deadline
from svcproof.model.evidence import RECOVERY_SECONDS
from svcproof.model.history import Event, Exchange, History, Kind, Lane, Outcome, Stream, write
from svcproof.model.judging import Asked, Moment, answer
from svcproof.model.verdict import Inconclusive, Verdict

START_SECONDS = 20.0
"""So long a prober may take to say its first word: a pod's exec and a Python start, on a machine that is busy."""

SILENCE_SECONDS = 10.0
"""A prober that answers no clock question for so long is lost."""

PING_SECONDS = 2.0
"""Each prober is asked for its clock so often: that keeps it alive, shows that it is, and shows drift."""

FIRST_PINGS = 7
RESUME_SECONDS = 0.5
CONTROL_RATE = 20.0
CONTROL_LIMIT = 1.0


class Clock:
    """The runner's clock: seconds since the history began; *origin* is that moment as Unix time."""

    def __init__(self) -> None:
        self.origin = time.time()
        self._zero = time.monotonic()

    def now(self) -> float:
        """Return the seconds since the history began."""
        return time.monotonic() - self._zero

    def at(self, monotonic: float) -> float:
        """Return a moment of this machine's monotonic clock on the runner's."""
        return monotonic - self._zero


@dataclass(frozen=True)
class Target:
    """A frontend as a prober asks it, and what it is to answer.

    *frontend* is its name for people, *node* the node its address belongs to (node ports). *host* is an address or a
    name, looked up anew each time unless *resolve* is "once"; *family* 4 or 6 narrows the look-up.
    """

    frontend: str
    host: str
    port: int
    protocol: str = "http"  # http, tcp, udp; connect is TCP without a word
    path: str = "/"
    host_header: str = ""
    node: str = ""
    status: int = 200
    text: str = ""
    resolve: str = "each"
    family: int = 0

    @property
    def address(self) -> str:
        """The address and port as people write them."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class Evidence(Protocol):
    """Takes what a scenario leaves as evidence (the run's recording)."""

    def attach(self, name: str, media_type: str, content: str | bytes) -> None:
        """Keep it."""


@dataclass
class _Stream:
    """What is known of one stream besides its exchanges."""

    about: Stream
    began: float | None = None
    started: int | None = None  # how many it has started, once it has ended


@dataclass
class _Offset:
    """What is to be added to a vantage's clock to get the runner's: somewhere in every interval that was seen."""

    intervals: list[tuple[float, float]] = field(default_factory=list)

    def take(self, sent: float, theirs: float, received: float) -> None:
        """Learn from one question: they read their clock after *sent* and before *received* on ours."""
        self.intervals.append((sent - theirs, received - theirs))

    def estimate(self) -> tuple[float, float]:
        """Return the offset and half the width of what it may be wrong by.

        Where the intervals have nothing in common the clocks drift: then it is anywhere that one of the narrow ones is.
        """
        low, high = max(low for low, _ in self.intervals), min(high for _, high in self.intervals)
        if low > high:
            narrow = 4 * min(high - low for low, high in self.intervals)
            kept = [one for one in self.intervals if one[1] - one[0] <= narrow]
            low, high = min(low for low, _ in kept), max(high for _, high in kept)
        return (low + high) / 2, (high - low) / 2


class Prober:
    """One running agent: a thread reads what it writes; nothing here decides what that means.

    A prober is *lost* when its stream is cut, it ends unasked or it falls silent: from then on nothing is known. One
    that was told to *linger* goes on while its stream is cut, and tells everything when it is spoken to again.
    """

    def __init__(self, api: Conversing, place: Place, clock: Clock) -> None:
        self.place = place
        self.streams: dict[str, _Stream] = {}
        self.records: list[list[Any]] = []
        self.notes: list[dict[str, Any]] = []  # what else it said
        self.lost = ""
        self.lost_at = 0.0
        self.news = Bell()
        self._api = api
        self._linger = 0.0
        self._name = secrets.token_hex(4)
        self._running = place.start(api)
        self._clock = clock
        self._offset = _Offset()
        self._pings: dict[int, float] = {}
        self._numbers = itertools.count(1)
        self._pending: dict[str, Mapping[str, Any]] = {}  # orders whose effect is not known yet
        self._answered = 0
        self._last_line = 0
        self._lingers = False
        self._cut = False
        self._closing = False
        self._heard = clock.now()
        self._thread = threading.Thread(target=self._read, name=f"prober {place.description}", daemon=True)
        self._thread.start()
        self._greet()

    @property
    def offset(self) -> tuple[float, float]:
        """What to add to its clock to get the runner's, and half the width of the doubt (seconds)."""
        offset, doubt = self._offset.estimate()
        same = self._clock.at(0.0)
        if isinstance(self.place, Outside) and abs(offset - same) <= doubt:
            return same, 0.0  # this machine's own clock
        return offset, doubt

    @property
    def heard(self) -> bool:
        """Whether it can still say something."""
        return not self.lost and not self._closing

    def open(self, stream: _Stream, order: Mapping[str, Any]) -> None:
        """Begin a stream."""
        name = stream.about.name
        self.streams[name] = stream
        self._pending[name] = {"do": "open", "stream": name, **order}
        self._tell(self._pending[name])

    def close(self, name: str) -> None:
        """Let a stream start no more exchanges."""
        self._pending[name] = {"do": "close", "stream": name}
        self._tell(self._pending[name])

    def hear_all(self, seconds: float = SILENCE_SECONDS) -> None:
        """Return when all that it has seen so far has arrived, or it is lost."""
        number = self._ping()
        self._await(lambda: number not in self._pings, seconds, "answered no question about its clock")

    def await_streams(self, names: Iterable[str], seconds: float) -> None:
        """Return when these streams have ended, or the prober is lost; it is lost when that takes so many seconds."""
        wanted = [self.streams[name] for name in names]
        self._await(lambda: all(one.started is not None for one in wanted), seconds, "did not end its streams")

    def await_beginning(self, names: Iterable[str]) -> None:
        """Return when these streams have begun, or the prober is lost."""
        wanted = [self.streams[name] for name in names]
        self._await(lambda: all(one.began is not None for one in wanted), SILENCE_SECONDS, "did not begin its streams")

    def linger(self, seconds: float) -> None:
        """Let it outlive a cut of its stream by so many seconds, and return when it knows; outside nothing is cut."""
        if not isinstance(self.place, Outside):
            self._tell({"do": "linger", "name": self._name, "seconds": seconds})
            self._await(lambda: self._lingers, SILENCE_SECONDS, "did not say that it lingers")
            self._linger = seconds

    def end(self) -> None:
        """End it; safe to call twice."""
        if self._closing:
            return
        self._closing = True
        if not self.lost and not self._cut:
            self._tell({"do": "end"})
        self._running.close()
        self._thread.join(timeout=2.0)

    def _greet(self) -> None:
        """Wait for its first word and a first idea of its clock; raise Inconclusive when it says nothing."""
        self._ping()
        self._await(lambda: self._answered >= FIRST_PINGS, START_SECONDS, "said nothing")
        if self.lost:
            self.end()
            raise Inconclusive(f"no prober could be started at {self.place.description}: {self.lost}")

    def _await(self, done: Callable[[], bool], seconds: float, otherwise: str) -> None:
        deadline = Deadline(seconds + self._linger)
        while not self.lost:
            number = self.news.number
            if done():
                return
            if deadline.passed:
                self._lose(f"it {otherwise} within {seconds:g} s")
            self.news.wait(number, deadline.left)

    def _ping(self) -> int:
        number = next(self._numbers)
        self._ask_clock(number)
        return number

    def _ask_clock(self, number: int) -> None:
        self._pings[number] = self._clock.now()
        self._tell({"do": "clock", "id": number, "heard": self._last_line})

    def _tell(self, order: Mapping[str, Any]) -> None:
        if self.lost or self._cut:
            return
        try:
            self._running.send(json.dumps(order) + "\n")
        except ApiTrouble as trouble:
            if not self._linger:  # else the reader finds out as well, and sees to it
                self._lose(str(trouble))

    def _lose(self, why: str) -> None:
        if not self.lost and not self._closing:
            self.lost_at = self._clock.now()
            said = self._running.err.strip()
            self.lost = f"{why}: {said}" if said else why
            self.place.give_up()
        self.news.ring()

    def _read(self) -> None:
        """Hear the prober until it ends or is lost: the reader's thread."""
        while self.heard:
            try:
                self._hear()
            except ApiTrouble as trouble:
                self._resume(str(trouble))

    def _hear(self) -> None:
        """Take what it says; raise ApiTrouble when its stream is cut or it is silent."""
        asked = self._clock.now()
        while self.heard:
            for line in self._running.lines(PING_SECONDS):
                self._take(line)
                if self._clock.now() - asked > PING_SECONDS:
                    break
            code = self._running.code
            if code is not None:
                self._lose(f"it ended with exit code {code}")
            elif self._clock.now() - self._heard > self._silence():
                raise ExecTrouble(f"it was silent for {self._silence():g} s")
            elif self._clock.now() - asked > PING_SECONDS and self._answered >= FIRST_PINGS:
                asked = self._clock.now()
                self._ping()

    def _silence(self) -> float:
        """Return how long it may say nothing: longer while it starts."""
        return SILENCE_SECONDS if self._answered else START_SECONDS

    def _resume(self, trouble: str) -> None:
        """Speak to it again, as often as it takes while it lingers; else it is lost."""
        if not self._linger or self._closing:
            self._lose(trouble)
            return
        self.notes.append({"cut": trouble, "at": self._clock.now()})
        self._cut = True
        self._running.close()
        deadline = Deadline(self._linger)
        while not deadline.passed and not self._closing:
            try:
                self._running = self.place.resume(self._api, self._name)
                self._running.send(json.dumps({"do": "resume", "heard": self._last_line}) + "\n")
            except ApiTrouble as still:
                trouble = str(still)
                self.news.wait(self.news.number, RESUME_SECONDS)
                continue
            self._cut = False
            self._heard = self._clock.now()
            self.notes.append({"resumed": True, "at": self._clock.now()})
            for order in list(self._pending.values()):
                self._tell(order)
            for number in list(self._pings):
                self._ask_clock(number)
            return
        self._lose(trouble)

    def _take(self, line: str) -> None:
        heard = self._heard = self._clock.now()
        try:
            said = json.loads(line)
        except ValueError as problem:
            raise ExecTrouble(f"it wrote {line[:80]!r}") from problem
        number = said.pop("n", 0)
        if number and number <= self._last_line:
            return  # said once more after a cut
        self._last_line = number
        if "x" in said:
            self.records.extend(said["x"])
            return
        if "clock" in said:
            self._hear_clock(said, heard)
        elif "began" in said and said["began"] in self.streams:
            self.streams[said["began"]].began = said["at"]
            self._settle(said["began"], "open")
        elif "ended" in said and said["ended"] in self.streams:
            self.streams[said["ended"]].started = said["started"]
            self._settle(said["ended"], "close")
        elif "lingers" in said:
            self._lingers = True
        elif "problem" in said:
            self._lose(f"it did not understand {said.get('line', '')!r}: {said['problem']}")
        self.notes.append(said)
        self.news.ring()

    def _settle(self, name: str, what: str) -> None:
        if self._pending.get(name, {}).get("do") == what:
            del self._pending[name]

    def _hear_clock(self, said: Mapping[str, Any], heard: float) -> None:
        sent = self._pings.pop(said["clock"], None)
        if sent is None:
            return
        self._offset.take(sent, said["now"], heard)
        self._answered += 1
        if self._answered < FIRST_PINGS:
            self._ping()


class Traffic:
    """The traffic of one scenario, and everything that happened meanwhile, on one clock.

    Probers start when a place is first used and end with `end()`. Beside each runs a control stream whose target does
    not depend on what is tested: a witness on the pod's own loopback; outside, *control_for_outside* ("host:port", the
    API server's), or this machine's loopback where it is empty.
    """

    def __init__(
        self,
        api: Conversing,
        clock: Clock,
        control_for_outside: str = "",
        recording: Evidence | None = None,
        *,
        about: Mapping[str, object] | None = None,
    ) -> None:
        self.clock = clock
        self.asked: list[Asked] = []
        self._api = api
        self._control_for_outside = control_for_outside
        self._recording = recording
        self._about = dict(about or {})
        self._probers: list[Prober] = []
        self._events: list[Event] = []
        self._numbers = itertools.count(1)
        self._ended = False

    # traffic

    def burst(
        self,
        places: Place | Sequence[Place],
        targets: Sequence[Target],
        count: int,
        *,
        lane: Lane = Lane.NEW,
        rate: float = 100.0,
        limit: float = 1.0,
        size: int = 0,
        sends: bool = False,
        connections: int = 1,
    ) -> list[str]:
        """Send *count* exchanges to each target, *rate* a second, and return the streams' names when all have ended.

        From several places they are sent at the same time; the names come by place, then by target. *limit* is how
        long one exchange may last (seconds); *size* asks for a body of so many bytes and checks it, and *sends* one
        first, to be sent back; *connections* is how many a kept-alive stream goes round. A prober that is lost
        meanwhile ends the wait: the history says so, and laws answer unknown.
        """
        order = {"count": count, "rate": rate, "limit": limit, "size": size, "connections": connections}
        order |= {"sends": True} if sends else {}
        probers = [self._prober(place) for place in (places if isinstance(places, Sequence) else (places,))]
        begun = [[self._open(prober, target, lane, order) for target in targets] for prober in probers]
        for prober, names in zip(probers, begun, strict=True):
            prober.await_streams(names, count / rate + limit + SILENCE_SECONDS)
        return [name for names in begun for name in names]

    def steady(
        self,
        place: Place,
        targets: Sequence[Target],
        *,
        rate: float = 50.0,
        lanes: Sequence[Lane] = (Lane.NEW,),
        limit: float = 1.0,
        size: int = 0,
        connections: int = 1,
    ) -> list[str]:
        """Begin a stream to each target on each lane and return their names once they have begun; see `burst`.

        They go on until `stop` or `end`.
        """
        order = {"rate": rate, "limit": limit, "size": size, "connections": connections}
        prober = self._prober(place)
        names = [self._open(prober, target, lane, order) for target in targets for lane in lanes]
        prober.await_beginning(names)
        return names

    def look_up(
        self,
        place: Place,
        name: str,
        type: str = "A",  # noqa: A002 - the DNS word for it
        *,
        server: str = "",
        transport: str = "udp",
        resolver: bool = False,
        count: int = 1,
        rate: float = 10.0,
        limit: float = 2.0,
    ) -> str:
        """Ask for a name *count* times and return the stream's name when all look-ups have ended.

        The query goes as it is, to *server* or the first name server of the vantage's resolv.conf; with *resolver* it
        goes through the C library instead, as programs ask (search domains, both families unless *type* narrows it).
        """
        protocol = "resolver" if resolver else "dns"
        target = Target(f"{name} {type}", server, 53 if server else 0, protocol)
        order = {"count": count, "rate": rate, "limit": limit, "name": name, "type": type, "transport": transport}
        prober = self._prober(place)
        stream = self._open(prober, target, Lane.NEW, order)
        prober.await_streams([stream], count / rate + limit + SILENCE_SECONDS)
        return stream

    def look_up_steadily(
        self,
        place: Place,
        name: str,
        type: str = "A",  # noqa: A002 - the DNS word for it
        *,
        rate: float = 20.0,
        limit: float = 1.0,
    ) -> str:
        """Begin to ask for a name, each query on its own and by the vantage's first name server; see `steady`."""
        order = {"rate": rate, "limit": limit, "name": name, "type": type}
        prober = self._prober(place)
        stream = self._open(prober, Target(f"{name} {type}", "", 0, "dns"), Lane.NEW, order)
        prober.await_beginning([stream])
        return stream

    def stop(self, names: Sequence[str] | None = None) -> None:
        """Let streams start no more exchanges (all but the controls, unless named); return when the open ones ended."""
        concerned = []
        for prober in self._probers:
            mine = [
                name
                for name, stream in prober.streams.items()
                if (name in names if names is not None else not stream.about.control) and stream.started is None
            ]
            for name in mine:
                prober.close(name)
            concerned.append((prober, mine))
        for prober, mine in concerned:
            limit = max((prober.streams[name].about.limit for name in mine), default=0.0)
            prober.await_streams(mine, limit + SILENCE_SECONDS)

    def end(self) -> None:
        """Stop all streams, hand the history to the recording, end all probers; safe to call twice."""
        if self._ended:
            return
        self._ended = True
        try:
            self.stop()
            if self._recording is not None and any(prober.records for prober in self._probers):
                text = StringIO()
                write(self.history(), text)
                self._recording.attach("traffic", "application/x-svcproof-history", text.getvalue())
        finally:
            for prober in self._probers:
                prober.end()

    # while the API server is away

    def endure(self, seconds: float) -> None:
        """Let the probers that run in pods outlive a cut of their exec streams by so many seconds.

        For scenarios that take the API server or a kubelet away: what the probers see meanwhile is told when they can
        be spoken to again. Anywhere else a cut stream is a lost prober, and that makes unknown.
        """
        for prober in self._probers:
            if prober.heard:
                prober.linger(seconds + SILENCE_SECONDS)

    def vouch(self, host: str, port: int) -> None:
        """Let another address bear witness for the probers outside, whose other control target will be silent."""
        for prober in self._probers:
            if isinstance(prober.place, Outside) and prober.heard:
                self._open_control(prober, f"{host}:{port}", f"port {port} of {host}")

    # events

    def act(self, says: str, subject: str = "the scenario", **data: object) -> None:
        """Write down that the scenario does something, just before it does it."""
        self.event(Kind.ACTION, subject, says, data)

    def mark(self, subject: str, at: float | None = None) -> None:
        """Set a mark that laws can refer to ("settled"), now or at a moment of the runner's clock."""
        self._events.append(Event(self.clock.now() if at is None else at, Kind.MARK, subject))

    def last(self, kind: Kind, subject: str, *says: str) -> Event | None:
        """Return the last event about a subject that says one of these words first, or None."""
        found = [one for one in self._events if one.kind is kind and one.subject == subject]
        return next((one for one in reversed(found) if one.says.startswith(says)), None)

    def event(self, kind: Kind, subject: str, says: str, data: Mapping[str, object] | None = None) -> None:
        """Write down something that happens now; may be called from any thread."""
        self._events.append(Event(self.clock.now(), kind, subject, says, dict(data or {})))

    # judgement

    def judge(
        self,
        law: str,
        *,
        streams: Sequence[str] = (),
        since: Moment = None,
        until: Moment = None,
        **arguments: Any,
    ) -> Verdict:
        """Ask one law about the history so far, and remember in the history that it was asked."""
        asked = Asked(law, tuple(streams), since, until, arguments)
        self.asked.append(asked)
        return answer(self.history(), asked)

    def history(self, laws: Sequence[Mapping[str, object]] | None = None) -> History:
        """Return what is known so far; *laws* replaces the list of laws that it says it was asked."""
        for prober in self._probers:
            if prober.heard:
                prober.hear_all()
        exchanges: list[Exchange] = []
        events = list(self._events)
        streams: dict[str, Stream] = {}
        for prober in self._probers:
            offset, doubt = prober.offset
            for name, stream in prober.streams.items():
                streams[name] = replace(stream.about, offset=offset, uncertainty=doubt)
            exchanges.extend(_exchange(record, offset) for record in list(prober.records))
            events.extend(_prober_events(prober, offset))
        if (away := self.clock.now() - self._api.silent_ago()) > -RECOVERY_SECONDS:
            events.append(Event(away, Kind.API, "the API server", "could not be reached"))
        exchanges.sort(key=lambda exchange: exchange.start)
        events.sort(key=lambda event: event.at)
        asked = [one.plain() for one in self.asked] if laws is None else list(laws)
        about = {**self._about, "laws": asked}
        return History(streams, tuple(exchanges), tuple(events), about, self.clock.origin)

    # within

    def _open(self, prober: Prober, target: Target, lane: Lane, order: Mapping[str, Any]) -> str:
        place = prober.place
        about = Stream(
            f"{next(self._numbers)} {place.description} to {target.frontend} {lane.value}",
            place.description,
            target.frontend,
            target.address if target.host else "",
            "dns" if target.protocol == "resolver" else target.protocol,
            lane,
            order["rate"],
            order["limit"],
            vantage_node=place.node,
            node=target.node,
        )
        asks = {
            "protocol": target.protocol,
            "host": target.host,
            "port": target.port,
            "path": target.path,
            "host_header": target.host_header,
            "status": target.status,
            "text": target.text,
            "resolve": target.resolve,
            "family": target.family,
            "lane": lane.value,
        }
        prober.open(_Stream(about), {**asks, **order})
        return about.name

    def _prober(self, place: Place) -> Prober:
        """Return the prober of a place; where the last one was lost, a new one."""
        for known in self._probers:
            if known.place == place and known.heard:
                return known
        try:
            prober = Prober(self._api, place, self.clock)
        except ApiTrouble:
            place.give_up()
            raise
        self._probers.append(prober)
        self._open_control(prober, self._control_for_outside if isinstance(place, Outside) else "", "the API server")
        return prober

    def _open_control(self, prober: Prober, address: str, said: str) -> None:
        """Begin a control stream to an address and port, or to the vantage's own loopback where it is empty."""
        place = prober.place
        host, port, protocol = "@self", 0, "http"
        if address:
            host, _, number = address.rpartition(":")
            host, port, protocol = host.strip("[]"), int(number), "connect"
        about = Stream(
            f"{next(self._numbers)} {place.description} control",
            place.description,
            "its own loopback" if host == "@self" else said,
            "127.0.0.1" if host == "@self" else f"{host}:{port}",
            protocol,
            Lane.NEW,
            CONTROL_RATE,
            CONTROL_LIMIT,
            control=True,
            vantage_node=place.node,
        )
        order = {"protocol": protocol, "host": host, "port": port, "rate": CONTROL_RATE, "limit": CONTROL_LIMIT}
        prober.open(_Stream(about), order)


_OUTCOMES = {outcome.value: outcome for outcome in Outcome}


def _exchange(record: Sequence[Any], offset: float) -> Exchange:
    """Return an exchange from the agent's record of it (see Stream.ended there), on the runner's clock."""
    (stream, number, start, end, outcome, connected, first_byte, connection) = record[:8]
    size, backend, node, source, reached, detail, answers = record[8:]
    return Exchange(
        stream,
        number,
        start + offset,
        end + offset,
        _OUTCOMES[outcome],
        None if connected is None else connected + offset,
        None if first_byte is None else first_byte + offset,
        backend,
        node,
        source,
        reached,
        connection,
        size,
        detail,
        tuple(answers),
    )


def _prober_events(prober: Prober, offset: float) -> Iterable[Event]:
    """Yield what befell a prober and its streams."""
    vantage = prober.place.description
    for said in list(prober.notes):
        if "began" in said:
            yield _prober_event(said["at"] + offset, vantage, "began", [said["began"]], f"begins {said['began']}")
        elif "ended" in said:
            says, cpu = f"ends {said['ended']}", said.get("cpu", 0.0)
            yield _prober_event(said["at"] + offset, vantage, "ended", [said["ended"]], says, cpu=cpu)
        elif "fell" in said:
            says = f"sees connection {said['connection']} fall while idle: {said['how']}"
            yield _prober_event(said["at"] + offset, vantage, "connection", [said["fell"]], says)
        elif "stalled" in said:
            since, until = said["stalled"]
            says = f"stands still for {(until - since) * 1000:.0f} ms"
            yield _prober_event(since + offset, vantage, "stalled", list(prober.streams), says, seconds=until - since)
        elif "cut" in said:
            yield _prober_event(said["at"], vantage, "cut", [], f"goes on unheard: {said['cut']}")
        elif "resumed" in said:
            yield _prober_event(said["at"], vantage, "resumed", [], "is heard again, and tells what it saw meanwhile")
    if prober.lost:
        open_streams = [name for name, stream in prober.streams.items() if stream.started is None]
        yield _prober_event(prober.lost_at, vantage, "lost", open_streams, f"is lost: {prober.lost}")


def _prober_event(at: float, vantage: str, what: str, streams: list[str], says: str, **data: object) -> Event:
    return Event(at, Kind.PROBER, vantage, says, {"what": what, "streams": streams, **data})
