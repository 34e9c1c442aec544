"""The writers: each holds to its format, and says what behave says."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import runs
import yaml
from jsonschema import Draft202012Validator

from svcproof.report import allure, comparison, conformance, ctrf, github, junit, terminal, writers
from svcproof.report.results import Ending

AGAIN = {"aa-02": "svcproof run aa-02"}


# -- JUnit


def junit_of(folder: Path) -> ET.Element:
    junit.write(runs.every_end(), folder / "junit.xml", AGAIN)
    return ET.parse(folder / "junit.xml").getroot()


def test_junit_counts_what_it_lists(tmp_path: Path) -> None:
    root = junit_of(tmp_path)
    assert root.tag == "testsuites"
    for element in (root, *root.findall("testsuite")):
        cases = element.findall(".//testcase")
        assert int(element.attrib["tests"]) == len(cases) == 7
        for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert int(element.attrib[name]) == len(element.findall(f".//{tag}"))


def test_junit_holds_to_the_order_and_attributes_that_readers_want(tmp_path: Path) -> None:
    for suite in junit_of(tmp_path).findall("testsuite"):
        assert {"name", "tests", "failures", "errors", "skipped", "time", "timestamp"} <= suite.attrib.keys()
        assert suite[0].tag == "properties"
        for case in suite.findall("testcase"):
            assert {"name", "classname", "time"} <= case.attrib.keys()
            assert float(case.attrib["time"]) >= 0
            order = ["properties", "skipped", "error", "failure", "system-out"]
            tags = [child.tag for child in case]
            assert tags == sorted(tags, key=order.index)
            assert sum(tag in ("skipped", "error", "failure") for tag in tags) <= 1


def test_the_cause_line_ends_what_every_writer_says_of_a_violation(tmp_path: Path) -> None:
    owner, line = runs.entry("aa-02"), "proxy on node-2: none of its rules speaks of it"
    cause = [{"is": "cause", "scenario": "aa-02", "line": line}]
    run = runs.run([owner], cause, runs.ended(owner, "failed", message="web-1 never answered"))
    failure = junit.render(run, AGAIN).find(".//failure")
    assert failure is not None
    assert (failure.text or "").splitlines()[-2] == f"cause: {line}"
    assert ctrf.render(run, AGAIN)["results"]["tests"][0]["extra"]["cause"] == line
    assert conformance.render(run)["scenarios"][0]["cause"] == line
    assert github.marks(run)[0].endswith(f"%0Acause: {line}")
    assert f"  cause: {line}\n" in terminal.closing(run, colour=False, reproduce=AGAIN)
    allure.write(run, tmp_path, AGAIN)
    (file,) = tmp_path.glob("*-result.json")
    assert json.loads(file.read_text())["statusDetails"]["message"] == f"web-1 never answered\ncause: {line}"
    assert list(Draft202012Validator(conformance.schema()).iter_errors(conformance.render(run))) == []


def test_junit_names_are_unique(tmp_path: Path) -> None:
    cases = junit_of(tmp_path).findall(".//testcase")
    assert len({(case.attrib["classname"], case.attrib["name"]) for case in cases}) == len(cases)


def test_junit_keeps_reasons_and_what_xml_cannot_hold(tmp_path: Path) -> None:
    root = junit_of(tmp_path)
    assert root.find(".//skipped").attrib["message"] == "no dns answers; to get it: run one"  # type: ignore[union-attr]
    failure = root.find(".//failure")
    assert failure is not None
    assert failure.attrib["message"] == "web-1 <b>never</b> answered"
    assert "in 100 connections\ufffd" in (failure.text or "")
    assert "again: svcproof run aa-02" in (failure.text or "")


# -- CTRF


def closed(required: dict[str, object], **optional: object) -> dict[str, object]:
    """Return the schema of an object that has nothing else."""
    known = {**required, **optional}
    return {"type": "object", "required": list(required), "properties": known, "additionalProperties": False}


WORD = {"type": "string"}
NUMBER = {"type": "integer", "minimum": 0}
FREE = {"type": "object"}
STATUS = {"enum": ["passed", "failed", "skipped", "pending", "other"]}
COUNTS = dict.fromkeys(("tests", "passed", "failed", "skipped", "pending", "other", "start", "stop"), NUMBER)
ATTACHMENT = closed({"name": WORD, "contentType": WORD, "path": WORD}, extra=FREE)
TEST = closed(
    {"name": {"type": "string", "minLength": 1}, "status": STATUS, "duration": NUMBER},
    id={"type": "string", "format": "uuid"}, start=NUMBER, stop=NUMBER, message=WORD, trace=WORD, rawStatus=WORD,
    suite={"type": "array", "minItems": 1, "items": WORD}, tags={"type": "array", "items": WORD}, type=WORD,
    filePath=WORD, line=NUMBER, flaky={"type": "boolean"}, retries=NUMBER, threadId=WORD, extra=FREE,
    steps={"type": "array", "items": closed({"name": WORD, "status": STATUS}, extra=FREE)},
    attachments={"type": "array", "items": ATTACHMENT},
)  # fmt: skip
RESULTS = closed(
    {
        "tool": closed({"name": WORD}, version=WORD, extra=FREE),
        "summary": closed(COUNTS, suites=NUMBER, duration=NUMBER, flaky=NUMBER, extra=FREE),
        "tests": {"type": "array", "items": TEST},
    },
    environment=closed({}, reportName=WORD, appName=WORD, appVersion=WORD, testEnvironment=WORD, extra=FREE),
    extra=FREE,
)
CTRF = closed(
    {"reportFormat": {"const": "CTRF"}, "specVersion": {"pattern": r"^\d+\.\d+\.\d+$"}, "results": RESULTS},
    reportId={"type": "string", "format": "uuid"},
    timestamp=WORD,
    generatedBy=WORD,
    extra=FREE,
)
"""What CTRF's own schema (https://ctrf.io) says of the fields that a report of ours may have."""


