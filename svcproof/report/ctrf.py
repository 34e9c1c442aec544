"""CTRF, the Common Test Report Format: https://ctrf.io, version 0.0.0 of its schema."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from svcproof.report.results import Ending, Run, ScenarioResult

_STATUSES = {
    Ending.MET: "passed",
    Ending.VIOLATED: "failed",
    Ending.UNKNOWN: "other",
    Ending.SKIPPED: "skipped",
}
"""CTRF has no word for "could not be told" but other."""


def write(run: Run, file: Path, again: Mapping[str, str]) -> None:
    """Write the run as one JSON file."""
    file.write_text(json.dumps(render(run, again), indent=1, ensure_ascii=False), encoding="utf-8")


def render(run: Run, again: Mapping[str, str]) -> dict[str, Any]:
    """Return the report in its JSON form; times in milliseconds."""
    count = dict.fromkeys(("passed", "failed", "skipped", "pending", "other"), 0)
    for result in run.scenarios:
        count[_STATUSES[result.ending]] += 1
    return {
        "reportFormat": "CTRF",
        "specVersion": "0.0.0",
        "reportId": str(uuid.uuid5(uuid.NAMESPACE_URL, f"svcproof:{run.run}:{run.began}")),
        "generatedBy": "svcproof",
        "results": {
            "tool": {"name": "svcproof", "version": str(run.suite.get("svcproof", ""))},
            "summary": {
                "tests": len(run.scenarios),
                **count,
                "start": round(run.began * 1000),
                "stop": round(run.ended * 1000),
            },
            "tests": [_test(result, again.get(result.entry.id, "")) for result in run.scenarios],
            "environment": {
                "testEnvironment": str(run.cluster.get("server", "")),
                "extra": {key: value for key, value in run.cluster.items() if isinstance(value, str)},
            },
        },
    }


def _test(result: ScenarioResult, again: str) -> dict[str, Any]:
    entry = result.entry
    test: dict[str, Any] = {
        "name": f"{entry.id} {entry.name}",
        "status": _STATUSES[result.ending],
        "rawStatus": result.ending.value,
        "duration": round(result.seconds * 1000),
        "suite": [part for part in (entry.feature, entry.rule) if part] or [entry.file],
        "filePath": entry.file,
        "line": entry.line,
        "tags": list(entry.tags),
        "steps": [
            {"name": f"{step.line.keyword} {step.line.name}", "status": _STATUSES[step.ending]} for step in result.steps
        ],
        "attachments": [
            {"name": item.name, "contentType": item.media_type, "path": item.file}
            for item in result.evidence
            if item.file
        ],
        "extra": {"again": again, **({"cause": result.cause} if result.cause else {})},
    }
    if result.because:
        test["message"] = result.because
    trace = next((step.trace for step in result.steps if step.trace), "")
    if trace:
        test["trace"] = trace
    if result.began:
        test["start"] = round(result.began * 1000)
        test["stop"] = round((result.began + result.seconds) * 1000)
    return test
