"""Small suites of behave, thrown away after a test: their steps are plain Python, and no cluster is needed."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from svcproof.adapters import shell

STEPS = """
import os, threading
from pathlib import Path
from behave import given, step

def note(context, text):
    with open(context.config.userdata["notes"], "a") as file:
        file.write(text + "\\n")

@step("it holds")
def holds(context): pass

@step("it breaks")
def breaks(context): assert False, "wanted whole, saw broken"

@step("nobody knows")
def unknown(context): raise RuntimeError("no answer came")

@step("its worker dies")
def dies(context): os._exit(7)

@step("it hangs")
def hangs(context): threading.Event().wait()

@step("it hangs in {name}")
def hangs_and_cleans(context, name):
    context.add_cleanup(note, context, f"cleaned {name}")
    note(context, f"hanging {name}")
    threading.Event().wait(60)

@step("its clean-up breaks")
def clean_up_breaks(context):
    def clean(): raise RuntimeError("cannot clean")
    context.add_cleanup(clean)

@step("it is put off")
def pending(context):
    from behave.exception import StepNotImplementedError
    raise StepNotImplementedError("later")

@step("it notes its process")
def notes(context): note(context, f"pid {os.getpid()}")

@step("it leaves evidence")
def evidence(context): context.recording.attach("the words", "text/plain", "a < b")
"""

ENVIRONMENT = """
import json, os
from pathlib import Path
from svcproof.run.recording import Recording

def before_all(context):
    settings = json.loads(os.environ.get("SVCPROOF_SETTINGS", "{}"))
    report = context.config.userdata.get("report")
    context.recording = Recording(Path(report) / "events.jsonl" if report else None, settings.get("run", "plain"))
    if context.config.userdata.get("broken") == "before_all":
        raise RuntimeError("nothing to stand on")

def before_feature(context, feature):
    if "feature-hook-breaks" in feature.tags:
        raise RuntimeError("feature hook trouble")

def before_scenario(context, scenario):
    if "needs.dns" in scenario.effective_tags:
        context.recording.skipped("no DNS answers", "dns", "run CoreDNS")
        scenario.skip("no DNS answers")
    if "skipped-mutely" in scenario.effective_tags:
        scenario.skip()
    if "before-breaks" in scenario.effective_tags:
        raise RuntimeError("hook trouble")

def after_scenario(context, scenario):
    if "after-breaks" in scenario.effective_tags:
        raise RuntimeError("hook trouble")
"""

EVERY_END = """
Feature: Every way to end
  A purpose.

  @aa-01 @AA-1 @core
  Scenario: outside of rules it holds
    When it holds
    Then it holds

  Rule: A thing MUST hold

    Background:
      Given it holds

    @aa-02 @core
    Scenario: it breaks
      When it breaks
      Then it holds

    @aa-03 @extended
    Scenario: it cannot be told
      When nobody knows

    @aa-04 @needs.dns @core
    Scenario: it is not asked
      When it holds

    @aa-05 @skipped-mutely
    Scenario: it is skipped without a word
      When it holds

    @aa-06 @before-breaks
    Scenario: the hook before it breaks
      When it holds

    @aa-07 @after-breaks
    Scenario: the hook after it breaks
      When it holds

    @aa-08
    Scenario: its clean-up breaks
      When its clean-up breaks

    @aa-09
    Scenario: no step is defined
      When unheard of

    @aa-10
    Scenario: a step is put off
      When it is put off

    @aa-11
    Scenario Outline: rows <what>
      When it <what>

      Examples: two
        | what   |
        | holds  |
        | breaks |

    @aa-12 @after-breaks
    Scenario: it breaks, and the hook after it too
      When it breaks

    @aa-13 @serial
    Scenario: it runs alone
      When it leaves evidence
"""

STATUSES = {
    "aa-01": "passed",
    "aa-02": "failed",
    "aa-03": "error",
    "aa-04": "skipped",
    "aa-05": "skipped",
    "aa-06": "hook_error",
    "aa-07": "hook_error",
    "aa-08": "cleanup_error",
    "aa-09": "error",
    "aa-10": "error",
    "aa-11-1.1": "passed",
    "aa-11-1.2": "failed",
    "aa-12": "hook_error",
    "aa-13": "passed",
}
"""What behave says in the end of EVERY_END."""

VERDICTS = {
    **dict.fromkeys(STATUSES, "unknown"),
    **dict.fromkeys(("aa-01", "aa-11-1.1", "aa-13"), "met"),
    **dict.fromkeys(("aa-02", "aa-11-1.2", "aa-12"), "violated"),
    "aa-04": "skipped",
}
"""What svcproof makes of it: a promise seen broken stays broken, and a skip without a reason is unknown."""


def plant(folder: Path, *features: str) -> Path:
    """Write a suite with these features; return its features folder."""
    for name, text in (("steps/all.py", STEPS), ("environment.py", ENVIRONMENT)):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    (folder / "features").mkdir()
    for number, text in enumerate(features):
        (folder / "features" / f"f{number}.feature").write_text(text)
    return folder / "features"


def command(features: Path, *options: str) -> list[str]:
    """Return the command line of a run over a planted suite; its report and notes lie beside the features."""
    home = features.parent
    words = [sys.executable, "-m", "svcproof", "run", str(features), "--report", str(home / "report")]
    return [*words, "-D", f"notes={home / 'notes'}", *options]


def run(features: Path, *options: str, timeout: float = 120.0) -> shell.Completed:
    """Run a planted suite to its end."""
    return shell.run(command(features, *options), timeout=timeout, check=False, env=environment(features))


def environment(features: Path) -> dict[str, str]:
    """Return what keeps a run from the tester's own cache, terminal and CI."""
    told = {"XDG_CACHE_HOME": str(features.parent / "cache"), "PYTHONPATH": str(Path(__file__).parents[1])}
    return {**os.environ, **told, "GITHUB_ACTIONS": "", "FORCE_COLOR": ""}


def events(features: Path) -> list[dict[str, object]]:
    """Return the events of a run over a planted suite."""
    lines = (features.parent / "report" / "events.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]
