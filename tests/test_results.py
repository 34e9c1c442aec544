"""The result model: three honest answers from behave's many words, and sums that add up."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import runs

from svcproof.exit_code import ExitCode
from svcproof.problems import SetupProblem
from svcproof.report import results
from svcproof.report.results import Ending, ScenarioResult
from svcproof.run import reconciliation


def one(*events: runs.Events) -> ScenarioResult:
    return runs.run([runs.entry("aa-01")], *events).scenarios[0]


def test_only_a_passed_scenario_with_nothing_amiss_is_met() -> None:
    owner = runs.entry("aa-01")
    assert one(runs.ended(owner, "passed")).ending is Ending.MET
    trouble = [{"is": "trouble", "scenario": "aa-01", "says": "after_feature: cut"}]
    assert one(runs.ended(owner, "passed"), trouble).ending is Ending.UNKNOWN


@pytest.mark.parametrize(
    "status",
    ["error", "hook_error", "cleanup_error", "undefined", "pending", "untested", "xpassed", "xfailed", "executing"],
)
def test_every_other_word_of_behave_is_unknown(status: str) -> None:
    assert one(runs.ended(runs.entry("aa-01"), status, step="passed")).ending is Ending.UNKNOWN


def test_a_broken_promise_stays_broken_whatever_breaks_afterwards() -> None:
    owner = runs.entry("aa-01")
    seen = one(runs.ended(owner, "cleanup_error", step="failed", message="web-1 never answered"))
    assert (seen.ending, seen.because) == (Ending.VIOLATED, "web-1 never answered")
    assert one(runs.ended(owner, "failed", message="x"), runs.lost(owner)).ending is Ending.VIOLATED


def test_a_skip_needs_its_reason() -> None:
    owner = runs.entry("aa-01")
    assert one(runs.skipped(owner)).ending is Ending.SKIPPED
    assert one(runs.ended(owner, "skipped")).ending is Ending.UNKNOWN
    assert one(runs.ended(owner, "skipped", reason="not here")).because == "not here"


def test_a_scenario_nobody_heard_of_is_unknown() -> None:
    assert one().ending is Ending.UNKNOWN
    assert one().because == "worker lost: its end was never heard of"


def test_a_lost_scenario_names_its_last_step() -> None:
    assert one(runs.lost(runs.entry("aa-01"))).because == "worker lost (signal 9) at “Then it is seen”"


def test_the_cause_line_speaks_for_what_is_not_met() -> None:
    cause = [{"is": "cause", "scenario": "aa-01", "line": "proxy on node-2: no rule for 10.96.0.9:80"}]
    seen = one(cause, runs.ended(runs.entry("aa-01"), "failed", message="2 lost"))
    assert (seen.because, seen.cause) == ("2 lost", "proxy on node-2: no rule for 10.96.0.9:80")
    assert one(cause, runs.ended(runs.entry("aa-01"), "passed")).cause == ""


def test_counts_add_up_to_the_roster() -> None:
    run = runs.every_end()
    assert sum(run.counts.values()) == len(run.scenarios) == 7
    assert dict(run.counts) == {Ending.MET: 1, Ending.VIOLATED: 1, Ending.UNKNOWN: 4, Ending.SKIPPED: 1}


@pytest.mark.parametrize(
    ("statuses", "code", "said"),
    [
        (["passed"], ExitCode.MET, "The one scenario asked is met."),
        (["passed", "passed"], ExitCode.MET, "All 2 scenarios asked are met."),
        (["passed", "failed"], ExitCode.VIOLATED, "The cluster breaks a promise of a Service: 1 violated and 1 met."),
        (["failed", "error"], ExitCode.VIOLATED,
         "The cluster breaks a promise of a Service: 1 violated, 1 unknown and 0 met."),
        (["passed", "error"], ExitCode.UNKNOWN,
         "It cannot be told whether every promise is kept: 1 unknown and 1 met."),
        ([], ExitCode.UNKNOWN, "Nothing ran, so nothing is known."),
    ],
)  # fmt: skip
def test_the_verdict_is_one_sentence_and_one_code(statuses: list[str], code: ExitCode, said: str) -> None:
    entries = [runs.entry(f"aa-0{number}") for number in range(len(statuses))]
    run = runs.run(entries, *(runs.ended(e, status, message="x") for e, status in zip(entries, statuses, strict=True)))
    assert run.exit_code is code
    assert run.sentence == said


def test_events_cut_short_are_read_to_where_they_end(tmp_path: Path) -> None:
    runs.every_end(tmp_path)
    file = tmp_path / "events.jsonl"
    text = file.read_text()
    file.write_text(text[: text.rindex('"run ends"')])
    assert results.load(tmp_path).scenarios[0].ending is Ending.MET


@pytest.mark.parametrize("text", ["not json\n{}\n", '{"no": "event"}\n', "[1]\n"])
def test_a_file_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "events.jsonl").write_text(text)
    with pytest.raises(SetupProblem, match=r"events\.jsonl:1"):
        results.load(tmp_path)
    with pytest.raises(SetupProblem, match="wanted a report's folder"):
        results.load(tmp_path / "nowhere")


def test_what_was_read_is_what_was_written(tmp_path: Path) -> None:
    made = runs.every_end(tmp_path)
    assert results.load(tmp_path) == made


def test_who_has_no_end_is_reconciled_as_lost() -> None:
    entries = [runs.entry("aa-01"), runs.entry("aa-02")]
    events = runs.ended(entries[0], "passed")
    assert [event["scenario"] for event in reconciliation.missing(entries, events, "why")] == ["aa-02"]


def test_who_ends_twice_or_unasked_is_told() -> None:
    owner, stranger = runs.entry("aa-01"), runs.entry("aa-02")
    events = [*runs.ended(owner, "passed"), *runs.ended(owner, "failed"), *runs.ended(stranger, "passed")]
    assert reconciliation.surplus([owner], events) == ["aa-02 ended and is not in the roster", "aa-01 ended 2 times"]


def test_events_are_json_all_through() -> None:
    assert json.dumps(runs.whole([runs.entry("aa-01")]))
