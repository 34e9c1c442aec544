"""Programs are started in one place, and their failures can be pasted into a shell."""

from __future__ import annotations

import os
import signal
import sys

import pytest

from svcproof.adapters import shell


def test_what_a_program_wrote_is_kept():
    done = shell.run(["sh", "-c", "cat; echo oops >&2"], input="hello", timeout=10)
    assert (done.code, done.stdout, done.stderr, done.ok) == (0, "hello", "oops\n", True)


def test_a_failure_names_the_command_the_code_and_the_last_words():
    with pytest.raises(shell.CommandFailed) as failed:
        shell.run(["sh", "-c", "echo 'no such thing' >&2; exit 3"], timeout=10)
    assert failed.value.code == 3
    assert "sh -c 'echo '" in str(failed.value)
    assert "exit code 3" in str(failed.value)
    assert "no such thing" in str(failed.value)


def test_a_failure_that_is_allowed_is_returned():
    assert shell.run(["sh", "-c", "exit 3"], timeout=10, check=False).code == 3


def test_a_program_that_is_not_there_says_so():
    with pytest.raises(shell.CommandFailed) as failed:
        shell.run(["svcproof-no-such-program"], timeout=10)
    assert failed.value.code == 127


def test_a_program_that_runs_out_of_time_is_ended():
    with pytest.raises(shell.CommandFailed, match="time ran out"):
        shell.run(["sleep", "60"], timeout=0.05)


def test_lines_come_as_they_are_written():
    lines = list(shell.stream(["sh", "-c", "echo one; echo two >&2; echo three"], timeout=10))
    assert lines == ["one", "two", "three"]


def test_a_stream_that_ends_badly_raises_after_its_last_line():
    seen = []
    with pytest.raises(shell.CommandFailed, match="exit code 2"):
        seen.extend(shell.stream(["sh", "-c", "echo one; exit 2"], timeout=10))


def test_an_attached_program_gives_its_exit_code():
    assert shell.attach(["sh", "-c", "exit 7"]) == 7
    assert shell.attach(["sh", "-c", "kill -TERM $$"]) == 128 + 15


def test_a_spawned_program_writes_to_its_log_in_a_session_of_its_own(tmp_path):
    script = "import os; print(os.getsid(0) == os.getpid())"
    pid = shell.spawn([sys.executable, "-c", script], log=tmp_path / "log")
    os.waitpid(pid, 0)
    assert (tmp_path / "log").read_text() == "True\n"


def test_a_spawned_program_keeps_none_of_our_pipes_open(tmp_path):
    reader, writer = os.pipe()
    os.set_inheritable(writer, True)
    pid = shell.spawn(["sleep", "60"], log=tmp_path / "log")
    try:
        os.close(writer)
        os.set_blocking(reader, False)
        assert os.read(reader, 1) == b""
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(reader)
