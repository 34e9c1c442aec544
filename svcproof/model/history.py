"""What happened, as data: exchanges and events on one clock, to and from JSON Lines.

A history file has one JSON object a line. The first is the header; every later one is an exchange (``"is": "x"``)
or an event (``"is": "e"``). All times are seconds on the runner's clock since the history began (``origin`` in the
header is that moment as Unix time). A line that is cut short (the writer died) ends the history: ``complete`` is
then false, and laws answer unknown where the missing part could matter.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import Enum
from typing import Any, TextIO

FORMAT_VERSION = 1


class Outcome(Enum):
    """How one exchange ended. Only NOT_SENT says nothing about the cluster."""

    ANSWERED = "answered"
    REFUSED = "refused"  # definite: something said no before a connection stood
    RESET = "reset"  # a connection stood and was torn down before the answer was whole
    TIMED_OUT = "timed out"  # indefinite: nobody said anything within the exchange's own limit
    WRONG = "wrong answer"  # somebody answered, but not what was asked for
    NO_NAME = "name not found"  # the resolver said so, or never answered: see detail
    UNREACHABLE = "unreachable"  # a router or the kernel said there is no way there
    NOT_SENT = "not sent"  # the prober's own failure; never evidence for or against


class Lane(Enum):
    """How a stream uses connections."""

    NEW = "new"  # a new connection for each exchange
    KEPT = "kept-alive"  # one connection for as long as it stands; reopened when it falls


@dataclass(frozen=True)
class Stream:
    """One sequence of exchanges from one vantage to one frontend.

    *control* marks the stream whose target does not depend on what is tested: while it is silent, the prober is broken.
    *rate* is exchanges started a second, *limit* how long one exchange may last (seconds).
    *offset* is what was added to the vantage's clock to get the runner's, *uncertainty* half the width of what it
    may be wrong by (both seconds; 0 for streams that start in the runner's own process).
    *node* is the node the frontend's address belongs to (node ports), or empty.
    """

    name: str
    vantage: str
    frontend: str
    address: str = ""
    protocol: str = "http"  # http, tcp, udp, dns
    lane: Lane = Lane.NEW
    rate: float = 0.0
    limit: float = 1.0
    control: bool = False
    vantage_node: str = ""
    node: str = ""
    offset: float = 0.0
    uncertainty: float = 0.0


@dataclass(frozen=True)
class Exchange:
    """One request and its end; times in seconds since the history began.

    *connected* is when the connection stood (None when it never did, or for kept-alive reuse and UDP),
    *first_byte* when the answer began, *end* when the outcome was known.
    *backend* is the pod that answered by its own word, *backend_node* its node, *source* the address it saw the
    request come from, *reached* the address and port it was reached on. *connection* numbers the connections of
    a kept-alive stream.
    """

    stream: str
    number: int
    start: float
    end: float
    outcome: Outcome
    connected: float | None = None
    first_byte: float | None = None
    backend: str = ""
    backend_node: str = ""
    source: str = ""
    reached: str = ""
    connection: int = 0
    size: int = 0
    detail: str = ""


class Kind(Enum):
    """What an event is about."""

    ACTION = "action"  # the scenario did something
    ENDPOINTS = "EndpointSlice"
    POD = "Pod"
    NODE = "Node"
    SERVICE = "Service"
    FAULT = "fault"
    PROBER = "prober"  # a stream began, ended, or its vantage was lost
    MARK = "mark"  # a moment that a law refers to: "before", "settled"


@dataclass(frozen=True)
class Event:
    """Something that happened at a moment; *says* reads on in a sentence ("dropped web-5d9 (node2)")."""

    at: float
    kind: Kind
    subject: str
    says: str
    data: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class History:
    """Exchanges and events in order of start; *about* says where they come from (scenario, run, cluster).

    *complete* is false when the file was cut short.
    """

    streams: Mapping[str, Stream] = field(default_factory=dict)
    exchanges: Sequence[Exchange] = ()
    events: Sequence[Event] = ()
    about: Mapping[str, object] = field(default_factory=dict)
    origin: float = 0.0
    complete: bool = True

    def of(self, exchange: Exchange) -> Stream:
        """Return the stream an exchange belongs to."""
        return self.streams[exchange.stream]

    def only(self, *streams: str) -> History:
        """Return the history of these streams (by name), with every event."""
        return History(
            {name: self.streams[name] for name in streams},
            tuple(exchange for exchange in self.exchanges if exchange.stream in streams),
            self.events,
            self.about,
            self.origin,
            self.complete,
        )

    def between(self, since: float, until: float = float("inf")) -> History:
        """Return the exchanges that started in [since, until); streams and events stay whole."""
        return History(
            self.streams,
            tuple(exchange for exchange in self.exchanges if since <= exchange.start < until),
            self.events,
            self.about,
            self.origin,
            self.complete,
        )

    def moment(self, subject: str) -> float | None:
        """Return when the last mark with this subject was set, or None."""
        found = [event.at for event in self.events if event.kind is Kind.MARK and event.subject == subject]
        return found[-1] if found else None


class MalformedHistory(Exception):  # noqa: N818 - says what it is
    """A history file is not one: the message names line and field."""


def write(history: History, file: TextIO) -> None:
    """Write a history as JSON Lines; the same history always gives the same bytes."""
    header = {
        "svcproof": "history",
        "version": FORMAT_VERSION,
        "origin": history.origin,
        "about": dict(history.about),
        "streams": [_plain(stream) for stream in history.streams.values()],
        "exchanges": len(history.exchanges),
        "events": len(history.events),
    }
    file.write(json.dumps(header) + "\n")
    file.writelines(line + "\n" for line in _lines(history))


def _lines(history: History) -> Iterator[str]:
    items: list[tuple[float, int, str, Exchange | Event]] = [
        *((exchange.start, 0, "x", exchange) for exchange in history.exchanges),
        *((event.at, 1, "e", event) for event in history.events),
    ]
    for _, _, mark, item in sorted(items, key=lambda entry: entry[:3]):
        yield json.dumps({"is": mark, **_plain(item)})


def _plain(value: Stream | Exchange | Event) -> dict[str, object]:
    """Return the JSON form: enums by value, times to the microsecond, empty fields left out."""
    plain: dict[str, object] = {}
    for name, content in asdict(value).items():
        if isinstance(content, Enum):
            plain[name] = content.value
        elif isinstance(content, float):
            plain[name] = round(content, 6)
        elif content not in ("", None, 0, {}, ()) or name == "number":
            plain[name] = content
    return plain


def read(file: Iterable[str]) -> History:
    """Read a history from its lines; raise MalformedHistory when it is not one.

    A last line cut short makes the history incomplete instead of malformed.
    """
    lines = iter(file)
    header = _header(next(lines, ""))
    streams = {stream.name: stream for stream in map(_stream, header["streams"])}
    exchanges: list[Exchange] = []
    events: list[Event] = []
    complete = True
    for number, line in enumerate(lines, start=2):
        try:
            entry = json.loads(line)
        except ValueError:
            complete = False
            break
        try:
            mark = entry.pop("is")
            if mark == "x":
                exchanges.append(Exchange(**{**entry, "outcome": Outcome(entry["outcome"])}))
            else:
                events.append(Event(**{**entry, "kind": Kind(entry["kind"])}))
        except (KeyError, TypeError, ValueError, AttributeError) as problem:
            raise MalformedHistory(f"line {number}: {problem}") from problem
        if mark == "x" and exchanges[-1].stream not in streams:
            raise MalformedHistory(f"line {number}: stream {exchanges[-1].stream!r} is not in the header")
    if len(exchanges) < header.get("exchanges", 0) or len(events) < header.get("events", 0):
        complete = False
    return History(
        streams, tuple(exchanges), tuple(events), header.get("about", {}), header.get("origin", 0.0), complete
    )


def _header(line: str) -> dict[str, Any]:
    try:
        header = json.loads(line)
    except ValueError as problem:
        raise MalformedHistory("line 1: wanted a header in JSON") from problem
    if not isinstance(header, dict) or header.get("svcproof") != "history":
        raise MalformedHistory('line 1: wanted {"svcproof": "history", ...}')
    if header.get("version") != FORMAT_VERSION:
        raise MalformedHistory(f"line 1: version {header.get('version')}; this program reads version {FORMAT_VERSION}")
    return header


def _stream(entry: Mapping[str, object]) -> Stream:
    try:
        return Stream(**{**entry, "lane": Lane(entry.get("lane", "new"))})  # type: ignore[arg-type]
    except (TypeError, ValueError) as problem:
        raise MalformedHistory(f"line 1: stream {entry!r}: {problem}") from problem