def test_ctrf_holds_to_its_schema(tmp_path: Path) -> None:
    ctrf.write(runs.every_end(), tmp_path / "ctrf.json", AGAIN)
    form = json.loads((tmp_path / "ctrf.json").read_text())
    assert [error.message for error in Draft202012Validator(CTRF).iter_errors(form)] == []
    assert (form["reportFormat"], form["specVersion"]) == ("CTRF", "0.0.0")
    summary, tests = form["results"]["summary"], form["results"]["tests"]
    words = ("passed", "failed", "skipped", "pending", "other")
    assert summary["tests"] == len(tests) == sum(summary[word] for word in words)
    for test in tests:
        assert isinstance(test["name"], str)
        assert test["status"] in words
        assert isinstance(test["duration"], int)
        assert test["suite"]
        assert all(isinstance(name, str) for name in test["suite"])
        assert {step["status"] for step in test["steps"]} <= set(words)
    assert {name: summary[name] for name in words} == {"passed": 1, "failed": 1, "skipped": 1, "pending": 0, "other": 4}


# -- Allure


def allure_of(folder: Path) -> dict[str, dict[str, object]]:
    allure.write(runs.every_end(), folder, AGAIN)
    found = [json.loads(file.read_text()) for file in folder.glob("*-result.json")]
    return {next(p["value"] for p in one["parameters"] if p["name"] == "id"): one for one in found}


def test_allure_shows_nothing_green_that_is_not_met(tmp_path: Path) -> None:
    statuses = {name: one["status"] for name, one in allure_of(tmp_path).items()}
    assert statuses == {
        "aa-01": "passed",
        "aa-02": "failed",
        "aa-03": "broken",
        "aa-04": "skipped",
        "aa-05": "broken",
        "aa-06": "broken",
        "aa-07": "broken",
    }


