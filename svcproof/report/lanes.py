"""The swim-lanes of one scenario's traffic, as inline SVG: exchanges, events and actions on one clock."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Sequence
from html import escape

from svcproof.model import telling
from svcproof.model.figures import Outage, by_stream, of_stream, outages
from svcproof.model.history import Event, Exchange, History, Kind, Outcome, Stream

WIDTH = 1200
LEFT = 300
RIGHT = 96
PLOT = WIDTH - LEFT - RIGHT
LANE = 26
MOMENT_ROWS = 3
FINEST, COARSEST = 1740, 220
"""Columns that a lane is divided into: finer ticks could not be told apart before zooming, coarser ones say little."""

BYTES_A_COLUMN = 9

STALL_TOLD_SECONDS = 0.2

LANES_SHOWN = 24
EVENTS_SHOWN = 60

SHAPES: dict[Outcome, tuple[str, float, float]] = {
    Outcome.ANSWERED: ("ok", 9, 8),
    Outcome.REFUSED: ("refused", 1, 8),
    Outcome.RESET: ("reset", 1, 16),
    Outcome.TIMED_OUT: ("lost", 1, 16),
    Outcome.WRONG: ("wrong", 1, 16),
    Outcome.NO_NAME: ("noname", 1, 8),
    Outcome.UNREACHABLE: ("unreachable", 1, 8),
    Outcome.NOT_SENT: ("unsent", 13, 4),
}
"""How an outcome is drawn: its class, and where in the lane: answers below, refusals above, losses through it all."""

_EVENT_KINDS = (Kind.ENDPOINTS, Kind.POD, Kind.NODE, Kind.SERVICE, Kind.PROBER)
_PLAIN = ("began", "ended")
_MOMENTS = (Kind.ACTION, Kind.FAULT, Kind.MARK)


def columns(lanes: int, budget: int) -> int:
    """Return how finely lanes may be drawn, so that all of them stay within so many bytes."""
    return max(COARSEST, min(FINEST, budget // (max(lanes, 1) * BYTES_A_COLUMN)))


def draw(told: Told, fineness: int = FINEST, thrift: int = 0) -> str:
    """Return the figure with its caption and its list of events; empty where nothing was recorded.

    *thrift* leaves out what a reader of a promise that was kept misses least: from 1 on the tries that went before and
    the list of events, from 2 on the events in the drawing and the caption's figures of each stream, at 3 the drawing.
    """
    history = told.history
    if not history.exchanges and not history.events:
        return ""
    if thrift:
        told = told.without_tries()
    if thrift > 2:
        return f'<p class="dim">{escape(_sentence(told))}</p>'
    drawing = _Drawing(told, fineness, events=thrift < 2).svg()
    caption = _caption(told) if thrift < 2 else f"<figcaption>{escape(_sentence(told))}</figcaption>"
    return f'<figure class="lanes">{drawing}{caption}</figure>{_events(history) if thrift < 1 else ""}'


class Told:
    """A history with what is told of it, found out once: thousands of exchanges are not counted twice.

    Streams of one way share a lane: bursts that follow each other, and apart from them the tries that came before
    those which a law was asked of.
    """

    def __init__(self, history: History) -> None:
        self.history = history
        judged = _judged(history)
        of_each = by_stream(history)
        grouped: dict[tuple[object, ...], list[Stream]] = {}
        for stream in history.streams.values():
            tried = bool(judged) and stream.name not in judged and not stream.control
            way = (stream.vantage, stream.frontend, stream.address, stream.lane, stream.node, stream.control, tried)
            grouped.setdefault(way, []).append(stream)
        lanes = sorted(grouped.items(), key=lambda item: (bool(item[0][-2]), bool(item[0][-1])))
        self.streams = [streams[0] for _, streams in lanes]
        self.exchanges = {
            streams[0].name: sorted(
                (one for stream in streams for one in of_each[stream.name]), key=lambda one: one.start
            )
            for _, streams in lanes
        }
        self.figures = {name: of_stream(exchanges) for name, exchanges in self.exchanges.items()}
        self.tries = {streams[0].name for way, streams in lanes if way[-1]}

    def without_tries(self) -> Told:
        """Return the same without the tries that came before those which a law was asked of."""
        rest = copy.copy(self)
        rest.streams = [stream for stream in self.streams if stream.name not in self.tries]
        return rest

    def words(self, stream: Stream) -> str:
        """Say what a lane is apart from others of its way."""
        return "control: " if stream.control else "before: " if stream.name in self.tries else ""


def _judged(history: History) -> set[str]:
    """Return the streams that laws were asked of by name; none where they were asked of all."""
    asked = history.about.get("laws", [])
    forms = asked if isinstance(asked, list) else []
    return {str(name) for form in forms for name in form.get("streams") or ()}


class _Drawing:
    """One drawing: time to the right, one lane below the other."""

    def __init__(self, told: Told, fineness: int, *, events: bool = True) -> None:
        self._told = told
        self._history = history = told.history
        self._marked = telling_events(history) if events else []
        self._fineness = fineness
        moments = [one.start for one in history.exchanges] + [event.at for event in history.events]
        ends = [one.end for one in history.exchanges] + [event.at for event in history.events]
        self._begin, self._end = min(moments), max(ends)
        if self._end - self._begin < 0.05:
            self._end = self._begin + 0.05
        self._plot: list[str] = []
        self._labels: list[str] = []
        self._y = 0.0

    def svg(self) -> str:
        """Return the SVG; a reader without eyes gets its sentence."""
        moments = [event for event in self._history.events if event.kind in _MOMENTS]
        self._y = top = 22 + 14 * min(MOMENT_ROWS, len(moments))
        streams = self._told.streams
        for stream in streams[:LANES_SHOWN]:
            self._lane(stream, self._told.exchanges[stream.name])
        if len(streams) > LANES_SHOWN:
            self._label(f"… and {len(streams) - LANES_SHOWN} more streams")
        for kind in _EVENT_KINDS:
            self._markers(kind, [event for event in self._marked if event.kind is kind])
        height = self._y + 24
        plot = "".join([self._axis(top, height), self._moments(moments, height), *self._plot])
        said = escape(_sentence(self._told), quote=True)
        return (
            f'<svg class="swim" viewBox="0 0 {WIDTH} {height:g}" role="img" aria-label="{said}">'
            f'<svg x="{LEFT}" width="{PLOT}" height="{height:g}"><g class="plot" data-width="{PLOT}">{plot}</g></svg>'
            f"{''.join(self._labels)}</svg>"
        )

    def _x(self, moment: float) -> float:
        return (moment - self._begin) / (self._end - self._begin) * PLOT

    def _axis(self, top: float, height: float) -> str:
        lines = []
        step = _step(self._end - self._begin)
        number = int(self._begin / step) + (self._begin > 0)
        while number * step <= self._end:
            x = self._x(number * step)
            lines.append(f'<path class="grid" d="M{x:.1f} {top}V{height - 20:g}"/>')
            lines.append(_text(x, height - 6, f"{number * step:g} s", "time"))
            number += 1
        return "".join(lines)

    def _moments(self, events: Sequence[Event], height: float) -> str:
        drawn = []
        for place, event in enumerate(events[:EVENTS_SHOWN]):
            x = self._x(event.at)
            says = f"{event.subject} {event.says}".strip() if event.kind is not Kind.ACTION else event.says
            row = 11 + 14 * (place % MOMENT_ROWS)
            right = x > PLOT * 0.6
            text = _text(x, row, _cut(says or event.subject, 70), "right" if right else "", -4 if right else 4)
            drawn.append(
                f'<g class="moment at-{event.kind.name.lower()}"><path d="M{x:.1f} {row - 9}V{height - 20:g}"/>{text}'
                f"<title>{event.at:.3f} s: {escape(says)}</title></g>"
            )
        return "".join(drawn)

    def _label(self, text: str, more: str = "", *, dim: bool = False) -> None:
        self._labels.append(
            f'<text class="label{" dim" if dim else ""}" x="{LEFT - 10}" y="{self._y + 16:g}" text-anchor="end">'
            f"{escape(_cut(text, 46))}{f'<title>{escape(more or text)}</title>' if len(text) > 46 else ''}</text>"
        )
        self._y += LANE

    def _lane(self, stream: Stream, exchanges: Sequence[Exchange]) -> None:
        y = self._y + 4
        self._plot.append(f'<path class="base" d="M0 {y + 17.5:g}H{PLOT}"/>')
        for outcome, (name, above, tall) in SHAPES.items():
            bars = self._bars(one.start for one in exchanges if one.outcome is outcome)
            if bars:
                middle = y + above + tall / 2
                self._plot.append(
                    f'<path class="tick {name}" stroke-width="{tall}" d="M0 {middle:g}{bars}">'
                    f"<title>{outcome.value}</title></path>"
                )
        if longest := _longest(exchanges):
            self._gap(longest, y, never=not self._told.figures[stream.name]["answered"])
        where = stream.frontend.removesuffix(" on every node")
        if stream.node and stream.node not in where:
            where = f"{stream.node}, {where}"
        start = re.sub(r"^pod vantage-\d+ on ", "pod on ", stream.vantage)
        extra = self._told.words(stream)
        self._label(f"{extra}{start} → {where}", f"{extra}{telling.route(stream)}", dim=bool(extra))

    def _bars(self, moments: Iterable[float]) -> str:
        """Return the moments as strokes of a path: those in one column are one, columns in a row are one stroke."""
        span = self._end - self._begin
        taken = sorted({round((moment - self._begin) / span * self._fineness) for moment in moments})
        bars: list[list[int]] = []
        for column in taken:
            if bars and column == bars[-1][1]:
                bars[-1][1] = column + 1
            else:
                bars.append([column, column + 1])
        unit, reached, path = PLOT / self._fineness, 0.0, []
        for first, last in bars:
            begin, end = round(first * unit, 1), round(last * unit + 0.3, 1)
            path.append(f"m{_number(begin - reached)} 0h{_number(end - begin)}")
            reached = end
        return "".join(path)

    def _gap(self, outage: Outage, y: float, *, never: bool) -> None:
        if outage.first is None:
            return
        x = self._x(outage.first.start)
        end = self._x(min(outage.until, self._end))
        milliseconds = outage.likely * 1000
        says = "no answer" if never else f"gap {milliseconds:,.0f} ms"
        self._plot.append(f'<path class="gap" d="M{x:.1f} {y + 20:g}v-3h{max(end - x, 1):.1f}v3"/>')
        self._labels.append(
            f'<text class="figure" x="{WIDTH - RIGHT + 8}" y="{y + 13:g}">{says}'
            f"<title>the longest time without a good answer: {milliseconds:,.1f} ms</title></text>"
        )

    def _markers(self, kind: Kind, events: Sequence[Event]) -> None:
        if not events:
            return
        y = self._y + 12
        for x, event in {round(self._x(event.at), 1): event for event in events}.items():
            self._plot.append(
                f'<g transform="translate({x:.1f} {y:g})"><path class="event" d="M0-6l5 6l-5 6l-5-6z">'
                f"<title>{event.at:.3f} s: {escape(telling.event(event))}</title></path></g>"
            )
        self._label(f"{kind.value} events")


def _text(x: float, y: float, text: str, name: str = "", shift: int = 0) -> str:
    """Return a text whose place moves with the zoom and whose letters do not."""
    return f'<g transform="translate({x:.1f} {y:g})"><text class="{name}" x="{shift}">{escape(text)}</text></g>'


def _number(value: float) -> str:
    """Return a number to a tenth, as short as SVG allows."""
    return f"{round(value, 1):g}".replace("0.", ".", 1) if abs(value) < 1 else f"{round(value, 1):g}"


def _longest(exchanges: Sequence[Exchange]) -> Outage | None:
    sent = [one for one in exchanges if one.outcome is not Outcome.NOT_SENT]
    return max((one for one in outages(sent) if one.first), key=lambda one: one.likely, default=None)


def _step(span: float) -> float:
    """Return a round distance of the time axis that gives six to twelve lines."""
    for step in (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0):
        if span / step <= 12:
            return step
    return 600.0


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"


def _sentence(told: Told) -> str:
    """Say the drawing in words: the worst of it; the caption tells each stream."""
    asked = [told.figures[stream.name] for stream in told.streams if not stream.control]
    if not asked:
        return "no exchange was recorded"
    answered, sent = (sum(int(one[word]) for one in asked) for word in ("answered", "sent"))
    worst = max(float(one["longest_outage_ms"]) for one in asked)
    return f"{telling.count(len(asked), 'stream')}: {answered:,} of {sent:,} answered, longest outage {worst:,.1f} ms"


def _caption(told: Told) -> str:
    """Return the table of figures: what the drawing shows, to be read and copied."""
    rows = []
    for stream in told.streams:
        figures = told.figures[stream.name]
        bad = ", ".join(f"{figures[word]} {word}" for word in ("refused", "lost", "wrong") if figures.get(word))
        backends = sorted({one.backend for one in told.exchanges[stream.name] if one.backend})
        cells = [
            f"{told.words(stream)}{stream.vantage} → {telling.place(stream)}",
            f"{figures['answered']:,} of {figures['sent']:,}",
            bad or "–",
            " / ".join(_rounded(figures.get(name)) for name in ("p50_ms", "p99_ms")),
            f"{figures['longest_outage_ms']:,}" if figures["answered"] else "no answer",
            telling.names(backends, 4) if backends else "–",
        ]
        rows.append("<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in cells) + "</tr>")
    head = "".join(f"<th>{name}</th>" for name in ("stream", "answered", "not", "p50 / p99 ms", "longest gap ms", "by"))
    short = "" if told.history.complete else '<p class="warn">? The recording is cut short: its end is missing.</p>'
    table = f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{"".join(rows)}</tbody></table></div>'
    return f"<figcaption>{short}{table}</figcaption>"


def _rounded(value: float | None) -> str:
    return "–" if value is None else f"{value:,.1f}"


def telling_events(history: History) -> list[Event]:
    """Return the events that tell something: that streams begin and end is seen from their exchanges.

    A busy machine lets a prober stand still for a moment hundreds of times: only long ones are told.
    """
    return [one for one in history.events if one.kind is not Kind.PROBER or _tells(one)]


def _tells(event: Event) -> bool:
    lasting = event.data.get("seconds")
    brief = isinstance(lasting, int | float) and lasting < STALL_TOLD_SECONDS
    return event.data.get("what") not in _PLAIN and not brief


def _events(history: History) -> str:
    every = telling_events(history)
    listed = sorted(every, key=lambda event: event.at)[:EVENTS_SHOWN]
    if not listed:
        return ""
    items = "".join(f"<tr><td>{event.at:.3f} s</td><td>{escape(telling.event(event))}</td></tr>" for event in listed)
    more = len(every) - len(listed)
    cut = f"<p>{more} more are in the history.</p>" if more > 0 else ""
    said = telling.count(len(every), "event")
    return f'<details class="minor"><summary>{said}</summary><table>{items}</table>{cut}</details>'
