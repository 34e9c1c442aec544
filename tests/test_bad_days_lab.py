"""Bad days of the suite itself on a real cluster: what befalls it while a scenario is under way.

The documented verdict, exit code and leftovers of each; tests/BAD_DAYS.md lists them all.
"""

from __future__ import annotations

import os
import signal
import subprocess  # noqa: TID251 - the type of a run under way
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import lab_runs
import pytest

from svcproof.adapters import shell
from svcproof.cluster.waiting import let_pass
from svcproof.report.results import Ending, ScenarioResult

pytestmark = lab_runs.MARKS

SCENARIO = "src-05"
"""Traffic flows from outside and from a pod while a Service grows: much that can be disturbed."""

MOMENT = "is scaled to 5 backends"


def disturbed(folder: Path, disturb: Callable[[], object], *words: str) -> tuple[int, str, ScenarioResult]:
    """Run the scenario, disturb it while its traffic flows; hold that nothing stays. Return how it ended."""
    with lab_runs.running(folder, SCENARIO, "--jobs", "2", *words) as process:
        lab_runs.await_step(folder, SCENARIO, MOMENT)
        disturb()
        code, said = lab_runs.end(process, folder)
    lab_runs.assert_nothing_stays(lab_runs.run_id(folder))
    return code, said, lab_runs.the_one(folder, SCENARIO)


def test_an_api_server_that_is_killed_and_comes_back(tmp_path: Path) -> None:
    server = lab_runs.lab().control_plane.component("kube-apiserver")

    def restart() -> None:
        server.stop(kill=True)
        let_pass(5.0)
        server.start()

    code, _, seen = disturbed(tmp_path, restart, "es-01")
    assert (code, seen.ending) == (3, Ending.UNKNOWN)
    assert all(one.ending is not Ending.VIOLATED for one in lab_runs.whole(tmp_path).scenarios)


def test_exec_streams_that_are_cut(tmp_path: Path) -> None:
    kubelets = [node.component("kubelet") for node in lab_runs.lab().nodes]

    def cut() -> None:
        for kubelet in kubelets:
            kubelet.stop(kill=True)
            kubelet.start()

    code, _, seen = disturbed(tmp_path, cut)
    assert (code, seen.ending) == (3, Ending.UNKNOWN)
    assert "lost" in seen.because
    assert seen.cause.startswith("prober: ")


def evict(namespace: str, name: str) -> None:
    body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name, "namespace": namespace}}
    reply = lab_runs.api().ask("POST", f"/api/v1/namespaces/{namespace}/pods/{name}/eviction", body)
    assert reply.accepted, reply


def pods_of(folder: Path, role: str) -> list[tuple[str, str]]:
    run = lab_runs.run_id(folder)
    found = [(pod["metadata"]["namespace"], pod["metadata"]["name"]) for pod in lab_runs.api().list("Pod")]
    return [(namespace, name) for namespace, name in found if namespace.startswith(f"svcproof-{run}-{role}")]


def test_a_prober_that_is_evicted(tmp_path: Path) -> None:
    code, _, seen = disturbed(tmp_path, lambda: evict(*pods_of(tmp_path, "vantages")[0]))
    assert (code, seen.ending) == (3, Ending.UNKNOWN)
    assert seen.cause.startswith("prober: ")


def test_a_backend_that_is_evicted(tmp_path: Path) -> None:
    code, _, seen = disturbed(tmp_path, lambda: evict(*pods_of(tmp_path, SCENARIO)[0]))
    assert (code, seen.ending) in ((0, Ending.MET), (3, Ending.UNKNOWN))


def test_a_node_that_is_gone(tmp_path: Path) -> None:
    lab = lab_runs.lab()
    victim = lab.nodes[-1].name
    with lab_runs.running(tmp_path, SCENARIO, "--jobs", "2") as process:
        lab_runs.await_step(tmp_path, SCENARIO, MOMENT)
        lab.cut(victim)
        try:
            code, _ = lab_runs.end(process, tmp_path)
        finally:
            lab.heal(victim)
    seen = lab_runs.the_one(tmp_path, SCENARIO)
    assert (code, seen.ending) in ((1, Ending.VIOLATED), (3, Ending.UNKNOWN))
    assert victim in seen.because + seen.cause
    lab_runs.assert_nothing_stays(lab_runs.run_id(tmp_path))


