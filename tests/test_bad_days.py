"""Bad days of the suite itself, on an API server that keeps objects and does as a test tells it.

Each runs scenarios of the suite as people run them, and holds its verdict, its exit code, that nobody sees a
traceback, and that nothing stays. tests/BAD_DAYS.md lists them all.
"""

from __future__ import annotations

import itertools
import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from fake_cluster import FakeCluster, Object, Refusal, Request, kubeconfig, ready, waiting

from svcproof.adapters import kube, shell
from svcproof.cluster import sandbox
from svcproof.report import results
from svcproof.report.results import Ending, ScenarioResult

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
SCENARIO = "es-01"
"""Two ready pods are listed as ready: needs no pod that runs."""


@dataclass
class Day:
    """One bad day: a cluster, and runs on it."""

    cluster: FakeCluster
    url: str
    folder: Path
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def __post_init__(self) -> None:
        self.kubeconfig = str(kubeconfig(self.url, self.folder))

    def svcproof(self, *words: str) -> shell.Completed:
        argv = [str(ROOT / ".venv/bin/svcproof"), *words, "--kubeconfig", self.kubeconfig]
        done = shell.run(argv, timeout=240.0, check=False, cwd=ROOT)
        print(done.stdout, done.stderr)
        assert "Traceback" not in done.stdout + done.stderr
        return done

    def run(self, *words: str) -> tuple[shell.Completed, ScenarioResult]:
        """Run the scenario; return what was said and how it ended."""
        report = self.folder / f"report-{next(self.numbers)}"
        done = self.svcproof("run", SCENARIO, "--report", str(report), *words)
        return done, results.load(report).scenarios[0]


@pytest.fixture
def day(tmp_path: Path) -> Iterator[Day]:
    cluster = FakeCluster()
    with cluster.serving() as url:
        yield Day(cluster, url, tmp_path)


def once_every(number: int, refusal: Refusal, wanted: Callable[[Request], bool]) -> Callable[[Request], Refusal | None]:
    """Refuse every so-manieth of these requests."""
    counter, lock = itertools.count(1), threading.Lock()

    def trouble(request: Request) -> Refusal | None:
        if not wanted(request):
            return None
        with lock:
            return refusal if next(counter) % number == 0 else None

    return trouble


def always(refusal: Refusal, wanted: Callable[[Request], bool]) -> Callable[[Request], Refusal | None]:
    return once_every(1, refusal, wanted)


def test_a_good_day(day: Day) -> None:
    done, seen = day.run()
    assert (done.code, seen.ending) == (0, Ending.MET)
    assert day.cluster.left == []
    assert "clean-up: nothing of run" in done.stdout
    agents = {agent for agent in day.cluster.agents() if "scenario=" in agent}
    assert all(f"scenario={SCENARIO}" in agent and "run=" in agent for agent in agents)
    assert agents


# -- the API server


def test_a_server_that_asks_for_patience_is_given_it(day: Day) -> None:
    slowly = Refusal(429, "TooManyRequests", "slow down", {"Retry-After": "0"})
    day.cluster.trouble.append(once_every(2, slowly, lambda request: True))
    done, seen = day.run()
    assert (done.code, seen.ending) == (0, Ending.MET)
    assert day.cluster.left == []


def test_a_server_that_is_starting_is_waited_for(day: Day) -> None:
    away = Refusal(503, "ServiceUnavailable", "starting")
    day.cluster.trouble.append(once_every(3, away, lambda request: request.verb == "GET"))
    done, seen = day.run()
    assert (done.code, seen.ending) == (0, Ending.MET)


def test_a_server_that_breaks_down_makes_unknown_and_never_violated(day: Day) -> None:
    broken = Refusal(500, "InternalError", "etcdserver: mvcc: database space exceeded")
    day.cluster.trouble.append(
        always(broken, lambda request: (request.verb, request.resource) == ("POST", "deployments"))
    )
    done, seen = day.run()
    assert (done.code, seen.ending) == (3, Ending.UNKNOWN)
    assert "database space exceeded" in seen.because
    assert day.cluster.left == []


def test_watches_that_are_closed_all_the_time_lose_nothing(day: Day) -> None:
    day.cluster.watch_seconds = 0.0
    done, seen = day.run()
    assert (done.code, seen.ending) == (0, Ending.MET)


