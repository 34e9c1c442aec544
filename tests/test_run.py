"""A whole run over throw-away suites: whatever becomes of a worker, every scenario has exactly one end."""

from __future__ import annotations

import json
import os
import pty
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import trees

from svcproof.adapters import shell
from svcproof.cluster.api import ApiTrouble
from svcproof.report import results
from svcproof.report.results import Ending, Run
from svcproof.run import conducting, selection

pytestmark = pytest.mark.slow


def report_of(features: Path) -> Run:
    return results.load(features.parent / "report")


def endings(features: Path) -> dict[str, str]:
    return {one.entry.id: one.ending.value for one in report_of(features).scenarios}


def notes(features: Path) -> list[str]:
    file = features.parent / "notes"
    return file.read_text().splitlines() if file.exists() else []


def scenario(name: str, *steps: str, tags: str = "") -> str:
    said = "\n".join(f"    * {step}" for step in steps)
    return f"  @{name} {tags}\n  Scenario: {name}\n{said}\n"


@pytest.fixture(scope="module")
def every_end(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, shell.Completed]:
    features = trees.plant(tmp_path_factory.mktemp("every"), trees.EVERY_END)
    return features, trees.run(features, "--jobs", "3")


def test_every_way_to_end_has_its_verdict(every_end: tuple[Path, shell.Completed]) -> None:
    assert endings(every_end[0]) == trees.VERDICTS


def test_statuses_are_behaves_own(every_end: tuple[Path, shell.Completed]) -> None:
    assert {one.entry.id: one.status for one in report_of(every_end[0]).scenarios} == trees.STATUSES


def test_plain_behave_sees_the_same(tmp_path: Path) -> None:
    trees.plant(tmp_path, trees.EVERY_END)
    argv = [sys.executable, "-m", "behave", "features", "-D", "report=out", "-D", "notes=notes"]
    plain = shell.run([*argv, "-f", "json", "-o", "plain.json"], timeout=60.0, check=False, cwd=tmp_path,
                      env=trees.environment(tmp_path / "features"))  # fmt: skip
    assert plain.code == 1, plain.stderr
    seen = {one.entry.id: one for one in results.load(tmp_path / "out").scenarios}
    assert {name: one.status for name, one in seen.items()} == trees.STATUSES
    assert {name: one.ending.value for name, one in seen.items()} == trees.VERDICTS
    elements = [item for feature in json.loads((tmp_path / "plain.json").read_text()) for item in feature["elements"]]
    assert sum(item["type"] == "scenario" for item in elements) >= 1


def test_a_violation_is_loudest(every_end: tuple[Path, shell.Completed]) -> None:
    assert every_end[1].code == 1
    assert (
        "The cluster breaks promises of a Service: 3 violated, 7 unknown, 3 met and 1 skipped." in every_end[1].stdout
    )


def test_failures_are_said_again_at_the_end_with_a_line_to_reproduce(every_end: tuple[Path, shell.Completed]) -> None:
    said = every_end[1].stdout
    assert "again: svcproof run" in said
    assert "features/f0.feature:16 --keep-on-failure" in said
    assert "– skipped 1 for want of dns: no DNS answers (aa-04)\n    to get it: run CoreDNS" in said


def test_every_report_is_written(every_end: tuple[Path, shell.Completed]) -> None:
    folder = every_end[0].parent / "report"
    for name in ("events.jsonl", "index.html", "junit.xml", "ctrf.json", "conformance.yaml", "allure-results"):
        assert (folder / name).exists(), name
    assert (folder / "evidence" / "aa-13" / "01-the-words.txt").read_text() == "a < b"


def test_serial_scenarios_begin_when_all_others_have_ended(every_end: tuple[Path, shell.Completed]) -> None:
    order = [(event["is"], event.get("scenario")) for event in trees.events(every_end[0])]
    assert order.index(("handed", "aa-13")) > max(
        place for place, (what, who) in enumerate(order) if what == "scenario ends" and who != "aa-13"
    )


def test_a_worker_that_dies_loses_one_scenario_and_is_replaced(tmp_path: Path) -> None:
    features = trees.plant(
        tmp_path, "Feature: One\n" + scenario("aa-01", "its worker dies") + scenario("aa-02", "it holds")
    )
    done = trees.run(features, "--jobs", "1")
    assert done.code == 3
    first, second = report_of(features).scenarios
    assert first.ending is Ending.UNKNOWN
    assert first.because == "worker lost (exit code 7) at “* its worker dies”"
    assert second.ending is Ending.MET


def test_a_scenario_past_its_deadline_is_given_up_and_its_cleanups_run(tmp_path: Path) -> None:
    text = "Feature: One\n" + scenario("aa-01", "it hangs in there") + scenario("aa-02", "it holds")
    features = trees.plant(tmp_path, text)
    done = trees.run(features, "--jobs", "1", "--deadline", "2")
    assert done.code == 3
    hanging, other = report_of(features).scenarios
    assert hanging.because == "it ran past its deadline of 2 s at “* it hangs in there”"
    assert other.ending is Ending.MET
    assert notes(features) == ["hanging there", "cleaned there"]


