"""JUnit XML that GitHub, GitLab and Jenkins read alike: unique names, reasons kept, violated apart from unknown."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.etree import ElementTree as ET

from svcproof.report.results import Ending, Run, ScenarioResult
from svcproof.report.terminal import first_line

_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold at all, not even escaped."""


def write(run: Run, file: Path, again: Mapping[str, str]) -> None:
    """Write the run as one file: a suite for each feature, a case for each scenario of the roster."""
    ET.ElementTree(render(run, again)).write(file, encoding="utf-8", xml_declaration=True)


def render(run: Run, again: Mapping[str, str]) -> ET.Element:
    """Return the <testsuites> element."""
    root = ET.Element("testsuites", {"name": "svcproof", **_counts(run.scenarios, run.seconds)})
    groups: dict[str, list[ScenarioResult]] = {}
    for result in run.scenarios:
        groups.setdefault(result.entry.file, []).append(result)
    for file, results in groups.items():
        suite = ET.SubElement(
            root,
            "testsuite",
            {
                "name": _clean(results[0].entry.feature or file),
                **_counts(results, sum(result.seconds for result in results)),
                "timestamp": _moment(min((result.began for result in results if result.began), default=run.began)),
                "file": file,
            },
        )
        _properties(suite, _facts(run))
        for result in results:
            _case(suite, result, again.get(result.entry.id, ""))
    return root


def _counts(results: Sequence[ScenarioResult], seconds: float) -> dict[str, str]:
    def count(ending: Ending) -> str:
        return str(sum(result.ending is ending for result in results))

    return {
        "tests": str(len(results)),
        "failures": count(Ending.VIOLATED),
        "errors": count(Ending.UNKNOWN),
        "skipped": count(Ending.SKIPPED),
        "time": f"{seconds:.3f}",
    }


def _facts(run: Run) -> list[tuple[str, str]]:
    facts = [(key, str(value)) for key, value in run.cluster.items() if isinstance(value, str)]
    return [("run", run.run), *facts, *((f"suite {key}", str(value)) for key, value in run.suite.items())]


def _properties(element: ET.Element, pairs: Sequence[tuple[str, str]]) -> None:
    if pairs:
        group = ET.SubElement(element, "properties")
        for name, value in pairs:
            ET.SubElement(group, "property", {"name": _clean(name), "value": _clean(value)})


def _case(suite: ET.Element, result: ScenarioResult, again: str) -> None:
    entry = result.entry
    case = ET.SubElement(
        suite,
        "testcase",
        {
            "classname": _clean(".".join(part.replace(".", " ") for part in (entry.feature, entry.rule) if part)),
            "name": _clean(f"{entry.id} {entry.name}"),
            "time": f"{result.seconds:.3f}",
            "file": entry.file,
            "line": str(entry.line),
        },
    )
    _properties(case, [*(("row", row) for row in entry.rows), *(("level", level) for level in [entry.level] if level)])
    if result.ending is Ending.SKIPPED:
        ET.SubElement(case, "skipped", {"message": _clean(_with_cure(result))})
    elif result.ending is not Ending.MET:
        kind = "failure" if result.ending is Ending.VIOLATED else "error"
        element = ET.SubElement(
            case, kind, {"type": result.ending.value, "message": _clean(first_line(result.because))}
        )
        cause = [f"cause: {result.cause}"] if result.cause else []
        element.text = _clean("\n".join([result.because, *result.trouble, *cause, f"again: {again}"]))
    if said := _steps(result):
        ET.SubElement(case, "system-out").text = _clean(said)


def _with_cure(result: ScenarioResult) -> str:
    return f"{first_line(result.because)}; to get it: {result.cure}" if result.cure else first_line(result.because)


def _steps(result: ScenarioResult) -> str:
    lines = [
        f"{step.ending.symbol} {step.line.keyword} {step.line.name} ({step.seconds:.3f} s)" for step in result.steps
    ]
    lines += [f"[[ATTACHMENT|{item.file}]]" for item in result.evidence if item.file]
    return "\n".join(lines)


def _moment(unix: float) -> str:
    return dt.datetime.fromtimestamp(unix, dt.UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("\ufffd", text)
