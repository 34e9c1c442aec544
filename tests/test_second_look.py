"""What is looked at again when something went wrong, from where, and what becomes of looks that fail."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import histories
import pytest
from memory_cluster import MemoryCluster, endpoint, endpoint_slice, pod

from svcproof.cluster import diagnose
from svcproof.cluster.api import ExecTrouble, Ran
from svcproof.cluster.node_control import ControlTrouble
from svcproof.cluster.second_look import CHOICES, SecondLook, went_by_name
from svcproof.cluster.vantages import InPod, Outside
from svcproof.model.history import Exchange, History, Outcome
from svcproof.model.layers import CONCERNED, Layer

RULES = """
-A KUBE-SERVICES -d 10.96.0.9/32 -m comment --comment "shop/web cluster IP" -j KUBE-SVC-A
-A KUBE-SERVICES -d 10.96.0.99/32 -m comment --comment "shop/web-2 cluster IP" -j KUBE-SVC-B
10.96.0.9 . tcp . 80 : goto service-A-shop/web/tcp/
"""


class Cluster(MemoryCluster):
    def run(self, *_: Any, **__: Any) -> Ran:
        return Ran((), 0, "search shop.svc.cluster.example svc.cluster.example\nnameserver 10.96.0.10\n", "")


class StandIn:
    """Traffic that answers as a test says: by the target's address, and where it is asked from."""

    def __init__(self, silent: Sequence[tuple[str, str]] = ()) -> None:
        self.silent = set(silent)
        self.asked: list[tuple[str, str]] = []
        self.exchanges: list[Exchange] = []
        self.ended = False

    def burst(self, place: Any, targets: Sequence[Any], count: int, **_: Any) -> list[str]:
        return [self._exchange(place, target.address, count) for target in targets]

    def look_up(self, place: Any, name: str, *_: Any, server: str = "", count: int = 1, **__: Any) -> str:
        return self._exchange(place, server or name, count, ("A 10.96.0.9",))

    def _exchange(self, place: Any, address: str, count: int, answers: tuple[str, ...] = ()) -> str:
        stream = f"{len(self.asked)}"
        self.asked.append((place.node, address))
        lost = (place.node, address) in self.silent
        outcome = Outcome.TIMED_OUT if lost else Outcome.ANSWERED
        backend = "" if lost else "a"
        self.exchanges += [
            Exchange(stream, number, 0.0, 0.1, outcome, backend=backend, answers=() if lost else answers)
            for number in range(count)
        ]
        return stream

    def history(self) -> History:
        return History(exchanges=tuple(self.exchanges))

    def end(self) -> None:
        self.ended = True


class Vantages:
    def __init__(self, gone: str = "") -> None:
        self.gone = gone

    def on_node(self, node: str) -> InPod:
        if node == self.gone:
            raise ExecTrouble(f"{node} does not answer")
        return InPod("probers", f"vantage-{node}", node=node)

    def outside(self) -> Outside:
        return Outside(lambda: pytest.fail("nothing is to be started here"))


class Control:
    def __init__(self, text: str = RULES) -> None:
        self.text = text

    def trouble(self) -> str:
        return ""

    def proxy_rules(self, node: str) -> str:
        if not self.text:
            raise ControlTrouble(f"{node} has no rules that can be read")
        return self.text


def look(traffic: StandIn, *, vantages: Any = None, history: History | None = None, **more: Any) -> SecondLook:
    cluster = Cluster()
    ports = [{"port": 80, "targetPort": 8080, "protocol": "TCP", "nodePort": 30080}]
    spec = {"type": "NodePort", "clusterIP": "10.96.0.9", "clusterIPs": ["10.96.0.9"], "selector": {"app": "web"}}
    cluster.put({"kind": "Service", "metadata": {"name": "web", "namespace": "shop"}, "spec": {**spec, "ports": ports}})
    cluster.put({**endpoint_slice(endpoint("a", "10.0.0.1", ready=True)), "kind": "EndpointSlice"})
    cluster.put(pod("a"))
    for number in (1, 2):
        ready = [{"type": "Ready", "status": "True"}]
        addresses = [{"type": "InternalIP", "address": f"198.18.0.{number}"}]
        status = {"conditions": ready, "addresses": addresses}
        cluster.put({"kind": "Node", "metadata": {"name": f"node-{number}"}, "spec": {}, "status": status})
    stage = SimpleNamespace(
        api=cluster,
        sandbox=SimpleNamespace(namespace=lambda: "shop"),
        nodes=["node-1", "node-2"],
        backends={"web": SimpleNamespace(count=1)},
        settings=SimpleNamespace(budget=10.0),
    )
    made = SecondLook(stage, vantages or Vantages(), history or History(), **more)  # type: ignore[arg-type]
    made._traffic = traffic  # type: ignore[assignment]
    return made