def test_watches_that_are_told_410_list_anew(day: Day) -> None:
    refused: set[str] = set()

    def too_old(request: Request) -> Refusal | None:
        if not request.watching or request.resource in refused:
            return None
        refused.add(request.resource)
        return Refusal(410, "Expired", "too old resource version")

    day.cluster.trouble.append(too_old)
    done, seen = day.run()
    assert (done.code, seen.ending) == (0, Ending.MET)
    assert {"pods", "endpointslices"} <= refused
    lists = [one.resource for one in day.cluster.seen if one.verb == "GET" and not one.name and not one.watching]
    assert lists.count("pods") >= 2


def test_a_slow_server_makes_it_slow_and_nothing_else(day: Day) -> None:
    def slow(_: Request) -> None:
        time.sleep(0.5)  # noqa: TID251 - slowness is what is tested

    day.cluster.trouble.append(slow)
    done, seen = day.run()
    assert (done.code, seen.ending) == (0, Ending.MET)
    assert day.cluster.left == []


def test_credentials_that_expire_in_mid_run_make_unknown_and_others_clean_up(day: Day) -> None:
    expired = threading.Event()

    def trouble(request: Request) -> Refusal | None:
        if request.resource == "deployments" and request.verb == "POST":
            expired.set()
        return Refusal(401, "Unauthorized", "Unauthorized") if expired.is_set() else None

    day.cluster.trouble.append(trouble)
    done, seen = day.run()
    assert (done.code, seen.ending) == (3, Ending.UNKNOWN)
    assert "401 Unauthorized" in seen.because
    assert "svcproof clean" in done.stdout.splitlines()[-1]
    assert day.cluster.left != []
    day.cluster.trouble.clear()
    assert day.svcproof("clean", "--all").code == 0
    assert day.cluster.left == []


def test_a_run_that_may_make_nothing_does_not_begin(day: Day) -> None:
    def denied(request: Request) -> Refusal | None:
        if request.resource != "selfsubjectaccessreviews":
            return None
        return Refusal(403, "Forbidden", "you may not")

    day.cluster.trouble.append(denied)
    done = day.svcproof("run", SCENARIO, "--report", str(day.folder / "report"))
    assert done.code == 2
    assert "may not" in done.stderr
    assert day.cluster.left == []


def test_a_verb_that_is_forbidden_makes_unknown_and_is_named(day: Day) -> None:
    why = 'endpointslices.discovery.k8s.io is forbidden: User "me" cannot list resource "endpointslices"'
    day.cluster.trouble.append(
        always(Refusal(403, "Forbidden", why), lambda request: request.resource == "endpointslices")
    )
    done, seen = day.run()
    assert (done.code, seen.ending) == (3, Ending.UNKNOWN)
    assert "cannot list resource" in seen.because
    assert day.cluster.left == []


# -- the cluster behind it


def test_namespaces_that_hang_are_counted_and_hold_nobody_up(day: Day) -> None:
    day.cluster.hanging = True
    done, seen = day.run()
    assert (done.code, seen.ending) == (0, Ending.MET)
    assert "are on their way out" in done.stdout.splitlines()[-1]
    said = day.svcproof("clean", "--all", "--wait", "1")
    assert said.code == 3
    assert "look at their finalizers" in said.stdout


QUOTA = 'pods "web-1" is forbidden: exceeded quota: small, requested: pods=1, used: pods=4, limited: pods=4'


def test_a_quota_that_is_used_up_makes_unknown_and_is_named(day: Day) -> None:
    day.cluster.pods_refused = QUOTA
    done, seen = day.run("--patience", "0.1")
    assert (done.code, seen.ending) == (3, Ending.UNKNOWN)
    assert seen.cause == f'pod: Deployment "web" cannot make its pods: {QUOTA}'
    assert day.cluster.left == []


def test_a_quota_on_what_the_scenario_makes_itself_is_named_too(day: Day) -> None:
    full = Refusal(403, "Forbidden", 'services "web" is forbidden: exceeded quota: small')
    day.cluster.trouble.append(always(full, lambda request: (request.verb, request.resource) == ("POST", "services")))
    done, seen = day.run()
    assert (done.code, seen.ending) == (3, Ending.UNKNOWN)
    assert "exceeded quota: small" in seen.because


