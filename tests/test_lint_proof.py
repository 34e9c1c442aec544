"""Lint: a core scenario that no fault breaks is found, and so is a fault that breaks nothing."""

from __future__ import annotations

from pathlib import Path

import trees

from svcproof.faults.fault import Evidence, Fault, Layer
from svcproof.lint import proof, reading

STEPS = """
from behave import when, then

@when("it is looked at")
def a(context): pass

@then("it holds")
def b(context): pass
"""

FEATURE = """
Feature: Things
  Why.

  Rule: A thing MUST hold

    @aa-01 @AA-1 @core
    Scenario: it holds
      When it is looked at
      Then it holds

    @aa-02 @AA-1 @extended
    Scenario: it holds again
      When it is looked at
      Then it holds
"""


def inject(_: object) -> None: ...


def fault(name: str, *breaks: str, may_break: dict[str, str] | None = None) -> Fault:
    return Fault(
        name,
        "It breaks.",
        Layer.PROXY,
        frozenset(breaks),
        "why",
        inject,
        lambda _: Evidence(holds=True, because="seen"),
        may_break=may_break or {},
    )


def found(folder: Path, *faults: Fault) -> list[str]:
    planted = trees.plant(folder, FEATURE)
    (folder / "steps" / "all.py").write_text(STEPS)
    return [one.what for one in proof.check(reading.read(folder, [planted]), {one.name: one for one in faults})]


def test_a_core_scenario_that_no_fault_breaks_is_found(tmp_path: Path) -> None:
    assert found(tmp_path, fault("f", "aa-02")) == ["aa-01 is core, and no fault breaks it"]


def test_an_extended_scenario_may_do_without(tmp_path: Path) -> None:
    assert found(tmp_path, fault("f", "aa-01")) == []


def test_a_fault_that_breaks_nothing_is_found(tmp_path: Path) -> None:
    assert found(tmp_path, fault("f", "aa-01"), fault("g", "bb-01")) == [
        "the fault g breaks no scenario",
        "the fault g names bb-01, which no scenario has",
    ]


def test_a_name_that_no_scenario_has_is_found_among_the_collateral_too(tmp_path: Path) -> None:
    assert found(tmp_path, fault("f", "aa-01", may_break={"aa-03": "why"})) == [
        "the fault f names aa-03, which no scenario has"
    ]


def test_it_is_said_where_the_scenario_stands(tmp_path: Path) -> None:
    found(tmp_path)
    (one,) = proof.check(reading.read(tmp_path, [tmp_path / "features"]), {})
    assert (Path(one.file).suffix, one.law) == (".feature", "proven")
    assert one.line == 8
