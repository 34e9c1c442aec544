"""The prover's order of things, on a lab and a suite made of paper: whatever happens, the fault is healed."""

from dataclasses import replace
from pathlib import Path

import pytest

from svcproof.exit_code import ExitCode
from svcproof.faults import prover
from svcproof.faults.fault import Evidence, Fault, Layer, Unviable
from svcproof.faults.outcome import Ask, Finding, Mark, Outcome


class Paper:
    """A suite whose scenarios end as the fault in *state* has them end."""

    def __init__(self, state: dict, ends: dict[str, Finding]) -> None:
        self.state = state
        self.ends = ends
        self.slow: dict[str, float] = {}
        self.runs: list[tuple[bool, list[str]]] = []

    def known(self) -> list[str]:
        return ["np-01", "np-02"]

    def core(self) -> list[str]:
        return self.known()

    def quickest_first(self, ids: list[str]) -> list[str]:
        return sorted(ids, key=lambda one: self.slow.get(one, 0.0))

    def prepare(self, ids: list[str]) -> None:
        assert not self.state["broken"]
        self.prepared = list(ids)

    def run(self, ids: list[str], folder: Path | None, limit: float) -> dict[str, Finding]:
        self.runs.append((self.state["broken"], list(ids)))
        if self.state["broken"] and self.ends.get("all") == "interrupt":
            raise KeyboardInterrupt
        return {name: self.ends.get(name, Finding("met")) if self.state["broken"] else Finding("met") for name in ids}


@pytest.fixture
def state() -> dict:
    return {"broken": False, "healed": 0}


def fault(state: dict, *, works: bool = True, raises: Exception | None = None) -> Fault:
    def inject(_: object) -> None:
        if raises:
            raise raises
        state["broken"] = works

    def heal(_: object) -> None:
        state["broken"] = False
        state["healed"] += 1

    def in_effect(_: object) -> Evidence:
        return Evidence(state["broken"], f"broken: {state['broken']}")

    breaks = frozenset({"np-01"})
    return Fault("f", "It breaks.", Layer.PROXY, breaks, "refused", inject, in_effect, heal, wait=0.01)


def proving(monkeypatch: pytest.MonkeyPatch, suite: Paper) -> prover.Prover:
    class Ground:
        victim, bystander, nodes = "node-2", "node-1", ("node-1", "node-2")
        journal = type("Journal", (), {"deeds": ()})()
        undone = 0

        class lab:  # noqa: N801
            @staticmethod
            def node(_: str) -> object:
                return type("Node", (), {"addresses": ("198.18.0.12",)})()

        def undo(self) -> None:
            Ground.undone += 1

    class Trial:
        def make(self) -> None: ...
        def remove(self) -> None: ...

    class Lab:
        class plan:  # noqa: N801
            @staticmethod
            def as_dict() -> dict:
                return {}

    monkeypatch.setattr(prover, "misfits", lambda *_: "")
    monkeypatch.setattr(prover.Prover, "_ground", lambda *_: Ground())
    monkeypatch.setattr(prover, "Trial", lambda *_: Trial())
    return prover.Prover(Lab(), None, suite, lambda _: None)  # type: ignore[arg-type]


REFUSED = Finding("violated", "connection refused", 1.0)


def test_a_fault_that_is_noticed_is_caught_and_seen_green_again(monkeypatch: pytest.MonkeyPatch, state: dict) -> None:
    suite = Paper(state, {"np-01": REFUSED})
    proof = proving(monkeypatch, suite).prove([fault(state)])
    assert proof.results[0].outcome is Outcome.CAUGHT
    assert proof.results[0].clean
    assert suite.runs == [(False, ["np-01"]), (True, ["np-01"]), (False, ["np-01"])]


def test_a_fault_that_is_not_seen_in_effect_is_unviable_and_nobody_is_asked(
    monkeypatch: pytest.MonkeyPatch, state: dict
) -> None:
    suite = Paper(state, {})
    proof = proving(monkeypatch, suite).prove([fault(state, works=False)])
    assert proof.results[0].outcome is Outcome.UNVIABLE
    assert state["healed"] == 1
    assert [broken for broken, _ in suite.runs] == [False]


