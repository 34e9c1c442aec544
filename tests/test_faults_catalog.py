"""Every fault of the catalog says what it is."""

import pkgutil
import re
from pathlib import Path

import pytest

from svcproof.faults import catalog
from svcproof.faults.fault import Fault, Layer
from svcproof.run.roster import ID

ROW_OF_AN_OUTLINE = r"-\d+\.\d+$"
FAULTS = catalog.load()
FILES = sorted(module.name for module in pkgutil.iter_modules(catalog.__path__))


def test_there_are_forty_faults_at_least() -> None:
    assert len(FAULTS) >= 40


def test_each_file_has_one_fault_of_its_own_name() -> None:
    assert [name.replace("-", "_") for name in FAULTS] == FILES


def test_every_layer_is_covered() -> None:
    assert {fault.layer for fault in FAULTS.values()} == set(Layer)


@pytest.mark.parametrize("fault", FAULTS.values(), ids=lambda fault: fault.name)
class TestEachFault:
    def test_says_in_one_sentence_what_goes_wrong(self, fault: Fault) -> None:
        assert re.fullmatch(r"[A-Z][^\n]{20,140}\.", fault.stands_for)
        assert ". " not in fault.stands_for

    def test_breaks_scenarios_that_have_ids(self, fault: Fault) -> None:
        assert fault.breaks
        named = {re.sub(ROW_OF_AN_OUTLINE, "", name) for name in (*fault.breaks, *fault.may_break)}
        assert all(ID.fullmatch(name) for name in named)

    def test_names_nobody_both_as_broken_and_as_collateral(self, fault: Fault) -> None:
        assert not fault.breaks & fault.may_break.keys()

    def test_has_a_reason_that_is_a_regular_expression(self, fault: Fault) -> None:
        re.compile(re.sub(r"\{(victim|bystander|others)\}", "node-1", fault.reason_says))

    def test_links_to_a_page_or_nowhere(self, fault: Fault) -> None:
        assert not fault.link or fault.link.startswith("https://github.com/kubernetes/")


def test_no_two_faults_stand_for_the_same() -> None:
    sentences = [fault.stands_for for fault in FAULTS.values()]
    assert len(set(sentences)) == len(sentences)


def test_no_fault_asks_for_more_than_a_lab_can_be() -> None:
    assert all(2 <= fault.needs.nodes <= 5 for fault in FAULTS.values())


def test_the_catalog_holds_nothing_but_faults() -> None:
    folder = Path(next(iter(catalog.__path__)))
    assert sorted(path.stem for path in folder.glob("*.py") if path.stem != "__init__") == FILES
