"""Says what is being done as it is done: live on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import threading
import time
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Protocol, Self

from rich.console import Console, Group
from rich.live import Live
from rich.spinner import Spinner
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType

SHORT = 1.0
"""Seconds: a step that took less gets no second plain line."""

DETAIL_PAUSE = 10.0
"""Seconds between two plain lines of detail about one step."""


class Step(Protocol):
    """One step that is being done."""

    def update(self, detail: str) -> None:
        """Say how far the step is: a few words, shown in place of the words before."""


class Report(Protocol):
    """Where steps are told; safe to use from several threads."""

    def step(self, text: str) -> AbstractContextManager[Step]:
        """Tell that a step begins, and by leaving the context that it ended."""

    def say(self, text: str) -> None:
        """Tell one line that is no step."""


def open_report() -> PlainLines | LiveLines:
    """The report that suits standard error: live on a terminal, plain lines elsewhere."""
    return LiveLines() if sys.stderr.isatty() else PlainLines()


class SilentReport:
    """Tells nothing: for tests and for callers that speak for themselves."""

    @contextmanager
    def step(self, text: str) -> Iterator[Step]:
        yield _PlainStep(self, text, 0.0)

    def say(self, text: str) -> None:
        """Say nothing."""


class PlainLines:
    """One line when a step begins, one more when it ends after a second or later."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._begin = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return

    @contextmanager
    def step(self, text: str) -> Iterator[Step]:
        began = time.monotonic()
        self.say(text)
        try:
            yield _PlainStep(self, text, began)
        except BaseException:
            self.say(f"{text}: broke off after {time.monotonic() - began:.1f} s")
            raise
        took = time.monotonic() - began
        if took >= SHORT:
            self.say(f"{text}: done in {took:.1f} s")

    def say(self, text: str) -> None:
        with self._lock:
            print(f"{time.monotonic() - self._begin:6.1f} s  {text}", file=sys.stderr, flush=True)


class _PlainStep:
    def __init__(self, report: PlainLines | SilentReport, text: str, began: float) -> None:
        self._report = report
        self._text = text
        self._said = began

    def update(self, detail: str) -> None:
        now = time.monotonic()
        if now - self._said >= DETAIL_PAUSE:
            self._said = now
            self._report.say(f"{self._text}: {detail}")


class LiveLines:
    """One line for each step; those under way turn, with their seconds and their detail."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._console = Console(stderr=True, highlight=False)
        self._steps: list[_LiveStep] = []
        self._live = Live(get_renderable=self._render, console=self._console, refresh_per_second=8, transient=True)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    @contextmanager
    def step(self, text: str) -> Iterator[Step]:
        step = _LiveStep(text)
        with self._lock:
            self._steps.append(step)
        mark = "[red]✗[/red]"
        try:
            yield step
            mark = "[green]✓[/green]"
        finally:
            with self._lock:
                self._steps.remove(step)
            self._console.print(f"{mark} {text} [dim]{step.seconds():.1f} s[/dim]")

    def say(self, text: str) -> None:
        self._console.print(text, markup=False)

    def _render(self) -> RenderableType:
        with self._lock:
            return Group(*(step.line() for step in self._steps))


class _LiveStep:
    def __init__(self, text: str) -> None:
        self._text = text
        self._detail = ""
        self._began = time.monotonic()
        self._spinner = Spinner("dots")

    def update(self, detail: str) -> None:
        self._detail = detail

    def seconds(self) -> float:
        return time.monotonic() - self._began

    def line(self) -> RenderableType:
        detail = f" · {self._detail}" if self._detail else ""
        words = f"{self._text}{detail} {self.seconds():.0f} s"
        self._spinner.update(text=Text(words, no_wrap=True, overflow="ellipsis"))
        return self._spinner
