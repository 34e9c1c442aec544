"""Plain behave with Allure: the corrected formatter says what behave says, for every status, inside Rules too."""

from __future__ import annotations

import json
import sys

import pytest
import trees

from svcproof.adapters import shell

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, object]]:
    folder = tmp_path_factory.mktemp("allure")
    features = trees.plant(folder, trees.EVERY_END)
    argv = [sys.executable, "-m", "behave", "features", "-D", "notes=notes"]
    argv += ["-f", "svcproof.run.allure_formatter:Formatter", "-o", "results"]
    done = shell.run(argv, timeout=120.0, check=False, cwd=folder, env=trees.environment(features))
    assert done.code == 1, done.stderr
    results = [json.loads(file.read_text()) for file in (folder / "results").glob("*-result.json")]
    return {str(one["name"]): one for one in results}


EXPECTED = {
    "outside of rules it holds": "passed",
    "it breaks": "failed",
    "it cannot be told": "broken",
    "it is not asked": "skipped",
    "it is skipped without a word": "skipped",
    "the hook before it breaks": "broken",
    "the hook after it breaks": "broken",
    "its clean-up breaks": "broken",
    "no step is defined": "broken",
    "a step is put off": "broken",
    "rows holds -- @1.1 two": "passed",
    "rows breaks -- @1.2 two": "failed",
    "it breaks, and the hook after it too": "broken",
    "it runs alone": "passed",
}


def test_every_status_is_behaves_own(found: dict[str, dict[str, object]]) -> None:
    assert {name: one["status"] for name, one in found.items()} == EXPECTED


def test_reasons_are_kept(found: dict[str, dict[str, object]]) -> None:
    said = {name: (one.get("statusDetails") or {}).get("message", "") for name, one in found.items()}  # type: ignore[attr-defined]
    assert said["it is not asked"] == "no DNS answers"
    assert "wanted whole, saw broken" in said["it breaks"]
    assert "hook trouble" in said["the hook before it breaks"]
    assert all(said[name] for name, status in EXPECTED.items() if status in ("broken", "failed"))
