"""What happened, as data: exchanges and events on one clock, to and from JSON Lines.

A history file has one JSON object a line. The first is the header; every later one is an exchange (``"is": "x"``)
or an event (``"is": "e"``). All times are seconds on the runner's clock since the history began (``origin`` in the
header is that moment as Unix time). A last line that is cut short (the writer died) ends the history: ``complete`` is
then false, and laws answer unknown where the missing part could matter.

``about["laws"]`` says which laws were asked of the history (svcproof.model.judging reads it).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import MISSING, asdict, dataclass, field, fields, replace
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
    a kept-alive stream. *answers* is what a name resolved to, each as type and value ("A 10.96.0.7",
    "SRV 0 50 80 web.shop.svc.cluster.local."), sorted; *detail* then begins with the response code.
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
    answers: tuple[str, ...] = ()


class Kind(Enum):
    """What an event is about."""

    ACTION = "action"  # the scenario did something
    ENDPOINTS = "EndpointSlice"
    POD = "Pod"
    NODE = "Node"
    SERVICE = "Service"
    API = "API server"  # nobody could connect to it
    FAULT = "fault"
    PROBER = "prober"  # a stream began, ended, or its vantage was lost
    MARK = "mark"  # a moment that a law refers to: "before", "settled"


@dataclass(frozen=True)
class Event:
    """Something that happened at a moment; *says* reads on in a sentence ("dropped web-5d9 (node2)").

    The data of a PROBER event says *what*: "began", "ended", "connection" (a kept connection fell while idle),
    "stalled" (the prober itself stood still for *seconds* from this moment on) or "lost" (nothing is known of it from
    here on); and which *streams* it concerns.
    """

    at: float
    kind: Kind
    subject: str
    says: str = ""
    data: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class History:
    """Exchanges and events in order of start; *about* says where they come from (scenario, run, cluster).

    *complete* is false when the file was cut short. *since* and *until* bound what was asked for, so that a law can
    tell an exchange at the very edge, which an uncertain clock may have put on the wrong side.
    """

    streams: Mapping[str, Stream] = field(default_factory=dict)
    exchanges: Sequence[Exchange] = ()
    events: Sequence[Event] = ()
    about: Mapping[str, object] = field(default_factory=dict)
    origin: float = 0.0
    complete: bool = True
    since: float = float("-inf")
    until: float = float("inf")

    def of(self, exchange: Exchange) -> Stream:
        """Return the stream an exchange belongs to."""
        return self.streams[exchange.stream]

    def only(self, *streams: str) -> History:
        """Return the history of these streams (by name), with every event; raise KeyError for an unknown name."""
        chosen = {name: self.streams[name] for name in streams}
        return replace(
            self, streams=chosen, exchanges=tuple(exchange for exchange in self.exchanges if exchange.stream in chosen)
        )

    def between(self, since: float, until: float = float("inf")) -> History:
        """Return the exchanges that started in [since, until); streams and events stay whole."""
        return replace(
            self,
            exchanges=tuple(exchange for exchange in self.exchanges if since <= exchange.start < until),
            since=max(self.since, since),
            until=min(self.until, until),
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
    items: list[tuple[float, int, Exchange | Event]] = [
        *((exchange.start, 0, exchange) for exchange in history.exchanges),
        *((event.at, 1, event) for event in history.events),
    ]
    items.sort(key=lambda entry: entry[:2])
    encode = json.JSONEncoder().encode
    for _, kind, item in items:
        if isinstance(item, Exchange):
            yield encode(_plain_exchange(item))
        else:
            yield encode({"is": "e" if kind else "x", **_plain(item)})


def _plain(value: Stream | Event) -> dict[str, object]:
    """Return the JSON form: enums by value, times to the microsecond, empty fields left out."""
    plain: dict[str, object] = {}
    for name, content in asdict(value).items():
        if isinstance(content, Enum):
            plain[name] = content.value
        elif isinstance(content, float):
            plain[name] = round(content, 6)
        elif content not in ("", None, 0, {}, ()):
            plain[name] = content
    return plain


def _plain_exchange(exchange: Exchange) -> dict[str, object]:
    """Return the JSON form of an exchange: the same rules, without reflection, for there are many of them."""
    plain: dict[str, object] = {
        "is": "x",
        "stream": exchange.stream,
        "number": exchange.number,
        "start": round(exchange.start, 6),
        "end": round(exchange.end, 6),
        "outcome": exchange.outcome.value,
    }
    if exchange.connected is not None:
        plain["connected"] = round(exchange.connected, 6)
    if exchange.first_byte is not None:
        plain["first_byte"] = round(exchange.first_byte, 6)
    state = exchange.__dict__
    for name in _OPTIONAL:
        if state[name]:
            plain[name] = state[name]
    return plain


_OPTIONAL = ("backend", "backend_node", "source", "reached", "connection", "size", "detail", "answers")
_WANTED = frozenset({"stream", "number", "start", "end", "outcome"})
_DEFAULTS = {entry.name: entry.default for entry in fields(Exchange) if entry.default is not MISSING}
_FIELDS = _WANTED | _DEFAULTS.keys()
_OUTCOMES = {outcome.value: outcome for outcome in Outcome}


def read(file: Iterable[str]) -> History:
    """Read a history from its lines; raise MalformedHistory when it is not one.

    A last line cut short makes the history incomplete instead of malformed. Costs some 10 µs an exchange.
    """
    lines = iter(file)
    header = _header(next(lines, ""))
    streams = {stream.name: stream for stream in map(_stream, header["streams"])}
    exchanges: list[Exchange] = []
    events: list[Event] = []
    cut_short = 0
    for number, line in enumerate(lines, start=2):
        if cut_short:
            raise MalformedHistory(f"line {cut_short}: wanted one JSON object")
        try:
            entry = json.loads(line)
        except ValueError:
            cut_short = number
            continue
        try:
            if entry.pop("is") == "x":
                exchanges.append(_exchange(entry, streams))
            else:
                events.append(Event(**{**entry, "kind": Kind(entry["kind"])}))
        except (KeyError, TypeError, ValueError, AttributeError) as problem:
            raise MalformedHistory(f"line {number}: {problem}") from problem
    whole = len(exchanges) >= header.get("exchanges", 0) and len(events) >= header.get("events", 0)
    return History(
        streams,
        tuple(exchanges),
        tuple(events),
        header.get("about", {}),
        header.get("origin", 0.0),
        complete=whole and not cut_short,
    )


def _exchange(entry: dict[str, Any], streams: Mapping[str, Stream]) -> Exchange:
    """Make an exchange of its JSON form; the frozen constructor's cost is saved, its checks are not."""
    if not _WANTED <= entry.keys() <= _FIELDS:
        raise ValueError(f"fields {sorted(_WANTED ^ (entry.keys() - _DEFAULTS.keys()))} are missing or unknown")
    if entry["stream"] not in streams:
        raise ValueError(f"stream {entry['stream']!r} is not in the header")
    if not (isinstance(entry["start"], int | float) and isinstance(entry["end"], int | float)):
        raise TypeError("start and end are seconds")
    if entry["outcome"] not in _OUTCOMES:
        raise ValueError(f"{entry['outcome']!r} is not an outcome")
    entry["outcome"] = _OUTCOMES[entry["outcome"]]
    if "answers" in entry:
        entry["answers"] = tuple(entry["answers"])
    exchange = object.__new__(Exchange)
    exchange.__dict__.update(_DEFAULTS)
    exchange.__dict__.update(entry)
    return exchange


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