@contextmanager
def freed_address_taken(scenario: str) -> Iterator[list[str]]:
    """Give the address of a scenario's Service "echo" to the backends of its "other" as soon as it goes; tell it."""
    api = lab_runs.api()
    watch = api.watch("Service")
    taken: list[str] = []

    def inherit() -> None:
        for change in watch:
            meta, spec = change.object.get("metadata", {}), change.object.get("spec", {})
            if change.type == "DELETED" and f"-{scenario}-" in meta["namespace"] and meta["name"] == "echo":
                ports = [{"port": port["port"], "targetPort": port["targetPort"]} for port in spec["ports"]]
                heir = {"clusterIP": spec["clusterIP"], "selector": {"app": "other"}, "ports": ports}
                named = {"name": "heir", "namespace": meta["namespace"]}
                api.create({"apiVersion": "v1", "kind": "Service", "metadata": named, "spec": heir})
                taken.append(spec["clusterIP"])

    thread = threading.Thread(target=inherit, daemon=True)
    thread.start()
    try:
        yield taken
    finally:
        watch.close()
        thread.join(5.0)


def test_an_address_that_is_given_to_another_at_once(tmp_path: Path) -> None:
    with freed_address_taken("cip-12") as taken:
        done = lab_runs.run(tmp_path, "cip-12", "--jobs", "1")
    assert done.code == 0
    assert len(taken) == 1
    (said,) = [
        event["because"]
        for event in lab_runs.events(tmp_path)
        if event["is"] == "verdict" and event["law"] == "no_exchange_answered"
    ]
    assert "the address is another's by now" in said
    lab_runs.assert_nothing_stays(lab_runs.run_id(tmp_path))


def test_a_datagram_that_is_lost_now_and_then(tmp_path: Path) -> None:
    followers = ["pr-02-1.1", "pr-02-2.1", "pr-03", "pr-05"]
    with lab_runs.forwarding("udp dport 9001-9002 numgen inc mod 30 == 0 counter drop\n"):
        done = lab_runs.run(tmp_path, *followers, "--jobs", "2")
    assert done.code == 0
    assert {event["scenario"] for event in lab_runs.events(tmp_path) if event["is"] == "verdict"} == set(followers)
    lab_runs.assert_nothing_stays(lab_runs.run_id(tmp_path))


def test_two_runs_at_once(tmp_path: Path) -> None:
    folders = [tmp_path / "one", tmp_path / "two"]
    with (
        lab_runs.running(folders[0], SCENARIO, "es-01", "--jobs", "1") as one,
        lab_runs.running(folders[1], SCENARIO, "es-01", "--jobs", "1") as other,
    ):
        ended = [lab_runs.end(one, folders[0])[0], lab_runs.end(other, folders[1])[0]]
    assert ended == [0, 0]
    for folder in folders:
        lab_runs.assert_nothing_stays(lab_runs.run_id(folder))


def children(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def workers(process: subprocess.Popen[str]) -> list[int]:
    """Return the processes that lead a session of their own below a run: its workers."""
    below = [pid for child in children(process.pid) for pid in (child, *children(child))]
    return [pid for pid in below if os.getsid(pid) == pid]


def test_a_worker_that_is_killed(tmp_path: Path) -> None:
    with lab_runs.running(tmp_path, SCENARIO, "--jobs", "1") as process:
        lab_runs.await_step(tmp_path, SCENARIO, MOMENT)
        (worker,) = workers(process)
        os.kill(worker, signal.SIGKILL)
        code, said = lab_runs.end(process, tmp_path)
    seen = lab_runs.the_one(tmp_path, SCENARIO)
    assert (code, seen.ending) == (3, Ending.UNKNOWN)
    assert seen.because.startswith("worker lost (signal 9) at “")
    assert "on their way out" in said.splitlines()[-1]
    lab_runs.assert_nothing_stays(lab_runs.run_id(tmp_path))


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 130), (signal.SIGKILL, -signal.SIGKILL)])
def test_a_run_that_is_ended(tmp_path: Path, number: signal.Signals, code: int) -> None:
    with lab_runs.running(tmp_path, SCENARIO, "--jobs", "1") as process:
        lab_runs.await_step(tmp_path, SCENARIO, MOMENT)
        process.send_signal(number)
        assert lab_runs.end(process, tmp_path)[0] == code
    run = lab_runs.run_id(tmp_path)
    cleaned = shell.run(
        ["svcproof", "clean", "--run", run, "--lab", lab_runs.NAME], timeout=90.0, check=False, cwd=lab_runs.ROOT
    )
    assert cleaned.code == 0, cleaned.stdout
    assert cleaned.stdout.rstrip().endswith(", 0 left")
    lab_runs.assert_nothing_stays(run)


def test_a_runner_whose_clock_is_a_day_ahead_of_the_nodes(tmp_path: Path) -> None:
    ahead = ("unshare", "--fork", "--time", "--monotonic", "86400")
    with lab_runs.running(tmp_path, SCENARIO, "--jobs", "1", prefix=ahead) as process:
        assert lab_runs.end(process, tmp_path)[0] == 0
    lab_runs.assert_nothing_stays(lab_runs.run_id(tmp_path))


def test_after_all_of_them_nothing_is_left() -> None:
    assert lab_runs.ended
    lab_runs.assert_all_is_gone()
