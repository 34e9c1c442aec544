"""Asking laws, asking them again of files, and the recorded histories in fixtures/histories."""

import inspect
import json
import time
from pathlib import Path

import histories
import pytest
from histories import Making, answered, between
from typer.testing import CliRunner

from svcproof.cli import app
from svcproof.cli.judge import open_history
from svcproof.model.history import Exchange, History, Kind, MalformedHistory, Outcome, Stream
from svcproof.model.judging import Asked, answer, ask, judge
from svcproof.model.laws import LAWS
from svcproof.model.verdict import Answer, worst

RECORDED = sorted(histories.FOLDER.glob("*.jsonl*"))
GOOD = answered("web-1")


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.name)
def test_a_recorded_history_is_judged_as_its_name_says(path):
    judgements = judge(open_history(path))
    wanted = path.name.partition(".")[0].rpartition("-")[2]

    assert judgements, "its header names no law"
    verdict = worst(judgement.verdict for judgement in judgements)
    assert verdict.answer.value == wanted, [(one.asked.law, one.verdict) for one in judgements]


def test_every_answer_has_recorded_histories():
    assert {path.name.partition(".")[0].rpartition("-")[2] for path in RECORDED} == {"met", "violated", "unknown"}


@pytest.mark.parametrize("name", sorted(histories.files()))
def test_the_hand_made_files_are_those_that_the_program_makes(name):
    assert (histories.FOLDER / name).read_text(encoding="utf-8") == histories.files()[name], "run tests/histories.py"


