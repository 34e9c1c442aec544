"""(draft)"""

from __future__ import annotations

from collections.abc import Mapping

from svcproof.report.results import Run


def render(run: Run, again: Mapping[str, str]) -> str:
    return run.sentence
