"""The page that people read and send on: one file, no request to anywhere, readable without scripts."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from importlib import resources
from pathlib import Path

from svcproof.model.history import History, MalformedHistory
from svcproof.model.history import read as read_history
from svcproof.report import chapters, lanes
from svcproof.report import matrix as matrices
from svcproof.report.results import Cell, Ending, Evidence, Run, ScenarioResult
from svcproof.report.trace import Trace

INLINE_LIMIT = 12_000
"""Bytes: text evidence up to this size stands on the page itself, where the scenario is not met."""

INLINE_TOTAL = 300_000
"""Bytes of evidence on the page in all: beyond it stand links, so that the page stays below a megabyte."""


def render(run: Run, again: Mapping[str, str], trace: Trace | None = None) -> str:
    """Return the page of a run. *again* gives each scenario's command line; *trace* the contract's rows."""
    page = Page(run, again, trace)
    page.read_histories()
    while True:
        page.taken = page.inlined = 0
        try:
            text = _whole(page)
            page.within(len(text.encode()))
        except TooLong:
            page.thrift += 1
        else:
            return text


def _whole(page: Page) -> str:
    style, script = (resources.files("svcproof.report").joinpath("page", name).read_text(encoding="utf-8")
                     for name in ("style.css", "script.js"))  # fmt: skip
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n<meta name="referrer" content="no-referrer">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
        "script-src 'unsafe-inline'; img-src data:\">\n"
        f'<link rel="icon" href="{_icon(page.run)}">\n<title>{escape(page.run.sentence)} – svcproof</title>\n'
        f"<style>\n{style}</style>\n</head>\n<body>\n{page.body()}\n<script>\n{script}</script>\n</body>\n</html>\n"
    )


def _icon(run: Run) -> str:
    colour = {0: "1a7a38", 1: "b3261e"}.get(run.exit_code, "855300")
    return (
        "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E"
        f"%3Ccircle cx='8' cy='8' r='7' fill='%23{colour}'/%3E%3C/svg%3E"
    )


LIMIT = 950_000
"""Bytes: a page beyond them tells less of what is met, until it fits; evidence lies beside it all the same."""

MOST_THRIFT = 3
"""How sparing a page may be of what is met (see svcproof.report.lanes.draw), from 0."""

LANES_TOTAL = 350_000
"""Bytes that the swim-lanes may take: with many of them, those of scenarios that are met are drawn more coarsely."""


class TooLong(Exception):  # noqa: N818 - says what the page is
    """A page has come to more bytes than it may have, and can tell less."""


@dataclass
class Page:
    """One page under way: what it shows, how long it is already, and how much of that is evidence."""

    run: Run
    again: Mapping[str, str]
    trace: Trace | None = None
    thrift: int = 0
    taken: int = 0
    inlined: int = 0
    histories: dict[str, History] = field(default_factory=dict)
    fineness: int = lanes.FINEST
    _told: dict[str, lanes.Told] = field(default_factory=dict)
    _cells: dict[str, tuple[Cell, ...]] = field(default_factory=dict)

    def body(self) -> str:
        """Return everything between the body's tags."""
        sections = [
            ("not-met", "Not met", chapters.not_met(self)),
            ("skipped", "Skipped", chapters.skips(self)),
            ("features", "Features", chapters.features(self)),
            ("rows", "Contract", chapters.rows(self)),
            ("matrix", "Matrix", chapters.matrix(self)),
            ("cluster", "Cluster", chapters.cluster(self)),
            ("roster", "Roster and timings", chapters.timings(self)),
            ("again", "Run it again", chapters.again(self)),
        ]
        shown = [(name, title, text) for name, title, text in sections if text]
        links = "".join(f'<a href="#{name}">{title}</a>' for name, title, _ in shown)
        texts = "\n".join(f'<section id="{name}"><h2>{title}</h2>\n{text}\n</section>' for name, title, text in shown)
        return (
            f'<a class="skip" href="#main">to the findings</a>\n{self._top()}\n'
            f'<nav aria-label="Sections"><div>{links}</div></nav>\n<main id="main">\n{texts}\n</main>\n'
            f"{_foot(self.thrift)}"
        )

    def read_histories(self) -> None:
        """Read the traffic of every scenario, once."""
        for result in self.run.scenarios:
            for item in result.histories:
                if found := self.history(item):
                    self.histories[item.file] = found
        every = sum(len(history.streams) for history in self.histories.values())
        self.fineness = lanes.columns(every, LANES_TOTAL)

    def take(self, text: str) -> str:
        """Count a part of the page and return it; raise TooLong, rather than write on what is not to be kept."""
        self.taken += len(text.encode())
        self.within(self.taken)
        return text

    def within(self, length: int) -> None:
        """Raise TooLong where so many bytes are more than the page may have, and it can tell less."""
        if length >= LIMIT and self.thrift < MOST_THRIFT:
            raise TooLong

    def told(self, file: str) -> lanes.Told:
        """Return what is told of a history, found out once, however often the page is begun anew."""
        if file not in self._told:
            self._told[file] = lanes.Told(self.histories[file])
        return self._told[file]

    def cells_of(self, result: ScenarioResult) -> tuple[Cell, ...]:
        """Return the matrix of a scenario, found out once: every law is asked again of each cell."""
        if result.entry.id not in self._cells:
            self._cells[result.entry.id] = result.cells or tuple(
                cell
                for item in result.histories
                if item.file in self.histories
                for cell in matrices.seen(self.histories[item.file])
            )
        return self._cells[result.entry.id]

    def _top(self) -> str:
        run = self.run
        ending = {0: Ending.MET, 1: Ending.VIOLATED}.get(run.exit_code, Ending.UNKNOWN)
        when = moment(run.began)
        over = " · ".join(filter(None, ["svcproof", f"run {escape(run.run)}" if run.run else "", when]))
        counts = [(one, run.counts[one]) for one in Ending if run.counts.get(one)]
        bar = "".join(f'<span class="{one.value}" style="flex:{count}"></span>' for one, count in counts)
        words = "".join(
            f'<li class="{one.value}">{mark(one)} <span class="word">{count} {one.value}</span></li>'
            for one, count in counts
        )
        warn = "".join(f'<p class="warn">? {escape(text)}</p>' for text in run.trouble)
        if run.interrupted:
            warn += '<p class="warn">? The run was interrupted: what did not run is unknown.</p>'
        return (
            f'<header class="top"><p class="over">{over}</p>\n<h1 class="{ending.value}">{mark(ending)}'
            f"<span>{_unbroken(escape(run.sentence))}</span></h1>\n{warn}"
            f'<div class="tally" aria-hidden="true">{bar}</div>\n<ul class="counts">{words}</ul>\n'
            f'<p class="facts">{_facts(run)}</p></header>'
        )

    def history(self, item: Evidence) -> History | None:
        """Return a recorded history, or None where its file is gone or is none."""
        if self.run.folder is None:
            return None
        try:
            with (self.run.folder / item.file).open(encoding="utf-8") as file:
                return read_history(file)
        except (OSError, MalformedHistory):
            return None  # the page links to the file all the same: whoever opens it sees what it is

    def text_of(self, item: Evidence) -> str:
        """Return the text of a small piece of evidence, empty where it is large, no text, or the page is full."""
        readable = item.media_type.startswith("text/") or item.media_type in ("application/json", "application/yaml")
        if not (readable and item.file and self.run.folder) or item.bytes > INLINE_LIMIT:
            return ""
        if self.inlined + item.bytes > INLINE_TOTAL:
            return ""
        try:
            text = (self.run.folder / item.file).read_text(encoding="utf-8", errors="replace")
        except OSError:
            return ""
        self.inlined += len(text)
        return text


