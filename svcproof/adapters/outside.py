"""Starts the prober as a process of this machine: the vantage outside the cluster."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from types import TracebackType
from typing import Self

from svcproof.adapters import shell
from svcproof.cluster.api import ExecTrouble
from svcproof.probe import AGENT_PATH

_PIECE = 1 << 20
_FAREWELL_SECONDS = 2.0


def start_prober() -> LocalRunning:
    """Start a prober on this machine; it ends when closed, or with us. Raises CommandFailed when it cannot start."""
    return LocalRunning([sys.executable, "-IS", str(AGENT_PATH), "probe"])


class LocalRunning:
    """A program of this machine that one converses with (the port's Running)."""

    def __init__(self, argv: list[str]) -> None:
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as this
        self._process: subprocess.Popen[bytes] = shell.converse(argv, errors=self._errors)
        self._rest = b""
        self._closed = False

    @property
    def pid(self) -> int:
        """The process that runs."""
        return self._process.pid

    def send(self, text: str) -> None:
        """Write to its standard input; raise ExecTrouble when nobody reads it any more."""
        data = memoryview(text.encode())
        try:
            assert self._process.stdin is not None
            while data:
                data = data[self._process.stdin.write(data) or 0 :]
        except (OSError, ValueError) as problem:
            raise ExecTrouble(f"the prober outside does not listen: {problem}") from problem

    def half_close(self) -> bool:
        """End its standard input."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        return True

    def lines(self, timeout: float) -> Iterator[str]:
        """Yield its standard output line by line; see the port."""
        while not self._closed:
            whole, newline, rest = self._rest.partition(b"\n")
            if newline:
                self._rest = rest
                yield whole.decode("utf-8", "replace")
            elif not self._read(timeout):
                return

    @property
    def code(self) -> int | None:
        """The exit code once it has ended by itself, else None."""
        return None if self._closed else self._process.poll()

    @property
    def err(self) -> str:
        """What it has written to standard error so far."""
        if self._errors.closed:
            return ""
        size = os.fstat(self._errors.fileno()).st_size
        return os.pread(self._errors.fileno(), size, 0).decode("utf-8", "replace")

    def close(self) -> None:
        """End it; safe to call twice."""
        if self._closed:
            return
        self._closed = True
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            self._process.wait(_FAREWELL_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._errors.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _read(self, timeout: float) -> bool:
        """Take more of its output; False when none came in time, or it has ended by itself; raise when it was cut."""
        assert self._process.stdout is not None
        until = time.monotonic() + timeout
        try:
            descriptor = self._process.stdout.fileno()
            if not select.select([descriptor], [], [], max(0.0, until - time.monotonic()))[0]:
                return False
            piece = os.read(descriptor, _PIECE)
        except (OSError, ValueError):  # closed under our hands
            return False
        if piece:
            self._rest += piece
            return True
        code = self._process.wait()
        if code < 0 and not self._closed:
            raise ExecTrouble(f"the prober outside was ended by signal {-code}")
        return False
