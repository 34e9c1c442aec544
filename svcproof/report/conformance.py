"""A conformance report in the manner of the Gateway API's: small, comparable, and recomputable from the events."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

import yaml

from svcproof import as_yaml
from svcproof.problems import SetupProblem
from svcproof.report.results import Ending, Run, ScenarioResult
from svcproof.report.terminal import first_line

API_VERSION = "svcproof.dev/v1alpha1"
KIND = "ConformanceReport"
LEVELS = ("core", "extended")


def write(run: Run, file: Path) -> None:
    """Write the report as YAML."""
    file.write_text(as_yaml.dump(render(run), width=110), encoding="utf-8")


def render(run: Run) -> dict[str, Any]:
    """Return the report in its plain form; the same events always give the same report."""
    return {
        "apiVersion": API_VERSION,
        "kind": KIND,
        "date": _date(run.began),
        "run": run.run,
        "suite": {key: str(value) for key, value in run.suite.items()},
        "cluster": dict(run.cluster),
        "complete": not run.interrupted and all(one.status != "lost" for one in run.scenarios),
        "verdict": run.sentence,
        "statistics": _statistics(run.scenarios),
        "profiles": [_profile(run, level) for level in LEVELS],
        "supportedCapabilities": sorted(one.name for one in run.capabilities if one.present),
        "unsupportedCapabilities": [
            {"name": one.name, "because": one.because, "cure": one.cure}
            for one in sorted(run.capabilities, key=lambda one: one.name)
            if not one.present
        ],
        "scenarios": [_scenario(one) for one in sorted(run.scenarios, key=lambda one: one.entry.id)],
    }


def _profile(run: Run, level: str) -> dict[str, Any]:
    results = [one for one in run.scenarios if one.entry.level == level]
    return {"name": level, "result": _result(results), "statistics": _statistics(results)}


def _result(results: list[ScenarioResult]) -> str:
    """Return success, partial (something was skipped), failure, unknown, or none where nothing was asked."""
    endings = {one.ending for one in results}
    if Ending.VIOLATED in endings:
        return "failure"
    if Ending.UNKNOWN in endings:
        return "unknown"
    if Ending.MET not in endings:
        return "none"
    return "partial" if Ending.SKIPPED in endings else "success"


def _statistics(results: list[ScenarioResult] | tuple[ScenarioResult, ...]) -> dict[str, int]:
    return {ending.value: sum(one.ending is ending for one in results) for ending in Ending}


def _scenario(one: ScenarioResult) -> dict[str, Any]:
    form: dict[str, Any] = {
        "id": one.entry.id,
        "name": one.entry.name,
        "level": one.entry.level or "none",
        "rows": list(one.entry.rows),
        "verdict": one.ending.value,
    }
    if one.because:
        form["because"] = first_line(one.because)
    if one.cause:
        form["cause"] = one.cause
    if one.capability:
        form["missing"] = one.capability
    return form


def _date(unix: float) -> str:
    return dt.datetime.fromtimestamp(unix, dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def schema() -> dict[str, Any]:
    """Return the report's JSON Schema."""
    text = resources.files("svcproof.report").joinpath("schema", "conformance.json").read_text(encoding="utf-8")
    return dict(json.loads(text))


def read(file: Path) -> dict[str, Any]:
    """Read a report; raise SetupProblem where it is none."""
    try:
        form = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError, UnicodeDecodeError) as problem:
        raise SetupProblem(f"{file}: {problem}", "name a conformance.yaml of svcproof") from problem
    if not isinstance(form, dict) or form.get("apiVersion") != API_VERSION or form.get("kind") != KIND:
        raise SetupProblem(f"{file}: wanted a {KIND} of {API_VERSION}", "name a conformance.yaml of svcproof")
    return form


def differences(claimed: Mapping[str, Any], run: Run) -> list[str]:
    """Say where a report is not what the events of its run give."""
    return sorted(_differences("", dict(claimed), render(run)))


def _differences(place: str, claimed: Any, found: Any) -> list[str]:
    if isinstance(claimed, dict) and isinstance(found, dict):
        return [
            said
            for key in {**found, **claimed}
            for said in _differences(f"{place}.{key}" if place else str(key), claimed.get(key), found.get(key))
        ]
    if isinstance(claimed, list) and isinstance(found, list) and len(claimed) == len(found):
        return [
            said
            for number, (one, other) in enumerate(zip(claimed, found, strict=True))
            for said in _differences(f"{place}[{_name(one, number)}]", one, other)
        ]
    return [] if claimed == found else [f"{place}: the report says {_short(claimed)}, the events say {_short(found)}"]


def _name(item: Any, number: int) -> str:
    return str(item.get("id") or item.get("name") or number) if isinstance(item, dict) else str(number)


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 120 else f"{text[:117]}…"