def test_a_hook_of_the_feature_that_breaks_makes_its_scenarios_unknown(tmp_path: Path) -> None:
    features = trees.plant(tmp_path, "@feature-hook-breaks\nFeature: One\n" + scenario("aa-01", "it holds"))
    assert trees.run(features).code == 3
    assert "feature hook trouble" in report_of(features).scenarios[0].because


def test_workers_import_once(tmp_path: Path) -> None:
    text = "Feature: One\n" + "".join(scenario(f"aa-{n:02}", "it notes its process") for n in range(1, 13))
    features = trees.plant(tmp_path, text)
    assert trees.run(features, "--jobs", "2").code == 0
    assert len(notes(features)) == 12
    assert len(set(notes(features))) <= 2


def order_of(tmp_path: Path) -> conducting.Order:
    text = scenario("aa-01", "it holds", tags="@needs.exec") + scenario("aa-02", "it holds")
    features = trees.plant(tmp_path, "Feature: One\n" + text)
    return conducting.Order("r", selection.select([str(features)]), {}, jobs=1)


def handed(journal: conducting.Journal) -> list[str]:
    return [event["scenario"] for event in journal.events if event["is"] == "handed"]


def test_a_scenario_waits_for_what_it_needs_to_be_known_and_others_go_first(tmp_path: Path) -> None:
    journal = conducting.Journal(None)

    def rehearse(heard: conducting.Journal) -> Iterator[str]:
        end = time.monotonic() + 20
        while "scenario ends" not in [event["is"] for event in heard.events]:
            assert time.monotonic() < end, "no scenario ended meanwhile"
            threading.Event().wait(0.01)
        heard.tell({"is": "settled"})
        yield "exec"

    conducting.conduct(order_of(tmp_path), journal, rehearse=rehearse)
    assert handed(journal) == ["aa-02", "aa-01"]
    told = [event["is"] for event in journal.events]
    assert told.index("handed") < told.index("settled") < len(told) - 1 - told[::-1].index("handed")


def test_a_rehearsal_that_breaks_holds_nobody_up(tmp_path: Path) -> None:
    journal = conducting.Journal(None)

    def rehearse(_: conducting.Journal) -> Iterator[str]:
        raise ApiTrouble("the API server is silent")
        yield

    conducting.conduct(order_of(tmp_path), journal, rehearse=rehearse)
    assert sorted(handed(journal)) == ["aa-01", "aa-02"]
    assert "not found out beforehand: the API server is silent" in str(journal.events)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_before_the_first_scenario_is_one(tmp_path: Path, number: signal.Signals) -> None:
    def interrupted(_: conducting.Journal) -> Iterator[str]:
        os.kill(os.getpid(), number)
        pytest.fail("it went on")

    journal = conducting.Journal(None)
    with pytest.raises(KeyboardInterrupt):
        conducting.conduct(order_of(tmp_path), journal, rehearse=interrupted)
    assert "handed" not in [event["is"] for event in journal.events]


def test_nothing_selected_is_not_green(tmp_path: Path) -> None:
    features = trees.plant(tmp_path, "Feature: One\n" + scenario("aa-01", "it holds"))
    done = trees.run(features, "--tags", "@nowhere")
    assert done.code == 3
    assert "nothing is selected: none of 1 scenarios fits" in done.stderr


def test_only_skips_are_not_green(tmp_path: Path) -> None:
    features = trees.plant(tmp_path, "Feature: One\n" + scenario("aa-01", "it holds", tags="@needs.dns"))
    done = trees.run(features)
    assert done.code == 3
    assert "Nothing is known: 1 skipped, none asked." in done.stdout


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Feature: One\n  Scenaro: x\n", "Scenario: meant?"),
        ("Feature: One\n  @aa-01\n  Scenario: x\n", "has no steps"),
        ("Feature: One\n" + scenario("aa-01", "it holds") * 2, "the id aa-01 is taken"),
        ("Feature: One\n  @aa-01\n  Scenario Outline: <x>\n    * it <x>\n    Examples:\n      | x |\n", "no rows"),
        ("Feature: One\n  nonsense {\n  @aa-01\n  Scenario: x\n    Then it holds\n    bad\n", "f0.feature"),
    ],
)
def test_a_malformed_feature_is_a_matter_of_set_up(tmp_path: Path, text: str, said: str) -> None:
    done = trees.run(trees.plant(tmp_path, text))
    assert done.code == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_suite_that_cannot_start_is_a_matter_of_set_up(tmp_path: Path) -> None:
    features = trees.plant(tmp_path, "Feature: One\n" + scenario("aa-01", "it holds"))
    done = trees.run(features, "-D", "broken=before_all")
    assert done.code == 2
    assert "no scenario could begin: before_all: RuntimeError: nothing to stand on" in done.stderr
    (tmp_path / "steps" / "all.py").write_text("import nowhere_at_all\n")
    done = trees.run(features)
    assert done.code == 2
    assert "nowhere_at_all" in done.stderr
    assert "Traceback" not in done.stderr


