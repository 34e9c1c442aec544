"""What came of a fault follows from what its scenarios found."""

from dataclasses import replace

from svcproof.exit_code import ExitCode
from svcproof.faults.fault import Evidence, Fault, Layer
from svcproof.faults.outcome import (
    Cell,
    Finding,
    Mark,
    Outcome,
    Proof,
    Result,
    cells,
    idle,
    named,
    needed,
    once_each,
    outcome,
    unproved,
)

FAULT = Fault(
    name="port-closed",
    stands_for="A firewall closes a port.",
    layer=Layer.NETWORK,
    breaks=frozenset({"np-01", "np-02"}),
    reason_says="node-2",
    inject=lambda _: None,
    in_effect=lambda _: Evidence(holds=True, because="seen"),
    may_break={"dns-01": "names are asked for at that port"},
)
MET = Finding("met")
VIOLATED = Finding("violated", "node-2 10.0.0.2:31000: 3 of 40 connections refused")
GREEN = {"np-01": MET, "np-02": MET, "dns-01": MET, "cip-01": MET}


def marks(asked: dict[str, Finding], baseline: dict[str, Finding] | None = None) -> dict[str, Mark]:
    return {cell.scenario: cell.mark for cell in cells(FAULT, FAULT.reason_says, asked, baseline or GREEN)}


def outcome_of(asked: dict[str, Finding], baseline: dict[str, Finding] | None = None) -> Outcome:
    return outcome(cells(FAULT, FAULT.reason_says, asked, baseline or GREEN))[0]


def test_a_named_scenario_violated_for_the_reason_has_caught_the_fault() -> None:
    assert outcome_of({"np-01": VIOLATED, "np-02": MET}) is Outcome.CAUGHT


def test_a_violation_for_another_reason_catches_nothing() -> None:
    other = Finding("violated", "wanted 3 endpoints, saw 2")
    assert marks({"np-01": other, "np-02": MET})["np-01"] is Mark.WRONG_REASON
    assert outcome_of({"np-01": other, "np-02": MET}) is Outcome.MISSED


def test_an_unknown_end_catches_nothing() -> None:
    assert outcome_of({"np-01": Finding("unknown", "node-2 could not be asked"), "np-02": MET}) is Outcome.MISSED


def test_the_reason_is_read_without_regard_to_case() -> None:
    assert outcome_of({"np-01": Finding("violated", "NODE-2 refuses"), "np-02": MET}) is Outcome.CAUGHT


def test_a_scenario_that_runs_out_of_time_makes_the_fault_timed_out() -> None:
    assert outcome_of({"np-01": Finding("unknown", "past its deadline", late=True), "np-02": MET}) is Outcome.TIMED_OUT


def test_a_catch_counts_though_another_scenario_ran_out_of_time() -> None:
    assert outcome_of({"np-01": Finding("unknown", late=True), "np-02": VIOLATED}) is Outcome.CAUGHT


def test_an_unnamed_violation_is_collateral_unless_it_is_explained() -> None:
    found = marks({"np-01": VIOLATED, "np-02": VIOLATED, "cip-01": VIOLATED, "dns-01": VIOLATED})
    assert found["cip-01"] is Mark.COLLATERAL
    assert found["dns-01"] is Mark.EXPLAINED


def test_a_scenario_that_was_not_green_before_says_nothing() -> None:
    baseline = {**GREEN, "np-01": VIOLATED, "np-02": Finding("skipped", "one node only")}
    assert marks({}, baseline) == {"np-01": Mark.NOT_GREEN, "np-02": Mark.SKIPPED}
    assert outcome_of({}, baseline) is Outcome.MISSED


def test_a_scenario_that_the_suite_has_not_is_absent() -> None:
    assert marks({"np-01": VIOLATED}, {"np-01": MET})["np-02"] is Mark.ABSENT


def test_an_outline_goes_by_its_own_id_with_all_its_rows() -> None:
    assert named("np-01-2", ["np-01"]) == "np-01"
    assert named("np-011", ["np-01"]) == ""
    assert (
        marks({"np-01-1": MET, "np-01-2": VIOLATED}, {"np-01-1": MET, "np-01-2": MET, "np-02": MET})["np-01-2"]
        is Mark.CAUGHT
    )


def result(ended: Outcome, *marked: Cell, clean: bool = True) -> Result:
    return Result("port-closed", ended, "because", cells=marked, clean=clean)


def test_all_caught_exits_with_0() -> None:
    assert Proof((result(Outcome.CAUGHT), result(Outcome.UNVIABLE))).exit_code is ExitCode.MET


def test_one_missed_or_timed_out_exits_with_1() -> None:
    for ended in (Outcome.MISSED, Outcome.TIMED_OUT):
        assert Proof((result(Outcome.CAUGHT), result(ended))).exit_code is ExitCode.VIOLATED


def test_nothing_in_effect_exits_with_3() -> None:
    assert Proof((result(Outcome.UNVIABLE),)).exit_code is ExitCode.UNKNOWN
    assert Proof(()).exit_code is ExitCode.UNKNOWN


def test_a_false_alarm_or_a_lab_that_did_not_heal_exits_with_3() -> None:
    assert Proof((result(Outcome.CAUGHT),), false_alarms={"np-01": "lost"}).exit_code is ExitCode.UNKNOWN
    assert Proof((result(Outcome.CAUGHT, clean=False),)).exit_code is ExitCode.UNKNOWN


def test_the_score_counts_faults_in_effect_and_collateral_apart() -> None:
    proof = Proof(
        (result(Outcome.CAUGHT, Cell("cip-01", Mark.COLLATERAL)), result(Outcome.MISSED), result(Outcome.UNVIABLE))
    )
    assert proof.score == "1 of 2 faults in effect are caught, 1 missed, 1 unviable, 1 collateral"


def test_a_core_scenario_that_no_fault_breaks_is_unproved() -> None:
    assert unproved(["np-01-1", "np-02", "es-01"], [FAULT]) == ["es-01"]


def test_a_fault_that_breaks_no_scenario_of_the_suite_is_idle() -> None:
    assert idle([FAULT, replace(FAULT, name="other", breaks=frozenset({"xx-01"}))], ["np-01"]) == ["other"]


def test_each_scenario_is_asked_under_one_fault_and_no_fault_stays_without() -> None:
    breaks = {"f": ["np-01", "np-02"], "g": ["np-02"], "h": ["np-02", "va-01"]}
    green = {"np-01": 5.0, "np-02": 1.0, "va-01-1.1": 1.0, "va-01-1.2": 1.0}
    share = once_each(breaks, green)
    assert share == {"f": ["np-01"], "g": ["np-02"], "h": ["va-01-1.1", "va-01-1.2"]}


def test_a_fault_whose_scenarios_are_all_given_away_is_asked_with_its_quickest() -> None:
    share = once_each(
        {"f": ["np-01", "np-02"], "g": ["np-01", "np-02"], "h": ["np-01", "np-02"]}, {"np-01": 5.0, "np-02": 1.0}
    )
    assert sorted(name for names in share.values() for name in names) == ["np-01", "np-02", "np-02"]
    assert all(share.values())


def test_a_fault_whose_scenarios_are_not_green_is_asked_with_none() -> None:
    assert once_each({"f": ["np-01"]}, {}) == {"f": []}


def test_core_scenarios_are_needed_and_others_only_where_no_core_one_notices() -> None:
    ids = ["np-01", "np-02", "te-05", "te-06"]
    assert needed(ids, {"np-01"}, [["np-01", "np-02"], ["te-05"]]) == ["np-01", "te-05"]