def _unbroken(text: str) -> str:
    """Keep numbers with their words."""
    return re.sub(r"(\d) ", "\\1&nbsp;", text)


def _facts(run: Run) -> str:
    facts: list[tuple[str, str]] = []
    if version := run.cluster.get("Kubernetes"):
        facts.append(("Kubernetes", str(version)))
    if nodes := run.cluster.get("nodes"):
        facts.append(("nodes", str(len(nodes))))
    facts += [(name, str(run.cluster[name])) for name in ("proxy mode", "network", "DNS") if run.cluster.get(name)]
    facts.append(("took", f"{run.seconds:.1f} s"))
    return " ".join(f"<span>{escape(name)} <b>{escape(value)}</b></span>" for name, value in facts)


def _foot(thrift: int) -> str:
    spared = (
        "<p>So that the page stays below a megabyte it tells less of what is met; the histories beside it tell all.</p>"
        if thrift
        else ""
    )
    return (
        "<footer><p>Met: the promise was seen kept. Violated: it was seen broken. Unknown: it could not be told, which "
        "is nobody's fault until it is. Skipped: not asked, for the reason given.</p>"
        f"{spared}"
        '<p class="scripted" hidden>Keys: / filters, e opens and closes all, n and p walk through what is not met. In '
        "a swim-lane: Ctrl and the wheel or + and - zoom, dragging moves, 0 resets.</p></footer>"
    )


def mark(ending: Ending) -> str:
    """Return the symbol of an ending, with its word for those who do not see it."""
    return f'<span class="mark {ending.value}" role="img" aria-label="{ending.value}">{ending.symbol}</span>'


def moment(unix: float) -> str:
    """Return a moment in UTC, for people."""
    if not unix:
        return ""
    return dt.datetime.fromtimestamp(unix, dt.UTC).strftime("%Y-%m-%d %H:%M UTC")


def write(run: Run, file: Path, again: Mapping[str, str], trace: Trace | None = None) -> None:
    """Write the page."""
    file.write_text(render(run, again, trace), encoding="utf-8")
