"""ci/kind/run is dry-run with stand-ins for docker, kind and svcproof that record how they are called."""

from __future__ import annotations

import os
import shutil
import subprocess  # noqa: TID251 - the script under test is a program
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from fake_cluster import FakeCluster, kubeconfig

ROOT = Path(__file__).parent.parent


@dataclass
class Stage:
    """A copy of the script among stand-ins."""

    root: Path

    def run(self, *arguments: str, **answers: str) -> subprocess.CompletedProcess[str]:
        environment = {"PATH": f"{self.root}/bin:/usr/bin:/bin", "LOG": str(self.root / "log"), **answers}
        script = self.root / "ci/kind/run"
        return subprocess.run(
            [str(script), *arguments], env=environment, capture_output=True, text=True, timeout=20, check=False
        )

    @property
    def calls(self) -> list[str]:
        log = self.root / "log"
        return log.read_text().splitlines() if log.exists() else []


STAND_IN = """#!/bin/sh
echo "{name} $*" >> "$LOG"
case "$*" in
  create*) exit "${{CREATE:-0}}" ;;
  run*) exit "${{RUN:-0}}" ;;
  info*) exit "${{DOCKER:-0}}" ;;
esac
"""


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    shutil.copytree(ROOT / "ci/kind", tmp_path / "ci/kind")
    stand_ins = {"bin/docker": "docker", "bin/kind": "kind", ".venv/bin/svcproof": "svcproof", "ci/prepare": "prepare"}
    for place, name in stand_ins.items():
        file = tmp_path / place
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(STAND_IN.format(name=name))
        file.chmod(0o755)
    return Stage(tmp_path)


def test_creates_runs_and_deletes_in_that_order(stage: Stage) -> None:
    ended = stage.run("--name", "k", "--report", "out", "--load", "nginx:1", "--", "--tags", "@np-01")

    assert ended.returncode == 0, ended.stderr
    verbs = [" ".join(call.split()[:3]) for call in stage.calls]
    assert verbs == [
        "docker info",
        "prepare",
        "kind create cluster",
        "kind load docker-image",
        "svcproof run --kubeconfig",
        "kind delete cluster",
    ]
    run = stage.calls[4]
    assert "--node-control kind:k" in run
    assert run.endswith("--report out --tags @np-01")


def test_a_violated_run_keeps_its_exit_code_and_the_logs(stage: Stage) -> None:
    ended = stage.run(RUN="1")

    assert ended.returncode == 1
    assert any(call.startswith("kind export logs report/kind-logs") for call in stage.calls)
    assert stage.calls[-1].startswith("kind delete cluster")


def test_a_cluster_that_cannot_be_made_is_a_setup_problem_and_is_deleted(stage: Stage) -> None:
    ended = stage.run(CREATE="1")

    assert ended.returncode == 2
    assert stage.calls[-1].startswith("kind delete cluster")
    assert not any(call.startswith("svcproof") for call in stage.calls)


def test_a_silent_docker_engine_is_said_with_its_cure(stage: Stage) -> None:
    ended = stage.run(DOCKER="1")

    assert ended.returncode == 2
    assert "cure:" in ended.stderr
    assert not any(call.startswith("kind") for call in stage.calls)


def test_the_kind_configuration_pins_every_node_by_digest() -> None:
    cluster = yaml.safe_load((ROOT / "ci/kind/cluster.yaml").read_text())

    assert [node["role"] for node in cluster["nodes"]] == ["control-plane", "worker", "worker"]
    assert all("@sha256:" in node["image"] for node in cluster["nodes"])


@pytest.mark.slow
def test_a_run_takes_its_cluster_from_kind_by_name(tmp_path: Path) -> None:
    stand_in = tmp_path / "bin/kind"
    stand_in.parent.mkdir()
    cluster = FakeCluster()
    with cluster.serving() as url:
        file = kubeconfig(url, tmp_path)
        stand_in.write_text(f'#!/bin/sh\necho "$*" >> {tmp_path}/log\n[ "$4" = mine ] && cat {file}\n')
        stand_in.chmod(0o755)
        environment = {**os.environ, "PATH": f"{stand_in.parent}:{os.environ['PATH']}"}

        def run(name: str) -> subprocess.CompletedProcess[str]:
            argv = [
                sys.executable,
                "-m",
                "svcproof",
                "run",
                "es-01",
                "--kind",
                name,
                "--report",
                str(tmp_path / "report"),
            ]
            return subprocess.run(
                argv, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
            )

        done, other = run("mine"), run("other")
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "log").read_text().splitlines()[0] == "get kubeconfig --name mine"
    assert cluster.left == []
    assert (other.returncode, "no kind cluster 'other' answers" in other.stderr) == (2, True)