def await_that(holds: Callable[[], bool], seconds: float = 30.0) -> None:
    until = time.monotonic() + seconds
    pause = __import__("threading").Event()
    while not holds():
        assert time.monotonic() < until, "it did not come about"
        pause.wait(0.05)


def begin(features: Path, *options: str) -> int:
    log = features.parent / "log"
    return shell.spawn(trees.command(features, *options), log=log, env=trees.environment(features))


HANGING = "Feature: One\n" + "".join(scenario(f"aa-0{n}", f"it hangs in {n}") for n in (1, 2, 3))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_cleans_up_and_accounts_for_all(tmp_path: Path, number: signal.Signals) -> None:
    features = trees.plant(tmp_path, HANGING)
    pid = begin(features, "--jobs", "2")
    await_that(lambda: len(notes(features)) == 2)
    os.kill(pid, number)
    _, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) == 130
    assert sorted(notes(features))[:2] == sorted(f"cleaned {line.split()[1]}" for line in notes(features)[:2])
    found = report_of(features)
    assert found.interrupted
    assert [one.ending for one in found.scenarios] == [Ending.UNKNOWN] * 3
    assert all("the run was interrupted" in one.because for one in found.scenarios)
    assert "Traceback" not in (tmp_path / "log").read_text()


def test_a_closed_terminal_ends_the_run_like_an_interruption(tmp_path: Path) -> None:
    features = trees.plant(tmp_path, HANGING)
    argv = trees.command(features, "--jobs", "2")
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(argv[0], argv, trees.environment(features))
    await_that(lambda: len(notes(features)) == 2)
    os.close(terminal)
    _, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) == 130
    assert sum(line.startswith("cleaned") for line in notes(features)) == 2
    assert [one.ending for one in report_of(features).scenarios] == [Ending.UNKNOWN] * 3


def test_workers_clean_up_when_their_parent_is_killed(tmp_path: Path) -> None:
    features = trees.plant(tmp_path, HANGING)
    pid = begin(features, "--jobs", "2")
    await_that(lambda: len(notes(features)) == 2)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    await_that(lambda: sum(line.startswith("cleaned") for line in notes(features)) == 2)
    found = report_of(features)
    assert [one.ending for one in found.scenarios] == [Ending.UNKNOWN] * 3


def test_a_full_disk_costs_reports_and_no_verdict(tmp_path: Path) -> None:
    features = trees.plant(tmp_path, "Feature: One\n" + scenario("aa-01", "it leaves evidence"))
    folder = tmp_path / "report"
    folder.mkdir()
    for name in ("events.jsonl", "index.html", "junit.xml", "ctrf.json", "conformance.yaml"):
        (folder / name).symlink_to("/dev/full")
    done = trees.run(features)
    assert done.code == 2
    assert "The one scenario asked is met." in done.stdout
    assert "events.jsonl is incomplete: No space left on device" in done.stdout
    assert "junit.xml is not written: No space left on device" in done.stdout
    assert "Traceback" not in done.stderr + done.stdout


def test_a_report_that_cannot_be_begun_stops_the_run_before_it_starts(tmp_path: Path) -> None:
    features = trees.plant(tmp_path, "Feature: One\n" + scenario("aa-01", "it holds"))
    (tmp_path / "report").write_text("a file")
    done = trees.run(features)
    assert done.code == 2
    assert "no report can be written there" in done.stderr


def test_nothing_is_written_where_no_report_is_wanted(tmp_path: Path) -> None:
    features = trees.plant(tmp_path, "Feature: One\n" + scenario("aa-01", "it leaves evidence"))
    assert trees.run(features, "--no-report").code == 0
    assert not (tmp_path / "report").exists()


def test_github_is_told_where_it_looks(tmp_path: Path) -> None:
    features = trees.plant(tmp_path, trees.EVERY_END)
    summary = tmp_path / "summary.md"
    told = {**trees.environment(features), "GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(summary)}
    done = shell.run(trees.command(features), timeout=60.0, check=False, env=told)
    place = "file=features/f0.feature,line=16,title=violated%3A aa-02 it breaks"
    assert f"::error {place}::wanted whole, saw broken" in done.stdout
    assert summary.read_text().startswith("### ✗ The cluster breaks promises")
    assert "| dns | 1 | no DNS answers | run CoreDNS |" in summary.read_text()
