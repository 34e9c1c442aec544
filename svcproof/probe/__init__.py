"""The witness and the prober: one file that runs in pods and here."""

from __future__ import annotations

from functools import cache
from pathlib import Path

AGENT_PATH = Path(__file__).with_name("agent.py")
"""Where the agent lies on this machine, for the prober that runs outside."""


@cache
def agent_source() -> str:
    """Return the agent's text, for the ConfigMap that carries it into pods."""
    return AGENT_PATH.read_text(encoding="utf-8")
