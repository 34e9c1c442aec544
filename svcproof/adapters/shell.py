"""The only place that starts programs: each run bounded, each failure a command that can be pasted."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Timer
from typing import IO

_TAIL_LINES = 20


@dataclass(frozen=True)
class Completed:
    """A program that ended."""

    argv: tuple[str, ...]
    code: int
    stdout: str
    stderr: str

    @property
    def ok(self) -> bool:
        return self.code == 0


class CommandFailed(Exception):  # noqa: N818 - an event, told as one
    """A program could not start, ended with another code than 0, or ran out of its time."""

    def __init__(self, argv: Sequence[str], code: int | None, output: str) -> None:
        ending = "was stopped: its time ran out" if code is None else f"ended with exit code {code}"
        tail = "\n".join(output.strip().splitlines()[-_TAIL_LINES:])
        super().__init__(f"`{shlex.join(argv)}` {ending}" + (f":\n{tail}" if tail else ""))
        self.argv = tuple(argv)
        self.code = code
        self.output = output


def run(
    argv: Sequence[str | Path],
    *,
    timeout: float,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    input: str | None = None,  # noqa: A002 - subprocess's own word
    check: bool = True,
) -> Completed:
    """Run *argv* to its end, at most *timeout* seconds; *env* replaces the environment whole.

    Raises CommandFailed when it cannot start, runs out of time or, with *check*, ends with another code than 0.
    """
    words = [str(word) for word in argv]
    try:
        done = subprocess.run(  # noqa: PLW1510 - the code is judged below, with the command in the message
            words, timeout=timeout, env=env, cwd=cwd, input=input, capture_output=True, text=True, errors="replace"
        )
    except subprocess.TimeoutExpired as expired:
        raise CommandFailed(words, None, _text(expired.stderr) or _text(expired.stdout)) from expired
    except OSError as refused:
        raise CommandFailed(words, 127, str(refused)) from refused
    if check and done.returncode != 0:
        raise CommandFailed(words, done.returncode, done.stderr or done.stdout)
    return Completed(tuple(words), done.returncode, done.stdout, done.stderr)


def stream(
    argv: Sequence[str | Path],
    *,
    timeout: float,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> Iterator[str]:
    """Run *argv* and yield what it prints, both streams in one, line by line.

    The program runs in its own process group, which ends with the iterator. Raises CommandFailed as `run` does.
    """
    words = [str(word) for word in argv]
    try:
        started = subprocess.Popen(
            words,
            env=env,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
    except OSError as refused:
        raise CommandFailed(words, 127, str(refused)) from refused
    tail: deque[str] = deque(maxlen=4 * _TAIL_LINES)
    out_of_time: list[bool] = []

    def expire() -> None:
        out_of_time.append(True)
        _end_group(started)

    clock = Timer(timeout, expire)
    clock.daemon = True
    clock.start()
    try:
        assert started.stdout is not None
        for line in started.stdout:
            tail.append(line.rstrip("\n"))
            yield tail[-1]
        code = started.wait()
    finally:
        clock.cancel()
        _end_group(started)
        started.wait()
        if started.stdout is not None:
            started.stdout.close()
    if code != 0:
        raise CommandFailed(words, None if out_of_time else code, "\n".join(tail))


def converse(argv: Sequence[str | Path], *, errors: IO[bytes]) -> subprocess.Popen[bytes]:
    """Start a program whose input and output are ours, unbuffered; what it says of errors goes to a file.

    It ends with its input at the latest, which ends with us. Raises CommandFailed when it cannot start.
    """
    words = [str(word) for word in argv]
    try:
        return subprocess.Popen(
            words, bufsize=0, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, start_new_session=True
        )
    except OSError as refused:
        raise CommandFailed(words, 127, str(refused)) from refused


def attach(argv: Sequence[str | Path], *, env: Mapping[str, str] | None = None) -> int:
    """Run *argv* on our own terminal and return its exit code: 128 + signal where a signal ended it.

    Raises CommandFailed when it cannot start.
    """
    words = [str(word) for word in argv]
    try:
        code = subprocess.run(words, env=env, check=False).returncode
    except OSError as refused:
        raise CommandFailed(words, 127, str(refused)) from refused
    return code if code >= 0 else 128 - code


def spawn(argv: Sequence[str | Path], *, log: Path, env: Mapping[str, str] | None = None) -> int:
    """Start a program that outlives us, in a session of its own, its output appended to *log*; return its pid.

    No other open file is left to it: whoever waits for the end of our pipes would wait for its end.
    Raises CommandFailed when it cannot start.
    """
    words = [str(word) for word in argv]
    files = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, str(log), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644),
        (os.POSIX_SPAWN_DUP2, 1, 2),
        *((os.POSIX_SPAWN_CLOSE, int(fd.name)) for fd in Path("/proc/self/fd").iterdir() if int(fd.name) > 2),
    ]
    try:
        return os.posix_spawnp(words[0], words, os.environ if env is None else env, setsid=True, file_actions=files)
    except OSError as refused:
        raise CommandFailed(words, 127, str(refused)) from refused


def _end_group(started: subprocess.Popen[str]) -> None:
    if started.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(started.pid, signal.SIGKILL)


def _text(output: str | bytes | None) -> str:
    return output.decode(errors="replace") if isinstance(output, bytes) else output or ""