def test_every_node_asks_the_service_and_its_pods_and_outside_asks_the_nodes() -> None:
    traffic = StandIn()
    scene = look(traffic).scene()
    inside = [(node, address) for node in ("node-1", "node-2") for address in ("10.96.0.9:80", "10.0.0.1:8080")]
    assert traffic.asked == [*inside, ("", "198.18.0.1:30080"), ("", "198.18.0.2:30080")]
    assert [len(one.exchanges) for one in scene.at_services] == [CHOICES, CHOICES]
    assert traffic.ended


def test_only_the_layers_that_a_promise_goes_through_are_looked_at() -> None:
    for law, names in (("refused_as", 0), ("tells_pods_as_they_are", 0), ("resolves_to_exactly", 2)):
        traffic = StandIn()
        look(traffic, concerned=CONCERNED[law], by_name=True).scene()
        assert len(traffic.asked) == names, law
        assert all(address.startswith("web.shop.svc.cluster.example") for _, address in traffic.asked)


def test_a_node_that_cannot_be_asked_from_costs_one_try_and_hides_nothing_else() -> None:
    traffic = StandIn()
    seeing = look(traffic, vantages=Vantages(gone="node-1"))
    scene = seeing.scene()
    assert {one.node for one in scene.at_services} == {"node-2"}
    assert seeing.unseen == ["node-1 does not answer"]


def test_a_silent_name_leads_to_the_pods_of_cluster_dns() -> None:
    name = "web.shop.svc.cluster.example."
    traffic = StandIn(silent=[("node-1", name), ("node-2", name), ("node-1", "10.0.0.7")])
    seeing = look(traffic, by_name=True, concerned=CONCERNED["resolves_to_exactly"])
    resolver = pod("coredns-1", ip="10.0.0.7")
    resolver["metadata"] |= {"namespace": "kube-system", "labels": {"k8s-app": "kube-dns"}}
    seeing.stage.api.put(resolver)  # type: ignore[attr-defined]
    evidence, line = diagnose.blame(seeing, "resolves_to_exactly")
    assert line.startswith(
        f"DNS: 3 of 3 questions for {name} from a pod on node-1 were never answered; its pod coredns-1"
    )
    assert {"DNS answers", "layers"} == {one.name for one in evidence}
    assert f"cause: {line}" in evidence[-1].content


def test_rules_are_told_by_service_and_no_other_name_is_taken_for_it() -> None:
    seeing = look(StandIn(), control=Control())
    scene = seeing.scene()
    assert scene.rules == {"node-1": {"web": 2}, "node-2": {"web": 2}}
    assert "web-2" not in seeing.rules_text["node-1"]


def test_rules_that_cannot_be_read_say_so() -> None:
    seeing = look(StandIn(), control=Control(""))
    evidence, _ = diagnose.blame(seeing)
    assert "not seen: node-1 has no rules that can be read" in evidence[-1].content
    assert Layer.PROXY.value in evidence[-1].content


def test_traffic_goes_by_name_where_a_name_is_looked_up_called_or_not_found() -> None:
    making = histories.Making
    assert not went_by_name(making().run("a", address="10.96.0.9:80").history())
    assert not went_by_name(making().run("a", address="[fd00::1]:80").control().history())
    assert went_by_name(making().run("a", address="web:80").history())
    assert went_by_name(making().run("a", protocol="dns").history())
    lost = histories.between(0.0, 1.0, Outcome.NO_NAME, histories.answered("a"))
    assert went_by_name(making().run("a", lost, address="10.96.0.9:80").history())
