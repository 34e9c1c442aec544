"""What the API server's answer says of the contract, and when it says nothing."""

import pytest

from svcproof.model.answers import Answer as Reply
from svcproof.model.answers import (
    accepted,
    addresses_of_their_own,
    answered_by,
    applied_alike,
    as_it_was,
    at,
    described_as_listed,
    has,
    nothing_left,
    refused_as,
    shown_as_it_is,
    tell_addresses,
)
from svcproof.model.verdict import Answer

FIELD = "spec.ports[0].nodePort"
REFUSED = Reply(422, "Invalid", causes=[(FIELD, "provided port is not in the valid range")])


def service(uid: str = "u1", **spec: object) -> dict[str, object]:
    return {"metadata": {"uid": uid}, "spec": spec}


def test_a_refusal_for_the_right_reason_and_field_is_met() -> None:
    assert refused_as(REFUSED, reason="Invalid", field=FIELD).answer is Answer.MET


@pytest.mark.parametrize("field", ["spec.ports[0]", "spec.ports", "spec", "SPEC.Ports[0].NodePort"])
def test_a_part_of_the_named_field_names_it_and_case_does_not_matter(field: str) -> None:
    assert refused_as(REFUSED, reason="Invalid", field=field).answer is Answer.MET


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (Reply(201), "accepted it"),
        (Reply(422, "Invalid", causes=[("spec.type", "x")]), "spec.type"),
        (Reply(409, "Conflict"), "409 Conflict"),
        (Reply(400, "BadRequest", "cannot unmarshal"), "cannot unmarshal"),
        (Reply(422, "Invalid", causes=[("spec.portsnodePort", "x")]), "spec.portsnodePort"),
    ],
)
def test_another_answer_is_a_violation_that_quotes_it(reply: Reply, said: str) -> None:
    verdict = refused_as(reply, reason="Invalid", field=FIELD)

    assert verdict.answer is Answer.VIOLATED
    assert said in verdict.because


@pytest.mark.parametrize("status", [401, 403, 408, 429, 500, 503])
def test_an_answer_from_before_the_object_was_looked_at_says_nothing(status: int) -> None:
    assert refused_as(Reply(status), reason="Invalid", field=FIELD).answer is Answer.UNKNOWN
    assert accepted(Reply(status)).answer is Answer.UNKNOWN


def test_two_reasons_of_one_status_are_told_apart() -> None:
    assert refused_as(Reply(409, "AlreadyExists"), reason="Conflict").answer is Answer.VIOLATED
    assert refused_as(Reply(409, "AlreadyExists"), reason="AlreadyExists").answer is Answer.MET


def test_a_refusal_where_acceptance_was_promised_is_a_violation() -> None:
    assert accepted(REFUSED).answer is Answer.VIOLATED
    assert accepted(Reply(201)).answer is Answer.MET


def test_what_is_left_of_a_refused_object_is_a_violation() -> None:
    assert nothing_left('Service "web"', None).answer is Answer.MET
    assert nothing_left('Service "web"', service()).answer is Answer.VIOLATED


def test_a_service_that_changed_says_what_changed() -> None:
    verdict = as_it_was("it", service(type="ClusterIP"), service(type="NodePort"))

    assert verdict.answer is Answer.VIOLATED
    assert "spec.type was 'ClusterIP' and is 'NodePort'" in verdict.because


def test_a_service_made_anew_is_another_one() -> None:
    assert as_it_was("it", service("u1"), service("u2")).answer is Answer.VIOLATED
    assert as_it_was("it", service("u1"), None).answer is Answer.VIOLATED
    assert as_it_was("it", service("u1"), service("u1")).answer is Answer.MET


def test_a_service_that_was_not_there_before_shows_nothing() -> None:
    assert as_it_was("it", None, service()).answer is Answer.UNKNOWN


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ('spec.labels["a.b/c"]', "d"),
        ("spec.ports[1].name", "b"),
        ("spec.ports[2].name", None),
        ("spec.none.such", None),
        ("metadata.uid", "u1"),
    ],
)
def test_a_path_leads_to_its_value_or_nowhere(path: str, value: object) -> None:
    assert at(service(ports=[{"name": "a"}, {"name": "b"}], labels={"a.b/c": "d"}), path) == value


def test_fields_are_compared_as_people_write_them_and_emptiness_is_absence() -> None:
    item = service(allocate=False, port=80, type="ClusterIP")

    assert has("it", item, {"spec.allocate": "false", "spec.port": "80", "spec.nodePort": ""}).answer is Answer.MET
    assert "spec.type is ClusterIP, wanted NodePort" in has("it", item, {"spec.type": "NodePort"}).because


def test_an_answer_by_proxy_names_the_backend() -> None:
    assert answered_by(Reply(200, body={"pod": "web-1"}), {"web-1"}).answer is Answer.MET
    assert answered_by(Reply(200, body={"pod": "db-1"}), {"web-1"}).answer is Answer.VIOLATED
    assert answered_by(Reply(503), {"web-1"}).answer is Answer.UNKNOWN


def test_a_node_or_pod_that_does_not_tell_its_address_is_named() -> None:
    node = {"metadata": {"name": "node-1"}, "status": {"addresses": []}}
    pod = {"metadata": {"name": "web-1"}, "spec": {"nodeName": "node-1"}, "status": {"podIP": "10.0.0.1"}}

    assert "node-1" in tell_addresses([node], [pod]).because
    assert tell_addresses([], [pod]).answer is Answer.MET