def test_a_fault_that_cannot_be_had_is_unviable_for_its_reason(monkeypatch: pytest.MonkeyPatch, state: dict) -> None:
    proof = proving(monkeypatch, Paper(state, {})).prove([fault(state, raises=Unviable("no netem"))])
    assert (proof.results[0].outcome, proof.results[0].because) == (Outcome.UNVIABLE, "no netem")
    assert state["healed"] == 1


def test_a_defect_of_a_fault_is_raised_and_healed(monkeypatch: pytest.MonkeyPatch, state: dict) -> None:
    with pytest.raises(ZeroDivisionError):
        proving(monkeypatch, Paper(state, {})).prove([fault(state, raises=ZeroDivisionError())])
    assert state["healed"] == 1


def test_ctrl_c_heals_and_keeps_what_was_found(monkeypatch: pytest.MonkeyPatch, state: dict) -> None:
    suite = Paper(state, {"all": "interrupt"})  # type: ignore[dict-item]
    proof = proving(monkeypatch, suite).prove([fault(state)])
    assert proof.interrupted
    assert state == {"broken": False, "healed": 1}


def test_a_scenario_that_is_met_has_missed_the_fault(monkeypatch: pytest.MonkeyPatch, state: dict) -> None:
    proof = proving(monkeypatch, Paper(state, {})).prove([fault(state)])
    assert proof.results[0].outcome is Outcome.MISSED
    assert proof.results[0].marked(Mark.MISSED)[0].scenario == "np-01"


def test_what_was_found_is_kept_though_the_next_fault_has_a_defect(
    monkeypatch: pytest.MonkeyPatch, state: dict
) -> None:
    kept: list[int] = []
    proving_it = proving(monkeypatch, Paper(state, {"np-01": REFUSED}))
    proving_it.keep = lambda so_far: kept.append(len(so_far.results))
    with pytest.raises(ZeroDivisionError):
        proving_it.prove([fault(state), fault(state, raises=ZeroDivisionError())])
    assert kept == [1]


def test_a_lab_that_is_not_green_again_is_told(monkeypatch: pytest.MonkeyPatch, state: dict) -> None:
    suite = Paper(state, {"np-01": REFUSED})
    begin = suite.run
    ends = iter([Finding("met"), REFUSED, Finding("violated", "still refused")])
    suite.run = lambda ids, folder, limit: {**begin(ids, folder, limit), "np-01": next(ends)}  # type: ignore[method-assign]
    proof = proving(monkeypatch, suite).prove([fault(state)])
    assert proof.results[0].outcome is Outcome.CAUGHT
    assert not proof.results[0].clean
    assert "still refused" in proof.results[0].healed
    assert proof.exit_code is ExitCode.UNKNOWN


def test_scenarios_are_seen_green_again_once_for_several_faults(monkeypatch: pytest.MonkeyPatch, state: dict) -> None:
    suite = Paper(state, {"np-01": REFUSED})
    proof = proving(monkeypatch, suite).prove([replace(fault(state), name=f"f{number}") for number in range(3)])
    assert len(proof.of(Outcome.CAUGHT)) == 3
    assert [broken for broken, _ in suite.runs] == [False, True, True, True, False]


def test_shared_each_fault_is_asked_about_its_own_share(monkeypatch: pytest.MonkeyPatch, state: dict) -> None:
    suite = Paper(state, {"np-01": REFUSED, "np-02": REFUSED})
    both = [replace(fault(state), name=name, breaks=frozenset({"np-01", "np-02"})) for name in "fg"]
    proving_it = proving(monkeypatch, suite)
    proving_it.ask = Ask.SHARED
    proof = proving_it.prove(both)
    assert [[cell.scenario for cell in result.cells] for result in proof.results] == [["np-01"], ["np-02"]]


def test_parts_of_the_time_are_kept(monkeypatch: pytest.MonkeyPatch, state: dict) -> None:
    proof = proving(monkeypatch, Paper(state, {"np-01": REFUSED})).prove([fault(state)])
    assert list(proof.results[0].spent) == ["look before", "inject", "look", "ask", "heal", "look after"]