def test_allure_keeps_reasons_rules_and_times(tmp_path: Path) -> None:
    found = allure_of(tmp_path)
    assert found["aa-04"]["statusDetails"]["message"] == "no dns answers\nto get it: run one"  # type: ignore[index]
    assert "close: RuntimeError: cut" in found["aa-06"]["statusDetails"]["message"]  # type: ignore[index]
    labels = {label["name"]: label["value"] for label in found["aa-02"]["labels"]}  # type: ignore[attr-defined]
    assert (labels["feature"], labels["story"], labels["severity"]) == ("Small things", "A thing MUST hold", "critical")
    assert found["aa-02"]["stop"] - found["aa-02"]["start"] == 2000  # type: ignore[operator]
    assert [step["status"] for step in found["aa-02"]["steps"]] == ["passed", "failed"]  # type: ignore[attr-defined]


def test_allure_names_the_cluster_and_its_categories(tmp_path: Path) -> None:
    allure_of(tmp_path)
    assert "Kubernetes=v1.36.3\n" in (tmp_path / "environment.properties").read_text()
    assert len(json.loads((tmp_path / "categories.json").read_text())) == 3


def test_allure_attaches_evidence_to_its_step(tmp_path: Path) -> None:
    (tmp_path / "evidence").mkdir()
    (tmp_path / "evidence" / "x.txt").write_text("words")
    owner = runs.entry("aa-01")
    evidence = [{"is": "evidence", "scenario": "aa-01", "name": "x", "media_type": "text/plain", "step": 2,
                 "file": "evidence/x.txt", "bytes": 5}]  # fmt: skip
    run = runs.run([owner], runs.ended(owner, "passed"), evidence, folder=tmp_path)
    allure.write(run, tmp_path / "allure", {})
    (file,) = (tmp_path / "allure").glob("*-result.json")
    (attachment,) = json.loads(file.read_text())["steps"][1]["attachments"]
    assert (tmp_path / "allure" / attachment["source"]).read_text() == "words"


# -- the conformance report


def test_the_conformance_report_holds_to_its_schema(tmp_path: Path) -> None:
    conformance.write(runs.every_end(), tmp_path / "conformance.yaml")
    Draft202012Validator.check_schema(conformance.schema())
    errors = list(
        Draft202012Validator(conformance.schema()).iter_errors(conformance.read(tmp_path / "conformance.yaml"))
    )
    assert errors == []


def test_the_conformance_report_tells_profiles_apart() -> None:
    form = conformance.render(runs.every_end())
    core, extended = form["profiles"]
    assert (core["result"], core["statistics"]["met"], core["statistics"]["skipped"]) == ("failure", 1, 1)
    assert extended["result"] == "unknown"
    assert form["complete"] is False
    assert form["supportedCapabilities"] == ["exec"]
    assert form["unsupportedCapabilities"][0]["name"] == "dns"


def test_a_report_that_was_edited_is_found_out(tmp_path: Path) -> None:
    run = runs.every_end()
    file = tmp_path / "conformance.yaml"
    conformance.write(run, file)
    assert conformance.differences(conformance.read(file), run) == []
    file.write_text(file.read_text().replace("verdict: violated", "verdict: met"))
    (said,) = conformance.differences(conformance.read(file), run)
    assert said == 'scenarios[aa-02].verdict: the report says "met", the events say "violated"'


# -- GitHub and the terminal


def test_annotations_are_escaped_and_the_worst_come_first() -> None:
    lines = github.marks(runs.every_end())
    assert lines[0].startswith("::error file=features/small/things.feature,line=10,title=violated%3A aa-02")
    assert "never</b> answered%0Ain 100" in lines[0]
    assert all(line.startswith("::warning ") for line in lines[1:])
    assert len(lines) == 5


def test_a_summary_is_cut_to_what_github_takes() -> None:
    entries = [runs.entry(f"aa-{number:05}") for number in range(3000)]
    run = runs.run(entries, *(runs.ended(one, "failed", message="x" * 500) for one in entries))
    text = github.summarise(run, {})
    assert len(text.encode()) < 1024 * 1024
    assert text.endswith("the whole is in the report.\n")


