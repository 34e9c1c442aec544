"""The exit codes that people and CI may rely on."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """How a command ended."""

    MET = 0
    """Every selected scenario is met (or skipped with its reason)."""

    VIOLATED = 1
    """At least one scenario is violated: the cluster was seen to break a promise."""

    SETUP = 2
    """Usage or set-up: nothing was learnt about the cluster."""

    UNKNOWN = 3
    """At least one scenario is unknown or lost, or nothing ran."""