def test_shared_what_is_not_green_afterwards_has_caught_nothing(monkeypatch: pytest.MonkeyPatch, state: dict) -> None:
    suite = Paper(state, {})
    suite.run = lambda ids, folder, limit: dict.fromkeys(ids, REFUSED)  # type: ignore[method-assign]
    proving_it = proving(monkeypatch, suite)
    proving_it.ask = Ask.SHARED
    proof = proving_it.prove([fault(state)])
    assert proof.results[0].outcome is Outcome.MISSED
    assert [cell.mark for cell in proof.results[0].cells] == [Mark.NOT_GREEN]
    assert not proof.results[0].clean
    assert proof.false_alarms == {"np-01": "connection refused"}


def test_shared_every_scenario_that_caught_one_is_seen_green_again(
    monkeypatch: pytest.MonkeyPatch, state: dict
) -> None:
    suite = Paper(state, {"np-01": REFUSED, "np-02": REFUSED})
    both = replace(fault(state), breaks=frozenset({"np-01", "np-02"}))
    proving_it = proving(monkeypatch, suite)
    proving_it.ask = Ask.SHARED
    proof = proving_it.prove([both])
    assert suite.prepared == ["np-01", "np-02"]
    assert suite.runs == [(True, ["np-01", "np-02"]), (False, ["np-01", "np-02"])]
    assert proof.results[0].healed.endswith("np-01, np-02 met again")
    assert proof.exit_code is ExitCode.MET


def test_shared_scenarios_are_shared_with_faults_that_are_tried_elsewhere(
    monkeypatch: pytest.MonkeyPatch, state: dict
) -> None:
    both = [replace(fault(state), name=name, breaks=frozenset({"np-01", "np-02"})) for name in "fg"]
    asked = []
    for mine in both:
        suite = Paper(state, {"np-01": REFUSED, "np-02": REFUSED})
        proving_it = proving(monkeypatch, suite)
        proving_it.ask, proving_it.among = Ask.SHARED, both
        (result,) = proving_it.prove([mine]).results
        asked.append([cell.scenario for cell in result.cells])
    assert asked == [["np-01"], ["np-02"]]


@pytest.mark.parametrize(
    ("ends", "asked", "came"),
    [
        ({"np-01": REFUSED, "np-02": REFUSED}, [["np-01"]], Outcome.CAUGHT),
        ({"np-02": REFUSED}, [["np-01"], ["np-02"]], Outcome.CAUGHT),
        ({}, [["np-01"], ["np-02"]], Outcome.MISSED),
    ],
    ids=["the first notices", "the second notices", "none notices"],
)
def test_first_one_scenario_is_asked_after_another_until_one_notices(
    monkeypatch: pytest.MonkeyPatch, state: dict, ends: dict, asked: list, came: Outcome
) -> None:
    suite = Paper(state, ends)
    proving_it = proving(monkeypatch, suite)
    proving_it.ask = Ask.FIRST
    both = replace(fault(state), breaks=frozenset({"np-01", "np-02"}))
    (result,) = proving_it.prove([both]).results
    assert result.outcome is came
    assert [cell.scenario for cell in result.cells] == [name for (name,) in asked]
    assert [ids for broken, ids in suite.runs if broken] == asked


def test_first_the_scenario_that_is_known_to_be_quickest_is_asked(monkeypatch: pytest.MonkeyPatch, state: dict) -> None:
    suite = Paper(state, {"np-01": REFUSED, "np-02": REFUSED})
    suite.slow = {"np-01": 9.0, "np-02": 2.0}
    proving_it = proving(monkeypatch, suite)
    proving_it.ask = Ask.FIRST
    (result,) = proving_it.prove([replace(fault(state), breaks=frozenset({"np-01", "np-02"}))]).results
    assert [cell.scenario for cell in result.cells] == ["np-02"]


def test_first_a_fault_is_asked_about_its_own_scenarios_whatever_else_is_tried(
    monkeypatch: pytest.MonkeyPatch, state: dict
) -> None:
    suite = Paper(state, {"np-01": REFUSED})
    proving_it = proving(monkeypatch, suite)
    proving_it.ask = Ask.FIRST
    proof = proving_it.prove([replace(fault(state), name=name) for name in "fg"])
    assert [[cell.scenario for cell in result.cells] for result in proof.results] == [["np-01"], ["np-01"]]