def test_every_law_is_asked_by_some_recorded_history_or_unit_test():
    asked = {one.asked.law for path in RECORDED for one in judge(open_history(path))}
    tests = "".join(path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_laws_*.py"))

    assert {law for law in LAWS if law not in asked and f'"{law}"' not in tests} == set()


@pytest.mark.parametrize("law", LAWS.values(), ids=LAWS)
def test_a_law_is_named_after_its_function_and_says_its_contract(law):
    assert LAWS[law.__name__] is law
    assert inspect.getdoc(law)
    assert next(iter(inspect.signature(law).parameters)) == "history"


def _two():
    making = Making().run("a", between(0.2, 0.3, Outcome.RESET, GOOD), until=2).run("b", until=2).control(until=2)
    return making.mark(0.5, "settled").history()


def test_a_law_is_asked_of_all_streams_unless_some_are_named():
    assert ask(_two(), "none_lost").answer is Answer.VIOLATED
    assert ask(_two(), "none_lost", streams=["b"]).answer is Answer.MET


def test_a_prober_that_is_lost_before_the_window_begins_is_missing_in_it():
    making = Making().run("a", GOOD, until=0.4).run("b", GOOD, until=2).control(until=2).mark(0.5, "settled")
    assert ask(making.history(), "none_lost", since="settled").answer is Answer.MET  # it was meant to end
    lost = making.event(0.45, Kind.PROBER, "a pod", "is lost", what="lost", streams=["a"]).history()
    assert ask(lost, "none_lost", since="settled").answer is Answer.UNKNOWN
    assert ask(lost, "none_lost", since="settled", streams=["b"]).answer is Answer.MET


def test_a_law_is_asked_between_moments_or_marks():
    assert ask(_two(), "none_lost", since="settled").answer is Answer.MET
    assert ask(_two(), "none_lost", until="settled").answer is Answer.VIOLATED
    assert ask(_two(), "none_lost", since=0.25, until=0.28).answer is Answer.VIOLATED
    assert ask(_two(), "none_lost", since=0.3, until=0.6).figures["sent"] == 30


def test_a_mark_that_is_not_there_makes_unknown():
    assert ask(_two(), "none_lost", since="healed").answer is Answer.UNKNOWN


def test_the_control_is_heard_also_outside_the_window():
    making = Making().run("out", between(0.55, 0.6, Outcome.UNREACHABLE, GOOD), until=0.6)
    making.control(end=between(0.4, 0.9, Outcome.UNREACHABLE, GOOD), until=2)

    assert ask(making.history(), "none_lost", since=0.55, until=0.6).answer is Answer.UNKNOWN


def test_a_stream_that_spoke_at_another_time_is_not_missed_and_one_that_never_did_is():
    making = Making().run("early", until=0.4).run("late", since=0.5, until=1.0)
    assert ask(making.history(), "none_lost", since=0.5).answer is Answer.MET
    assert ask(making.history(), "none_lost", streams=["early"], since=0.5).answer is Answer.UNKNOWN
    making.run("mute", until=0.0)
    assert ask(making.history(), "none_lost", since=0.5).answer is Answer.UNKNOWN


def test_witness_streams_are_heard_though_not_named():
    making = Making().run("out", between(0, 9, Outcome.TIMED_OUT, GOOD)).run("allowed", frontend="other")

    assert ask(making.history(), "no_exchange_answered", streams=["out"], witness=["allowed"]).answer is Answer.MET


@pytest.mark.parametrize(
    ("law", "streams", "arguments", "says"),
    [
        ("all_is_well", [], {}, "no law is called 'all_is_well'; the laws are"),
        ("none_lost", [], {"mood": 1}, "law none_lost: .*mood"),
        ("only_these_answered", [], {}, "law only_these_answered: .*backends"),
        ("none_lost", ["c"], {}, "law none_lost: the history has no stream c"),
    ],
)
def test_what_cannot_be_asked_is_said(law, streams, arguments, says):
    with pytest.raises(MalformedHistory, match=says):
        ask(_two(), law, streams=streams, **arguments)


@pytest.mark.parametrize("laws", ["none_lost", ["none_lost"], [{"law": "none_lost", "when": 1}], [{"law": 7}]])
def test_a_header_with_malformed_laws_is_said(laws):
    with pytest.raises(MalformedHistory):
        judge(History(about={"laws": laws}))


def test_a_question_keeps_its_plain_form():
    asked = Asked("converged_within", ("a",), None, "settled", {"after": "scaled", "budget": 2.0})
    history = History(about={"laws": [json.loads(json.dumps(asked.plain()))]})

    assert [one.asked for one in judge(history)] == [asked]


def test_a_hundred_thousand_exchanges_are_judged_within_seconds():
    streams = {f"s{k}": Stream(f"s{k}", "outside", f"web-{k}", rate=500.0) for k in range(2)}
    exchanges = tuple(
        Exchange(
            f"s{k % 2}", k // 2, k / 1000, k / 1000 + 0.01, Outcome.ANSWERED, k / 1000 + 0.001, backend=f"web-{k % 3}"
        )
        for k in range(100_000)
    )
    history = History(streams, exchanges)
    backends = ["web-0", "web-1", "web-2"]
    for law, arguments in (
        ("every_exchange_answered", {}),
        ("only_these_answered", {"backends": backends}),
        ("spread_over_backends", {"backends": backends}),
        ("unavailable_for_at_most", {"seconds": 1.0}),
        ("converged_within", {"after": 1.0, "budget": 1.0, "backends": backends}),
    ):
        began = time.process_time()
        assert answer(history, Asked(law, arguments=arguments)).answer is Answer.MET
        took = time.process_time() - began

        assert took < 5, f"{law} took {took:.1f} s of processor time; well under 1 s when this was written"


def _run(*arguments):
    return CliRunner().invoke(app, ["judge", *map(str, arguments)])


@pytest.mark.parametrize(
    ("names", "code"),
    [
        (["scale-down-drains-met"], 0),
        (["resets-on-one-node-violated"], 1),
        (["prober-lost-unknown"], 3),
        (["scale-down-drains-met", "prober-lost-unknown", "resets-on-one-node-violated"], 1),
        (["scale-down-drains-met", "prober-lost-unknown"], 3),
    ],
)
def test_the_exit_code_is_the_worst_verdict(names, code):
    assert _run(*(histories.FOLDER / f"{name}.jsonl" for name in names)).exit_code == code


def test_judge_prints_one_line_a_law_with_its_reason():
    lines = _run(histories.FOLDER / "resets-on-one-node-violated.jsonl").output.splitlines()

    assert len(lines) == 1
    assert lines[0].startswith("violated  every exchange answered: node2 198.18.0.12:31704 from outside: 10 of 200")


def test_judge_prints_json_when_asked():
    printed = _run("--json", histories.FOLDER / "spread-evenly-met.jsonl").output.splitlines()
    found = [json.loads(line) for line in printed]

    assert [one["verdict"] for one in found] == ["met", "met"]
    assert found[0]["law"] == "spread_over_backends"
    assert found[0]["figures"]["choices"] == 300


def test_judge_asks_another_law_when_told():
    result = _run("--law", "every_exchange_answered", histories.FOLDER / "outage-of-two-seconds-violated.jsonl")

    assert result.exit_code == 1
    assert "every exchange answered" in result.output


def test_a_history_that_names_no_law_is_unknown(tmp_path):
    path = tmp_path / "none.jsonl"
    path.write_text('{"svcproof": "history", "version": 1, "streams": []}\n')

    assert _run(path).exit_code == 3


@pytest.mark.parametrize(
    "text", ["", "not json\n", '{"svcproof": "history", "version": 1, "about": {"laws": 3}, "streams": []}\n']
)
def test_what_is_no_history_ends_with_the_set_up_code(tmp_path, text):
    path = tmp_path / "broken.jsonl"
    path.write_text(text)

    assert _run(path).exit_code == 2
    assert _run(tmp_path / "missing.jsonl").exit_code == 2
