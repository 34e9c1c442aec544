"""The witness and the prober: one file that runs in pods and here."""

from __future__ import annotations

import marshal
import sys
import zlib
from functools import cache
from pathlib import Path

AGENT_PATH = Path(__file__).with_name("agent.py")
"""Where the agent lies on this machine, for the prober that runs outside."""

_START = """\
# Runs program.py. Where this Python is the one that svcproof runs on, it need not be compiled: that was done there.
import marshal
import sys
import zlib

folder = __file__.rpartition("/")[0]
try:
    with open(f"{folder}/program.{sys.implementation.cache_tag}.z", "rb") as file:
        program = marshal.loads(zlib.decompress(file.read()))
except FileNotFoundError:
    with open(f"{folder}/program.py") as file:
        program = compile(file.read(), f"{folder}/program.py", "exec")
exec(program)
"""


@cache
def agent_source() -> str:
    """Return the agent's text."""
    return AGENT_PATH.read_text(encoding="utf-8")


def agent_files() -> dict[str, str]:
    """Return the text files that are the agent in a pod; agent.py among them is what is started."""
    return {"agent.py": _START, "program.py": agent_source()}


@cache
def agent_compiled() -> dict[str, bytes]:
    """Return the file that saves pods the compiling, to lie beside `agent_files`; its name says for which Python.

    Compiling is half of what an agent's start costs a pod; bytecode holds for one release of Python (PEP 3147).
    """
    code = compile(agent_source(), "program.py", "exec", optimize=2)
    return {f"program.{sys.implementation.cache_tag}.z": zlib.compress(marshal.dumps(code), 9)}