def _pod(name, *addresses, **status):
    return {
        "metadata": {"name": name, "namespace": "shop", "uid": name},
        "spec": {},
        "status": {"podIPs": [{"ip": address} for address in addresses], **status},
    }


def test_an_address_that_a_second_pod_has_as_well_violates():
    mine = _pod("web-1", "10.244.0.5")

    assert addresses_of_their_own([mine], [mine, _pod("db-1", "10.244.0.6")]).answer.value == "met"
    assert addresses_of_their_own([mine], [mine, _pod("db-1", "10.244.0.5")]).answer.value == "violated"


def test_a_pod_that_has_ended_holds_no_address():
    mine = _pod("web-1", "10.244.0.5")

    assert addresses_of_their_own([mine], [mine, _pod("job-1", "10.244.0.5", phase="Succeeded")]).answer.value == "met"


APPLIED = {
    "kind": "Service",
    "metadata": {"name": "web", "uid": "1", "resourceVersion": "5", "generation": 1},
    "spec": {"type": "ClusterIP"},
    "status": {"replicas": 0},
}


def test_an_object_that_was_applied_again_is_the_same_but_for_its_status() -> None:
    meta = {**APPLIED["metadata"], "resourceVersion": "9"}
    verdict = applied_alike(APPLIED, {**APPLIED, "metadata": meta, "status": {"replicas": 3}})

    assert verdict.answer is Answer.MET


@pytest.mark.parametrize(
    ("part", "value", "said"),
    [("spec", {"type": "NodePort"}, "spec was"), ("metadata", {"name": "web", "uid": "2"}, "uid was '1' and is '2'")],
)
def test_an_object_that_changed_when_applied_again_says_what_changed(part: str, value: object, said: str) -> None:
    verdict = applied_alike(APPLIED, {**APPLIED, part: value})

    assert verdict.answer is Answer.VIOLATED
    assert said in verdict.because


COLUMNS = [{"name": name} for name in ("Name", "Type", "Cluster-IP", "External-IP", "Port(s)", "Age")]


def _table(service: dict[str, object], *cells: str) -> dict[str, object]:
    item = {"metadata": {"name": "web"}, **service}
    return {"columnDefinitions": COLUMNS, "rows": [{"cells": ["web", *cells, "5s"], "object": item}]}


NODE_PORT = {
    "spec": {
        "type": "NodePort",
        "clusterIP": "10.96.0.7",
        "ports": [{"port": 80, "nodePort": 30080, "protocol": "TCP"}, {"port": 53, "protocol": "UDP"}],
    }
}
BALANCED = {
    "spec": {**NODE_PORT["spec"], "type": "LoadBalancer"},
    "status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}, {"hostname": "lb.example"}]}},
}


@pytest.mark.parametrize(
    ("service", "cells"),
    [
        (NODE_PORT, ("NodePort", "10.96.0.7", "<none>", "80:30080/TCP,53/UDP")),
        (BALANCED, ("LoadBalancer", "10.96.0.7", "192.0.2.1,lb.example", "80:30080/TCP,53/UDP")),
        ({"spec": BALANCED["spec"]}, ("LoadBalancer", "10.96.0.7", "<pending>", "80:30080/TCP,53/UDP")),
        ({"spec": {"type": "ClusterIP", "clusterIP": "None"}}, ("ClusterIP", "None", "<none>", "<none>")),
    ],
)
def test_a_service_is_shown_as_it_is(service: dict[str, object], cells: tuple[str, ...]) -> None:
    assert shown_as_it_is(_table(service, *cells), "web").answer is Answer.MET


def test_a_service_that_is_shown_otherwise_or_not_at_all_violates() -> None:
    shown = _table(NODE_PORT, "NodePort", "10.96.0.7", "<none>", "80/TCP,53/UDP")
    verdict = shown_as_it_is(shown, "web")

    assert verdict.answer is Answer.VIOLATED
    assert "port(s) '80/TCP,53/UDP', wanted '80:30080/TCP,53/UDP'" in verdict.because
    assert shown_as_it_is(shown, "other").answer is Answer.VIOLATED


DESCRIBED = "Name:   web\nEndpoints:                10.0.0.1:80,10.0.0.2:80{more}\nSession Affinity:         None\n"


@pytest.mark.parametrize(
    ("text", "listed", "answer"),
    [
        (DESCRIBED.format(more=""), ["10.0.0.1:80", "10.0.0.2:80"], Answer.MET),
        (DESCRIBED.format(more=""), ["10.0.0.1:80", "10.0.0.3:80"], Answer.VIOLATED),
        (DESCRIBED.format(more=""), ["10.0.0.1:80"], Answer.VIOLATED),
        (DESCRIBED.format(more=" + 1 more..."), ["10.0.0.1:80", "10.0.0.2:80", "10.0.0.3:80"], Answer.MET),
        (DESCRIBED.format(more=" + 1 more..."), ["10.0.0.1:80", "10.0.0.2:80"], Answer.VIOLATED),
        ("Endpoints:  <none>\n", [], Answer.MET),
        ("Error: nothing\n", [], Answer.UNKNOWN),
    ],
)
def test_what_kubectl_describes_is_what_is_listed(text: str, listed: list[str], answer: Answer) -> None:
    assert described_as_listed(text, listed).answer is answer
