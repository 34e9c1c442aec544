"""The contract is complete, says each thing once, and points only where a reader may check it."""

import re
from pathlib import Path

import pytest
import yaml

from svcproof.model.capability import OFFERS
from svcproof.model.contract import Contract, MalformedContract, contract_of

FILE = Path(__file__).parent.parent / "features" / "contract.yaml"

COUNTS = {
    "NP": 15, "CIP": 27, "EP": 11, "BAL": 9, "DNS": 17, "ENV": 10, "SC": 15, "RD": 5, "HL": 6, "MP": 6, "SL": 4,
    "LB": 9, "TY": 3, "PN": 10, "NPL": 4, "ING": 8, "TR": 9, "SYS": 5,
}  # fmt: skip
FROM_THE_SOURCES = {f"{area}-{number}" for area, count in COUNTS.items() for number in range(1, count + 1)}
WITHOUT_A_SCENARIO = {"BAL-9", "LB-9", "SCTP-2", "SYS-2"}
MAY_BE_LINKED = re.compile(
    r"https://(kubernetes\.io/docs/|github\.com/kubernetes/enhancements/|www\.rfc-editor\.org/rfc/)[A-Za-z0-9/_.#-]+"
)
ROW = {
    "id": "NP-1",
    "sentence": "A port MUST answer.",
    "link": "https://kubernetes.io/x",
    "level": "core",
    "capability": [],
}


@pytest.fixture(scope="module")
def contract() -> Contract:
    return contract_of(yaml.safe_load(FILE.read_text(encoding="utf-8")))


def form(**changes: object) -> dict[str, object]:
    return {"documents": {}, "areas": {"NP": "Node ports"}, "rows": [{**ROW, **changes}]}


def test_all_173_rows_of_the_sources_are_there_and_no_other_claims_a_source(contract: Contract) -> None:
    assert len(FROM_THE_SOURCES) == 173
    assert {row.id for row in contract.rows if row.source} == FROM_THE_SOURCES


def test_rows_beyond_the_sources_are_extended_and_linked_where_kubernetes_says_so(contract: Contract) -> None:
    beyond = [row for row in contract.rows if not row.source]

    assert {row.level for row in beyond} == {"extended"}
    assert [row.id for row in beyond if not MAY_BE_LINKED.fullmatch(row.link)] == []


def test_an_area_numbers_its_rows_from_one_without_gaps(contract: Contract) -> None:
    for area in contract.areas:
        numbers = [int(row.id.rpartition("-")[2]) for row in contract.rows if row.area == area]
        assert numbers == list(range(1, len(numbers) + 1)), area


def test_every_sentence_is_one_or_two_plain_ones_and_said_once(contract: Contract) -> None:
    sentences = [row.sentence for row in contract.rows]

    assert len({sentence.casefold() for sentence in sentences}) == len(sentences)
    assert [s for s in sentences if not 30 <= len(s) <= 240 or not s.endswith(".") or s.count(". ") > 1] == []
    assert [s for s in sentences if re.search(r"\b(client|server works|is up)\b", s)] == []


def test_only_the_rows_without_a_scenario_of_their_own_owe_none(contract: Contract) -> None:
    assert {row.id for row in contract.rows if not row.owed} == WITHOUT_A_SCENARIO


def test_a_wrong_claim_names_the_document_that_makes_it(contract: Contract) -> None:
    claims = [row for row in contract.rows if "Wrong" in row.note]

    assert len(claims) >= 15
    assert [row.id for row in claims if not re.search(r"Wrong (for today )?in 00[0-4]", row.note)] == []


def test_every_capability_is_used_by_a_row_or_stands_for_its_opposite(contract: Contract) -> None:
    assert {name for row in contract.rows for name in row.capability} == set(OFFERS)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"id": "np-01"}, "wanted an id"),
        ({"id": "XY-1"}, "has no title"),
        ({"level": "basic"}, "wanted level"),
        ({"capability": ["teleport"]}, "unknown capabilities"),
        ({"capability": ["sctp"]}, "core row asks for more"),
        ({"source": {"000": "states"}}, "either a source or a link"),
        ({"link": ""}, "either a source or a link"),
        ({"scenario": "none"}, "says why"),
        ({"sentense": "x"}, "unknown fields"),
    ],
)
def test_a_malformed_row_is_named_with_its_trouble(changes: dict[str, object], complaint: str) -> None:
    with pytest.raises(MalformedContract, match=complaint):
        contract_of(form(**changes))


def test_two_rows_of_one_id_are_a_problem() -> None:
    twice = form()
    twice["rows"] = [ROW, ROW]
    with pytest.raises(MalformedContract, match="two rows"):
        contract_of(twice)