def test_the_closing_words_end_with_what_clean_up_counted() -> None:
    text = terminal.closing(runs.every_end(), colour=False, reproduce=AGAIN)
    assert text.endswith("clean-up: nothing is left")
    assert text.index("? unknown") < text.index("✗ violated")
    assert "again: svcproof run aa-02" in text


def test_what_ended_for_one_reason_is_told_once() -> None:
    entries = [runs.entry(f"aa-{number:02}") for number in range(5)]
    text = terminal.closing(runs.run(entries, *map(runs.lost, entries)), colour=False, reproduce={})
    assert "? unknown  5 scenarios: worker lost (signal 9)" in text
    assert "  aa-00, aa-01, aa-02, aa-03, aa-04\n" in text
    assert text.count("worker lost") == 1


def test_colour_comes_only_when_wanted() -> None:
    result = runs.every_end().scenarios[1]
    assert "\x1b" not in terminal.line(result)
    assert "\x1b[31m✗ violated" in terminal.line(result, colour=True)


# -- all of them, and two runs side by side


def test_one_report_that_cannot_be_written_takes_no_other_along(tmp_path: Path) -> None:
    (tmp_path / "junit.xml").mkdir()
    _, lost = writers.write_all(runs.every_end(), tmp_path, {})
    assert len(lost) == 1
    assert "junit.xml is not written" in lost[0]
    assert yaml.safe_load((tmp_path / "conformance.yaml").read_text())["kind"] == "ConformanceReport"


@pytest.mark.parametrize(
    ("before", "after", "worse"),
    [("passed", "failed", True), ("failed", "passed", False), ("error", "failed", True), ("passed", "error", True)],
)
def test_a_comparison_says_whether_it_got_worse(before: str, after: str, worse: bool) -> None:
    owner = runs.entry("aa-01")
    old, new = (runs.run([owner], runs.ended(owner, status, message="x")) for status in (before, after))
    found = comparison.compare(old, new)
    assert found.worse is worse
    assert len(found.verdicts) == 1


def test_a_comparison_tells_reasons_times_facts_and_who_vanished() -> None:
    one, two = runs.entry("aa-01"), runs.entry("aa-02")
    slow = [
        {**event, "seconds": 9.0} if event["is"] == "scenario ends" else event
        for event in runs.ended(one, "failed", message="b")
    ]
    old = runs.run([one, two], runs.ended(one, "failed", message="a"), runs.ended(two, "passed"))
    found = comparison.compare(old, runs.run([one], slow))
    assert found.reasons == ("aa-01 violated: a → b",)
    assert found.times == ("aa-01: 2.0 s → 9.0 s",)
    assert [(change.id, change.after, change.worse) for change in found.verdicts] == [("aa-02", None, True)]
    assert found.facts == ()


def test_a_comparison_counts_what_is_too_much_to_tell() -> None:
    entries = [runs.entry(f"aa-{number:02}") for number in range(30)]
    old = runs.run(entries, *(runs.ended(one, "failed", message="a") for one in entries))
    slow = [
        {**event, "seconds": 9.0} if event["is"] == "scenario ends" else event
        for one in entries
        for event in runs.ended(one, "failed", message="b")
    ]
    found = comparison.compare(old, runs.run(entries, slow))
    assert found.reasons == ("aa-00, aa-01, aa-02 and 27 more violated: a → b",)
    assert found.times[0] == "aa-00: 2.0 s → 9.0 s"
    assert found.times[20:] == ("and 10 more; of all 30, 0 took less, the rest more",)


def test_a_run_beside_itself_has_no_changes() -> None:
    run = runs.every_end()
    found = comparison.compare(run, run)
    assert (found.verdicts, found.reasons, found.times, found.facts) == ((), (), (), ())
    assert {Ending.MET, Ending.VIOLATED} <= set(run.counts)
