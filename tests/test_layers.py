"""What is found at each layer, and which one the cause line names: objects and exchanges by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import histories
import pytest
from memory_cluster import endpoint, endpoint_slice, pod

from svcproof.cluster import layers
from svcproof.cluster.layers import Glance, Scene
from svcproof.model.history import Exchange, Kind, Outcome
from svcproof.model.layers import Finding, Layer, cause, table


def service(name: str = "web", **spec: Any) -> dict[str, Any]:
    ports = [{"port": 80, "targetPort": 8080, "protocol": "TCP"}]
    meta = {"name": name, "namespace": "shop", "managedFields": [{"manager": "svcproof", "fieldsV1": {"f:spec": {}}}]}
    whole = {"type": "ClusterIP", "clusterIP": "10.96.0.9", "selector": {"app": name}, "ports": ports, **spec}
    return {"metadata": meta, "spec": whole}


def exchanges(count: int, *backends: str, outcome: Outcome = Outcome.ANSWERED, answers: Sequence[str] = ()) -> list:
    return [
        Exchange("s", number, number / 100, number / 100 + 0.01, outcome, answers=tuple(answers),
                 backend=backends[number % len(backends)] if backends else "")
        for number in range(count)
    ]  # fmt: skip


LOST = exchanges(20, outcome=Outcome.TIMED_OUT)

GOOD = Scene(
    services=[service()],
    slices=[
        endpoint_slice(endpoint("a", "10.0.0.1", ready=True), endpoint("b", "10.0.0.2", node="node-2", ready=True))
    ],
    pods=[pod("a"), pod("b", node="node-2", ip="10.0.0.2")],
    wanted={"web": 2},
    at_services=[Glance(f"node-{n}", "web", "10.96.0.9:80", exchanges(60, "a", "b")) for n in (1, 2)],
    at_pods=[
        Glance(f"node-{n}", "web", f"10.0.0.{number}:8080", exchanges(4, name), subject=name)
        for n in (1, 2)
        for number, name in ((1, "a"), (2, "b"))
    ],
    rules={"node-1": {"web": 5}, "node-2": {"web": 5}},
)


def blamed(scene: Scene, law: str = "every_exchange_answered") -> str:
    return cause(layers.read(scene), law)


def test_a_scene_in_order_blames_nobody_who_can_be_seen() -> None:
    assert [one for one in layers.read(GOOD) if one.well is False] == []
    assert cause(layers.read(GOOD)) == ""


def test_a_selector_that_fits_no_pod_is_the_services_fault_and_says_who_wrote_it() -> None:
    item = service(selector={"app": "nobody"})
    written = {"manager": "kubectl-edit", "time": "2026-01-01T00:00:00Z", "fieldsV1": {"f:spec": {"f:selector": {}}}}
    item["metadata"]["managedFields"].append(written)
    said = blamed(replace(GOOD, services=[item], slices=[]))
    assert said.startswith('Service object: the selector app=nobody of "web" matches none of the namespace\'s 2 pods')
    assert "'kubectl-edit' has written its selector" in said


def test_a_status_that_others_write_is_nobodys_fault() -> None:
    item = service()
    item["metadata"]["managedFields"].append(
        {"manager": "metallb", "subresource": "status", "fieldsV1": {"f:spec": {"f:selector": {}}}}
    )
    assert cause(layers.read(replace(GOOD, services=[item]))) == ""


def test_a_ready_pod_that_is_not_listed_is_the_slices_fault() -> None:
    said = blamed(replace(GOOD, slices=[endpoint_slice(endpoint("a", "10.0.0.1", ready=True))]))
    assert said == 'EndpointSlice: of the 2 ready pods that "web" selects, 1 is listed as ready; missing: b'


def test_an_unready_pod_that_is_listed_as_ready_is_the_slices_fault_unless_it_is_to_be_published() -> None:
    scene = replace(GOOD, pods=[pod("a"), pod("b", ready=False)])
    assert blamed(scene).startswith('EndpointSlice: "web" lists as ready what is not: b (')
    published = replace(scene, services=[service(publishNotReadyAddresses=True)])
    assert "lists as ready what is not" not in blamed(published)


def test_slices_that_followed_late_are_hinted_at_though_they_are_right_now() -> None:
    making = histories.Making().event(0.5, Kind.ENDPOINTS, "web", "gained b", pod="b")
    late = making.event(1.0, Kind.POD, "a", "is ready").event(8.5, Kind.ENDPOINTS, "web", "gained a", pod="a")
    assert blamed(replace(GOOD, history=late.history()), "") == (
        'EndpointSlice: "web" gained a 7.50 s after the pod had said so; by now every layer is in order'
    )


def test_a_service_that_is_younger_than_its_pod_did_not_list_it_late() -> None:
    young = histories.Making().event(1.0, Kind.POD, "a", "is ready")
    young.event(8.5, Kind.ENDPOINTS, "web", "gained a", pod="a")
    assert blamed(replace(GOOD, history=young.history()), "") == ""


def test_a_pod_that_does_not_answer_at_its_own_address_is_its_own_fault() -> None:
    dead = [replace(one, exchanges=LOST) if one.subject == "b" else one for one in GOOD.at_pods]
    said = blamed(replace(GOOD, at_pods=dead, at_services=[replace(one, exchanges=LOST) for one in GOOD.at_services]))
    assert said.startswith("pod: b on node-2 is ready and does not answer at its own address 10.0.0.2:8080: ")


def test_a_pod_that_is_reached_from_one_node_only_points_to_the_network_between() -> None:
    cut = [replace(one, exchanges=LOST) if (one.subject, one.node) == ("b", "node-1") else one for one in GOOD.at_pods]
    said = blamed(replace(GOOD, at_pods=cut))
    assert "from a pod on node-1 0 of 20 answered (20 timed out)" in said
    assert said.endswith("from a pod on node-2 it is: the network between them")


def test_where_policies_stand_silence_is_nobodys_fault_and_an_answer_theirs() -> None:
    cut = [replace(one, exchanges=LOST) for one in GOOD.at_pods]
    behind = [replace(one, exchanges=LOST) for one in GOOD.at_services]
    said = blamed(replace(GOOD, at_pods=cut, at_services=behind, fences=["deny"]), "no_exchange_answered")
    assert said == "network policy: deny stands between callers and pods; by now every layer is in order"


def test_whoever_answers_otherwise_than_wanted_is_reached() -> None:
    other = [replace(one, exchanges=exchanges(4, outcome=Outcome.WRONG)) for one in GOOD.at_pods]
    assert cause(layers.read(replace(GOOD, at_pods=other))) == ""


def test_a_proxy_that_does_not_forward_is_named_with_its_node_and_what_its_rules_say() -> None:
    first, second = GOOD.at_services
    scene = replace(GOOD, at_services=[first, replace(second, exchanges=LOST)], rules={"node-2": {"web": 0}})
    assert blamed(scene) == (
        'proxy on node-2: at 10.96.0.9:80 ("web") 0 of 20 answered (20 timed out), though each of its pods is reached '
        "from there at its own address; none of its rules speaks of it"
    )


def test_the_same_trouble_on_every_node_is_said_once() -> None:
    scene = replace(GOOD, at_services=[replace(one, exchanges=LOST) for one in GOOD.at_services])
    assert blamed(scene).endswith("5 of its rules speak of it; likewise on node-2")


def test_a_backend_that_is_never_chosen_is_the_proxys_fault_unless_clients_are_kept() -> None:
    passed_over = [replace(one, exchanges=exchanges(60, "a")) for one in GOOD.at_services]
    assert "it never chooses b: a 60 (100 %)" in blamed(replace(GOOD, at_services=passed_over))
    loyal = replace(GOOD, at_services=passed_over, services=[service(sessionAffinity="ClientIP")])
    assert [one for one in layers.read(loyal) if one.well is False] == []
    near = replace(GOOD, at_services=passed_over, services=[service(trafficDistribution="PreferSameZone")])
    assert [one for one in layers.read(near) if one.well is False] == []


def test_somebody_who_is_no_endpoint_and_answers_is_the_proxys_fault() -> None:
    strange = [replace(one, exchanges=exchanges(60, "a", "b", "ghost")) for one in GOOD.at_services]
    assert "ghost answers, and is no ready endpoint" in blamed(replace(GOOD, at_services=strange))


def test_a_service_without_ready_endpoints_may_be_silent() -> None:
    scene = replace(GOOD, pods=[], slices=[], wanted={}, at_pods=[], rules={},
                    at_services=[replace(one, exchanges=LOST) for one in GOOD.at_services])  # fmt: skip
    assert [one for one in layers.read(scene) if one.well is False] == []


def test_a_load_balancer_that_is_silent_before_node_ports_that_answer_is_to_blame() -> None:
    silent = Glance("", "web", "198.18.0.9:80", LOST)
    door = Glance("", "web", "198.18.0.1:30080", exchanges(8, "a"), subject="node-1")
    said = blamed(replace(GOOD, services=[service(type="LoadBalancer")], at_nodes=[door], at_balancers=[silent]))
    assert said.startswith('load balancer: 198.18.0.9:80 of "web", asked from outside: 0 of 20 answered')


def name_glance(*answers: str, outcome: Outcome = Outcome.ANSWERED) -> Glance:
    asked = exchanges(3, outcome=outcome, answers=answers)
    return Glance("node-1", "web", "web.shop.svc.cluster.local.", asked, wanted=frozenset({"10.96.0.9"}))


def test_a_name_that_nobody_answers_for_is_the_fault_of_dns() -> None:
    silent = name_glance(outcome=Outcome.TIMED_OUT)
    resolver = Glance("node-1", "kube-dns", "10.0.0.7", exchanges(3, outcome=Outcome.TIMED_OUT), subject="coredns-1")
    said = blamed(replace(GOOD, at_names=[silent], at_resolvers=[resolver]))
    assert said == (
        "DNS: 3 of 3 questions for web.shop.svc.cluster.local. from a pod on node-1 were never answered; its pod "
        "coredns-1, asked at 10.0.0.7 from a pod on node-1: 0 of 3 answered (3 timed out)"
    )


def test_a_name_with_another_address_is_the_fault_of_dns() -> None:
    assert "is 10.96.0.8, asked from a pod on node-1; the Service says 10.96.0.9" in blamed(
        replace(GOOD, at_names=[name_glance("A 10.96.0.8")])
    )
    assert [one.well for one in layers.read(replace(GOOD, at_names=[name_glance("A 10.96.0.9")]))][-1] is True


def test_a_lost_prober_is_named_when_all_else_is_in_order() -> None:
    lost = histories.Making().event(2.0, Kind.PROBER, "a pod on node-2", "is lost: its stream was cut", what="lost")
    assert cause(layers.read(replace(GOOD, history=lost.history()))) == (
        "prober: a pod on node-2 is lost: its stream was cut"
    )


def test_what_was_lost_on_one_nodes_way_is_a_hint_to_its_proxy() -> None:
    refused = histories.between(0.2, 0.4, Outcome.REFUSED, histories.answered("a"))
    making = histories.Making().run("one", refused, vantage_node="node-2").run("two", vantage_node="node-1")
    said = blamed(replace(GOOD, history=making.history()))
    assert said.startswith("proxy on node-2: of 50 connections through it 10 refused, first at 0.20 s")


def test_pods_that_cannot_be_made_or_do_not_start_say_why() -> None:
    failure = {"type": "ReplicaFailure", "status": "True", "message": "exceeded quota: small"}
    deployment = {"metadata": {"name": "web"}, "status": {"conditions": [failure]}}
    scene = Scene(deployments=[deployment], services=[service()], wanted={"web": 2})
    assert cause(layers.read(scene)) == 'pod: Deployment "web" cannot make its pods: exceeded quota: small'


def test_a_promise_that_goes_through_the_api_only_is_the_api_servers_own() -> None:
    broken = replace(GOOD, at_services=[replace(one, exchanges=LOST) for one in GOOD.at_services])
    assert blamed(broken, "refused_as") == "Service object: what broke is its own promise"
    assert blamed(broken, "every_pod_has").startswith("pod: what broke is its own promise")
    assert blamed(GOOD, "same_backend_for_one_source") == (
        "proxy: what broke is its own promise; in order as they stand now: Service object, EndpointSlice, pod"
    )


def test_the_table_says_every_layer_in_order() -> None:
    rows = table([Finding(Layer.PROXY, "x", node="node-2"), Finding(Layer.SERVICE, "y", well=True)]).splitlines()
    assert rows == ["Service object   in order  y", "proxy on node-2  NOT       x"]


@pytest.mark.parametrize("law", ["refused_as", "resolves_to_exactly", "tells_pods_as_they_are", ""])
def test_no_law_is_blamed_on_a_layer_that_it_does_not_go_through(law: str) -> None:
    strong = [Finding(Layer.BALANCER, "silent")]
    assert ("load balancer" in cause(strong, law)) is (law == "")
