"""What is being done, said while it is done."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol


class Step(Protocol):
    """One thing being done."""

    def update(self, text: str) -> None:
        """Say how far it is."""


class Report(Protocol):
    """Where progress is told."""

    def step(self, text: str) -> AbstractContextManager[Step]:
        """Say that *text* begins; leaving the block says how long it took."""


class PlainLines:
    """Progress as plain lines on stderr, at most one update every ten seconds."""

    @contextmanager
    def step(self, text: str) -> Iterator[Step]:
        started = time.monotonic()
        yield _PlainStep(text)
        print(f"{text}: {time.monotonic() - started:.1f} s", file=sys.stderr, flush=True)


class _PlainStep:
    def __init__(self, text: str) -> None:
        self._text = text
        self._said = time.monotonic()

    def update(self, text: str) -> None:
        if time.monotonic() - self._said >= 10:
            self._said = time.monotonic()
            print(f"{self._text}: {text}", file=sys.stderr, flush=True)
