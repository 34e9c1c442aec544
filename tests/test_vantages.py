"""Vantages in pods of a running lab: made once, used again, made anew when they are gone."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from svcproof.adapters import kube
from svcproof.adapters.outside import start_prober
from svcproof.cluster import settings, workloads
from svcproof.cluster.api import ClusterApi
from svcproof.cluster.sandbox import Sandbox
from svcproof.cluster.traffic import Clock, Target, Traffic
from svcproof.cluster.vantages import InPod, Vantages
from svcproof.model.history import Outcome
from svcproof.model.verdict import Answer

LAB = os.environ.get("SVCPROOF_LAB", "")
KUBECONFIG = f"/run/svcproof/labs/{LAB}/kubeconfig"

pytestmark = [
    pytest.mark.lab,
    pytest.mark.slow,
    pytest.mark.skipif(not LAB, reason="SVCPROOF_LAB names no running lab"),
]


@pytest.fixture(scope="module")
def api() -> ClusterApi:
    return kube.connect(KUBECONFIG)


@pytest.fixture(scope="module")
def told(api: ClusterApi) -> settings.Settings:
    return settings.read({"kubeconfig": KUBECONFIG}, {}).with_images_of(api.list("Node"))


@pytest.fixture(scope="module")
def vantages(api: ClusterApi, told: settings.Settings) -> Iterator[Vantages]:
    images = workloads.Images(told.image("nginx"), told.image("busybox"), told.image("python"))
    made = Vantages(api, told.run, images, launch_outside=start_prober)
    yield made
    made.delete()


@pytest.fixture
def traffic(api: ClusterApi) -> Iterator[Traffic]:
    made = Traffic(api, Clock())
    yield made
    made.end()


def agents_in(api: ClusterApi, place: InPod) -> int:
    """Count the processes of the probers in a pod: with `--apart` each has one that waits beside it."""
    count = "cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' ' | grep -o 'agent.py prob[e]' | wc -l"
    return int(api.run(place.namespace, place.pod, place.container, ["sh", "-c", count]).out)


def wait(until: Callable[[], bool], seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not until():
        assert time.monotonic() < end, "it did not come to pass"
        threading.Event().wait(0.1)


def test_a_vantage_is_on_its_node_and_used_again(vantages: Vantages, api: ClusterApi) -> None:
    node = api.list("Node")[0]["metadata"]["name"]
    place = vantages.on_node(node)
    assert place.node == node
    assert vantages.on_node(node) is place
    assert vantages.on_nodes([node], host_network=True) != [place]


def test_a_pod_s_clock_is_known_to_milliseconds(vantages: Vantages, traffic: Traffic) -> None:
    names = traffic.look_up(vantages.in_pod(), "kubernetes.default.svc.cluster.local")
    history = traffic.history()
    assert history.exchanges[0].outcome is Outcome.ANSWERED
    assert 0 < history.streams[names].uncertainty < 0.05


def test_a_prober_in_a_pod_ends_with_its_traffic(vantages: Vantages, api: ClusterApi) -> None:
    place = vantages.in_pod()
    traffic = Traffic(api, Clock())
    traffic.look_up(place, "kubernetes.default.svc.cluster.local")
    assert agents_in(api, place) > 0
    traffic.end()
    wait(lambda: agents_in(api, place) == 0)


def test_a_prober_in_a_pod_ends_when_its_exec_stream_is_cut(vantages: Vantages, api: ClusterApi) -> None:
    place = vantages.in_pod()
    running = place.start(api)
    wait(lambda: agents_in(api, place) > 0)
    running.close()
    wait(lambda: agents_in(api, place) == 0)


def test_a_vantage_that_dies_makes_unknown_and_is_made_anew(
    vantages: Vantages, api: ClusterApi, traffic: Traffic
) -> None:
    place = vantages.in_pod()
    service = api.get("Service", "kubernetes", "default")["spec"]
    target = Target("the API server", service["clusterIP"], service["ports"][0]["port"], "connect")
    names = traffic.steady(place, [target], rate=50)
    wait(lambda: len(traffic.history().only(*names).exchanges) > 20)
    api.delete("Pod", place.pod, place.namespace, grace_seconds=0)
    wait(lambda: any(event.data.get("what") == "lost" for event in traffic.history().events))
    assert traffic.judge("every_exchange_answered", streams=names).answer is Answer.UNKNOWN
    wait(lambda: vantages.in_pod() != place)
    again = traffic.burst(vantages.in_pod(), [target], 5)
    assert traffic.judge("every_exchange_answered", streams=again).answer is Answer.MET


def test_a_vantage_that_was_given_up_is_left(vantages: Vantages, traffic: Traffic) -> None:
    place = vantages.in_pod()
    place.give_up()
    other = vantages.in_pod()
    assert other.pod != place.pod
    assert vantages.in_pod() is other
    name = traffic.look_up(other, "kubernetes.default.svc.cluster.local")
    assert traffic.judge("every_exchange_answered", streams=[name]).answer is Answer.MET


def test_a_scenario_may_have_a_vantage_of_its_own(vantages: Vantages, api: ClusterApi, told: settings.Settings) -> None:
    sandbox = Sandbox(api, told.run, "own")
    traffic = Traffic(api, Clock())
    try:
        place = vantages.in_sandbox(sandbox)
        assert place.namespace == sandbox.namespace()
        stream = traffic.look_up(place, "kubernetes.default", resolver=True, type="A")
        (exchange,) = traffic.history().only(stream).exchanges
        assert exchange.outcome is Outcome.ANSWERED
    finally:
        traffic.end()
        sandbox.delete()
