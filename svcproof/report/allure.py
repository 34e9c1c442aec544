"""Allure results in allure-python's own model: every scenario, those inside Rules too, with behave's final word."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from pathlib import Path

from allure_commons.logger import AllureFileLogger
from allure_commons.model2 import Attachment, Label, Link, Parameter, Status, StatusDetails, TestResult, TestStepResult
from allure_commons.types import LabelType, LinkType, Severity
from allure_commons.utils import md5

from svcproof.report.results import Ending, Evidence, Run, ScenarioResult, StepResult

STATUSES = {
    Ending.MET: Status.PASSED,
    Ending.VIOLATED: Status.FAILED,
    Ending.UNKNOWN: Status.BROKEN,
    Ending.SKIPPED: Status.SKIPPED,
}
"""Allure calls broken what is not the product's fault."""

CATEGORIES = [
    {"name": "Promises that the cluster breaks", "matchedStatuses": ["failed"]},
    {"name": "What could not be told", "matchedStatuses": ["broken", "unknown"]},
    {"name": "Not asked for want of a capability", "matchedStatuses": ["skipped"]},
]


def write(run: Run, folder: Path, again: Mapping[str, str]) -> None:
    """Write a results folder, in place of what it held."""
    logger = AllureFileLogger(str(folder), clean=True)  # type: ignore[no-untyped-call]
    for result in run.scenarios:
        made = _result(run, result, folder, again.get(result.entry.id, ""))
        logger.report_result(made)  # type: ignore[no-untyped-call]
    (folder / "environment.properties").write_text("".join(_environment(run)), encoding="utf-8")
    (folder / "categories.json").write_text(json.dumps(CATEGORIES, indent=1), encoding="utf-8")


def _result(run: Run, result: ScenarioResult, folder: Path, again: str) -> TestResult:
    entry = result.entry
    began = round((result.began or run.began) * 1000)
    name: str = md5("svcproof", entry.id)  # type: ignore[no-untyped-call]
    attached = {item: _attachment(run, item, folder) for item in result.evidence if item.file}
    return TestResult(
        uuid=str(uuid.uuid5(uuid.NAMESPACE_URL, f"svcproof:{run.run}:{run.began}:{entry.id}")),
        historyId=name,
        testCaseId=name,
        fullName=f"{entry.file}: {entry.id}",
        name=entry.name,
        titlePath=[*Path(entry.file).parts[:-1], entry.feature, *([entry.rule] if entry.rule else [])],
        status=STATUSES[result.ending],
        statusDetails=_details(result),
        stage="finished",
        description=f"{entry.location}\n\nagain: `{again}`",
        steps=[_step(step, number, began, attached) for number, step in enumerate(result.steps, 1)],
        attachments=[made for item, made in attached.items() if made and not item.step],
        parameters=[Parameter(name="id", value=entry.id, excluded=True)],
        labels=_labels(result),
        links=[Link(type=LinkType.TEST_CASE, name=row, url=f"#{row}") for row in entry.rows],
        start=began,
        stop=began + round(result.seconds * 1000),
    )


def _details(result: ScenarioResult) -> StatusDetails | None:
    if not result.because and not result.trouble:
        return None
    trace = next((step.trace for step in result.steps if step.trace), "")
    more = [text for text in result.trouble if text not in result.because]
    cure = [f"to get it: {result.cure}"] if result.cure else []
    cause = [f"cause: {result.cause}"] if result.cause else []
    return StatusDetails(message="\n".join([result.because, *more, *cause, *cure]), trace=trace or None)


def _labels(result: ScenarioResult) -> list[Label]:
    entry = result.entry
    severity = Severity.CRITICAL if entry.level == "core" else Severity.NORMAL
    pairs = [
        (LabelType.EPIC, "Kubernetes Services"),
        (LabelType.FEATURE, entry.feature),
        (LabelType.STORY, entry.rule),
        (LabelType.SUITE, entry.feature),
        (LabelType.SUB_SUITE, entry.rule),
        (LabelType.SEVERITY, severity.value),
        (LabelType.THREAD, result.worker),
        (LabelType.FRAMEWORK, "behave"),
        (LabelType.LANGUAGE, "python"),
        *((LabelType.TAG, tag) for tag in entry.tags),
    ]
    return [Label(name=name, value=value) for name, value in pairs if value]


def _step(step: StepResult, number: int, began: int, attached: Mapping[Evidence, Attachment | None]) -> TestStepResult:
    start = round(step.began * 1000) or began
    below = [Parameter(name="below", value=step.line.below)] if step.line.below else []
    return TestStepResult(
        name=f"{step.line.keyword} {step.line.name}",
        status=STATUSES[step.ending],
        statusDetails=StatusDetails(message=step.message, trace=step.trace or None) if step.message else None,
        stage="finished",
        parameters=below,
        attachments=[made for item, made in attached.items() if made and item.step == number],
        start=start,
        stop=start + round(step.seconds * 1000),
    )


def _attachment(run: Run, item: Evidence, folder: Path) -> Attachment | None:
    """Copy evidence to where Allure looks for it; None where it is gone."""
    source = f"{uuid.uuid5(uuid.NAMESPACE_URL, f'{run.run}:{item.file}')}-attachment{Path(item.file).suffix}"
    try:
        (folder / source).write_bytes(((run.folder or Path()) / item.file).read_bytes())
    except FileNotFoundError:
        return None
    return Attachment(name=item.name, source=source, type=item.media_type)


def _environment(run: Run) -> list[str]:
    facts = {**run.cluster, **{f"suite {name}": value for name, value in run.suite.items()}}
    plain = {name: value for name, value in facts.items() if isinstance(value, str | int)}
    plain["nodes"] = len(run.cluster.get("nodes") or [])
    return [f"{name.replace(' ', '_')}={value}\n" for name, value in plain.items()]