def test_an_image_that_cannot_be_pulled_makes_unknown_and_is_named(day: Day) -> None:
    day.cluster.behave_pod = waiting("ImagePullBackOff", 'Back-off pulling image "python:3-alpine"')
    done, seen = day.run("--patience", "0.1")
    assert (done.code, seen.ending) == (3, Ending.UNKNOWN)
    assert 'ImagePullBackOff: Back-off pulling image "python:3-alpine"' in seen.because
    assert seen.cause.startswith("pod: web-")
    assert "ImagePullBackOff" in seen.cause
    assert day.cluster.left == []


def test_a_pod_that_is_evicted_makes_unknown_and_is_named(day: Day) -> None:
    first = itertools.count()

    def evicted(pod: Object) -> Object:
        if next(first):
            return ready(pod)
        return {"phase": "Failed", "reason": "Evicted", "message": "The node was low on resource: memory."}

    day.cluster.behave_pod = evicted
    done, seen = day.run("--patience", "0.1")
    assert (done.code, seen.ending) == (3, Ending.UNKNOWN)
    assert seen.cause.endswith("is not ready: Evicted: The node was low on resource: memory.")
    assert day.cluster.left == []


def test_a_node_that_is_gone_makes_unknown_and_is_named(day: Day) -> None:
    def fate(pod: Object) -> Object:
        if pod["spec"]["nodeName"] == "node-1":
            return ready(pod)
        gone = day.cluster.objects["nodes", "", "node-2"]
        status = {**gone["status"], "conditions": [{"type": "Ready", "status": "Unknown"}]}
        day.cluster.put("nodes", {**gone, "status": status})
        return {"phase": "Pending", "conditions": [{"type": "PodScheduled", "status": "True"}]}

    day.cluster.behave_pod = fate
    done, seen = day.run("--patience", "0.1")
    assert (done.code, seen.ending) == (3, Ending.UNKNOWN)
    assert seen.cause == "pod: the node node-2 of 1 pod is not ready"
    assert day.cluster.left == []


# -- others on the same cluster


def test_a_run_leaves_another_runs_objects_alone(day: Day) -> None:
    other = sandbox.Sandbox(kube.connect(day.kubeconfig), "other", "es-02")
    name = other.namespace()
    foreign = {"metadata": {"name": "somebody-elses"}}
    day.cluster.put("namespaces", foreign)
    assert day.run()[0].code == 0
    assert day.svcproof("clean").code == 0
    assert day.cluster.left == [f"namespaces/{name}", "namespaces/somebody-elses"]
    assert day.svcproof("clean", "--all").code == 0
    assert day.cluster.left == ["namespaces/somebody-elses"]


@pytest.mark.parametrize("ahead", [-7200.0, 7200.0])
def test_a_cluster_whose_clock_differs_loses_no_live_run_and_keeps_no_dead_one(day: Day, ahead: float) -> None:
    day.cluster.clock_ahead = ahead
    alive = sandbox.Sandbox(kube.connect(day.kubeconfig), "alive", "es-02").namespace()
    dead = sandbox.Sandbox(kube.connect(day.kubeconfig), "dead", "es-02").namespace()
    found = day.cluster.objects["namespaces", "", dead]
    day.cluster.clock_ahead -= sandbox.LEASE_SECONDS + 60
    lease = {"annotations": {sandbox.LEASE: day.cluster.stamp()}}
    day.cluster.clock_ahead = ahead
    day.cluster.put("namespaces", {**found, "metadata": {**found["metadata"], **lease}})
    done, seen = day.run()
    assert (done.code, seen.ending) == (0, Ending.MET)
    assert day.cluster.left == [f"namespaces/{alive}"]


def test_the_page_of_bad_days_names_tests_that_exist() -> None:
    page = (Path(__file__).parent / "BAD_DAYS.md").read_text()
    named = re.findall(r"`(test_\w+\.py)::(\w+)`", page)
    missing = [
        f"{file}::{name}" for file, name in named if f"def {name}(" not in (Path(__file__).parent / file).read_text()
    ]
    assert missing == []
    mine = re.findall(r"^def (test_\w+)", Path(__file__).read_text(), re.MULTILINE)
    lab = re.findall(r"^def (test_\w+)", (Path(__file__).parent / "test_bad_days_lab.py").read_text(), re.MULTILINE)
    not_told = {
        "test_a_good_day",
        "test_the_page_of_bad_days_names_tests_that_exist",
        "test_after_all_of_them_nothing_is_left",
    }
    assert {*mine, *lab} - {name for _, name in named} == not_told
