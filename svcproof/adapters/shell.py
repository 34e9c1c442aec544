"""Starts programs: the only importer of subprocess."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from svcproof.problems import SetupProblem

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

TAIL_LINES = 12
"""So many lines of what a program said last go into a message about it."""

TIMED_OUT = 124
"""The exit code of a program that was given up on, as timeout(1) has it."""


@dataclass(frozen=True)
class Completed:
    """How a program ended: what it wrote, and its exit code."""

    argv: tuple[str, ...]
    exit_code: int
    stdout: str
    stderr: str
    timed_out: bool = False


class CommandFailed(Exception):  # noqa: N818 - it says what came to pass
    """A program ended with another exit code than 0, or ran out its time; the message can be pasted into a shell."""

    def __init__(self, completed: Completed) -> None:
        said = tail(completed.stderr) or tail(completed.stdout) or "(it said nothing)"
        end = "ran out its time" if completed.timed_out else f"ended with exit code {completed.exit_code}"
        super().__init__(f"{shlex.join(completed.argv)}\n  {end}:\n{said}")
        self.completed = completed


def tail(text: str, lines: int = TAIL_LINES) -> str:
    """The last *lines* lines of *text*, indented for a message."""
    return "\n".join(f"    {line}" for line in text.rstrip().splitlines()[-lines:])


def run(
    argv: Sequence[str | Path],
    *,
    stdin: str | bytes | None = None,
    timeout: float | None = 60.0,
    check: bool = True,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> Completed:
    """Run a program to its end and keep what it wrote; *env* is added to our own environment.

    Times in seconds. Raises CommandFailed (unless *check* is False), SetupProblem where the program is not installed.
    """
    words = _words(argv)
    given = stdin.encode() if isinstance(stdin, str) else stdin
    try:
        done = subprocess.run(
            words,
            input=given,
            stdin=subprocess.DEVNULL if given is None else None,
            capture_output=True,
            timeout=timeout,
            check=False,
            cwd=cwd,
            env=_environment(env),
        )
    except FileNotFoundError:
        raise _not_installed(words[0]) from None
    except subprocess.TimeoutExpired as late:
        completed = Completed(words, TIMED_OUT, _text(late.stdout), _text(late.stderr), timed_out=True)
    else:
        completed = Completed(words, done.returncode, _text(done.stdout), _text(done.stderr))
    if check and completed.exit_code != 0:
        raise CommandFailed(completed)
    return completed


def stream(
    argv: Sequence[str | Path],
    *,
    line: Callable[[str], None],
    timeout: float | None = None,
    check: bool = True,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> Completed:
    """Run a program and hand over each line of its output and errors as it comes; all of it is in `stdout` at the end.

    Times in seconds. Raises as `run` does. An exception out of *line* ends the program.
    """
    words = _words(argv)
    try:
        process = subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=cwd,
            env=_environment(env),
            text=True,
            errors="replace",
        )
    except FileNotFoundError:
        raise _not_installed(words[0]) from None
    expired = threading.Event()

    def give_up() -> None:
        expired.set()
        process.kill()

    watchdog = threading.Timer(timeout, give_up) if timeout is not None else None
    if watchdog is not None:
        watchdog.daemon = True
        watchdog.start()
    said: list[str] = []
    with process:
        try:
            for text in process.stdout or ():
                said.append(text)
                line(text.rstrip("\n"))
        except BaseException:
            process.kill()
            raise
        finally:
            if watchdog is not None:
                watchdog.cancel()
    exit_code = TIMED_OUT if expired.is_set() else process.returncode
    completed = Completed(words, exit_code, "".join(said), "", timed_out=expired.is_set())
    if check and completed.exit_code != 0:
        raise CommandFailed(completed)
    return completed


def attach(argv: Sequence[str | Path], *, env: Mapping[str, str] | None = None) -> int:
    """Run a program on our own terminal and return its exit code (128 + signal, where a signal ended it)."""
    words = _words(argv)
    try:
        exit_code = subprocess.run(words, check=False, env=_environment(env)).returncode
    except FileNotFoundError:
        raise _not_installed(words[0]) from None
    return exit_code if exit_code >= 0 else 128 - exit_code


def spawn(argv: Sequence[str | Path], *, log: Path, env: Mapping[str, str] | None = None) -> int:
    """Start a program that outlives us, in a session of its own, its output appended to *log*; return its pid.

    Raises SetupProblem where the program is not installed.
    """
    words = _words(argv)
    program = shutil.which(words[0])
    if program is None:
        raise _not_installed(words[0])
    return os.posix_spawn(
        program,
        words,
        _environment(env) or os.environ,
        setsid=True,
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(log), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
    )


def _words(argv: Sequence[str | Path]) -> tuple[str, ...]:
    return tuple(str(word) for word in argv)


def _environment(added: Mapping[str, str] | None) -> dict[str, str] | None:
    return None if added is None else {**os.environ, **added}


def _text(written: bytes | None) -> str:
    return (written or b"").decode(errors="replace")


def _not_installed(program: str) -> SetupProblem:
    return SetupProblem(f"the program {program!r} is wanted and not installed", f"install {program}, or put it on PATH")
