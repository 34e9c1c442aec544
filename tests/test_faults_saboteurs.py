"""What liars say, and when."""

import base64
import copy
import http.client
import json
import math
import threading

import pytest

from svcproof.faults.saboteurs import default_backend, lies, webhook
from svcproof.faults.saboteurs.favour import rules
from svcproof.faults.saboteurs.lies import told
from svcproof.faults.saboteurs.stream import Stream, Timing
from svcproof.faults.saboteurs.webhook import review


def service(**spec: object) -> dict:
    return {"metadata": {"namespace": "shop", "name": "web", "uid": "s1"}, "spec": {"clusterIP": "10.96.0.9", **spec}}


def endpoint_slice(
    *addresses: str, namespace: str = "shop", protocol: str = "TCP", unready: tuple[str, ...] = ()
) -> dict:
    return {
        "metadata": {
            "namespace": namespace,
            "name": "web-1",
            "uid": "e1",
            "labels": {"kubernetes.io/service-name": "web"},
        },
        "addressType": "IPv4",
        "ports": [{"name": "", "port": 8080, "protocol": protocol}],
        "endpoints": [
            {"addresses": [address], "conditions": {"ready": address not in unready}} for address in addresses
        ],
    }


def addresses(body: dict) -> list[str]:
    return [endpoint["addresses"][0] for endpoint in body["endpoints"] if endpoint["conditions"]["ready"]]


def test_a_lie_leaves_the_true_object_alone() -> None:
    body = endpoint_slice("10.0.0.1", "10.0.0.2")
    before = copy.deepcopy(body)
    assert addresses(told("EndpointSlice", body, [{"lie": "one_left_out"}]) or {}) == ["10.0.0.2"]
    assert body == before


def test_nobody_lies_about_the_labs_own_namespaces() -> None:
    body = endpoint_slice("10.0.0.1", "10.0.0.2", namespace="kube-system")
    assert told("EndpointSlice", body, [{"lie": "one_left_out"}]) == body


def test_a_lie_about_one_kind_says_nothing_of_another() -> None:
    body = service(sessionAffinity="ClientIP")
    assert told("Service", body, [{"lie": "one_left_out"}]) == body


def test_a_service_of_udp_alone_is_hidden_from_a_proxy_that_knows_tcp_only() -> None:
    body = service(ports=[{"port": 53, "protocol": "UDP"}])
    assert told("Service", body, [{"lie": "without_udp"}]) is None


def test_each_lie_has_a_docstring_that_says_what_is_claimed() -> None:
    assert all(lie.__doc__ and lie.__doc__.endswith(".") for _, lie in lies.LIES.values())


def event(what: str, body: dict) -> dict:
    return {"type": what, "object": body}


def test_a_lagging_stream_tells_a_change_late_and_the_initial_list_at_once() -> None:
    stream = Stream("EndpointSlice", timing=Timing(lag=5), settled=False)
    stream.take(event("ADDED", endpoint_slice("10.0.0.1")), 0)
    assert len(stream.due(0)) == 1
    end = {"metadata": {"annotations": {"k8s.io/initial-events-end": "true"}}}
    stream.take(event("BOOKMARK", end), 0)
    stream.take(event("MODIFIED", endpoint_slice("10.0.0.2")), 1)
    assert [told["type"] for told in stream.due(5.9)] == ["BOOKMARK"]
    assert [addresses(told["object"]) for told in stream.due(6)] == [["10.0.0.2"]]


def test_an_endpoint_that_left_is_kept_for_a_while() -> None:
    stream = Stream("EndpointSlice", timing=Timing(kept=5))
    stream.take(event("ADDED", endpoint_slice("10.0.0.1", "10.0.0.2")), 0)
    stream.take(event("MODIFIED", endpoint_slice("10.0.0.1")), 1)
    assert [sorted(addresses(told["object"])) for told in stream.due(1)] == [["10.0.0.1", "10.0.0.2"]] * 2
    assert stream.next_at() == 6
    assert stream.due(5.9) == []
    assert [addresses(told["object"]) for told in stream.due(6)] == [["10.0.0.1"]]
    assert stream.next_at() == math.inf


def test_an_endpoint_that_turned_unready_is_kept_too() -> None:
    stream = Stream("EndpointSlice", timing=Timing(kept=5))
    stream.take(event("ADDED", endpoint_slice("10.0.0.1")), 0)
    stream.take(event("MODIFIED", endpoint_slice("10.0.0.1", unready=("10.0.0.1",))), 1)
    assert addresses(stream.due(1)[-1]["object"]) == ["10.0.0.1"]
    assert addresses(stream.due(6)[-1]["object"]) == []


def test_what_comes_back_is_not_kept_any_more() -> None:
    stream = Stream("EndpointSlice", timing=Timing(kept=5))
    stream.take(event("ADDED", endpoint_slice("10.0.0.1")), 0)
    stream.take(event("MODIFIED", endpoint_slice()), 1)
    stream.take(event("MODIFIED", endpoint_slice("10.0.0.1")), 2)
    stream.due(2)
    assert stream.next_at() == math.inf


def test_endpoints_of_another_protocol_are_not_kept() -> None:
    stream = Stream("EndpointSlice", timing=Timing(kept=math.inf, protocol="UDP"))
    stream.take(event("ADDED", endpoint_slice("10.0.0.1")), 0)
    stream.take(event("MODIFIED", endpoint_slice()), 1)
    assert addresses(stream.due(1)[-1]["object"]) == []


def test_what_is_undying_is_never_told_as_deleted() -> None:
    stream = Stream("Service", timing=Timing(undying=True))
    stream.take(event("ADDED", service(ports=[])), 0)
    stream.take(event("DELETED", service(ports=[])), 1)
    assert [told["type"] for told in stream.due(9)] == ["ADDED"]


def test_an_object_that_a_lie_hides_is_never_told_and_one_shown_before_goes() -> None:
    stream = Stream("Service", [{"lie": "without_udp"}])
    stream.take(event("ADDED", service(ports=[{"port": 53, "protocol": "UDP"}])), 0)
    assert stream.due(0) == []
    stream.take(event("MODIFIED", service(ports=[{"port": 53, "protocol": "TCP"}])), 1)
    stream.take(event("MODIFIED", service(ports=[{"port": 53, "protocol": "UDP"}])), 2)
    assert [told["type"] for told in stream.due(2)] == ["MODIFIED", "DELETED"]


def test_the_ports_of_a_service_are_open_at_the_addresses_of_nodes() -> None:
    web = service(ports=[{"name": "", "port": 80, "protocol": "TCP"}])
    text = rules("t", [web], [endpoint_slice("10.0.0.1")], ["198.18.0.11", "198.18.0.12"])
    for port in (80, 8080):
        assert (
            f"ip daddr {{ 198.18.0.11, 198.18.0.12 }} tcp dport {port} ct mark set 0x5c dnat ip to 10.0.0.1:8080;"
            in text
        )
    assert "dnat" not in rules("t", [web], [], ["198.18.0.11"])


def test_a_neighbour_is_listed_once() -> None:
    shown = told(
        "EndpointSlice", endpoint_slice("10.0.0.1"), [{"lie": "neighbours_listed", "pods": ["10.0.0.1", "10.0.0.2"]}]
    )
    assert addresses(shown or {}) == ["10.0.0.1", "10.0.0.2"]


def test_a_node_without_a_namespace_is_lied_about() -> None:
    node = {"metadata": {"name": "node-1"}, "status": {"addresses": [{"type": "InternalIP", "address": "198.18.0.11"}]}}
    answer = review({"uid": "1", "kind": {"kind": "Node"}, "object": node}, [{"lie": "addresses_unsaid"}])
    assert json.loads(base64.b64decode(answer["patch"])) == [
        {"op": "replace", "path": "/status", "value": {"addresses": []}}
    ]


def test_a_service_that_is_remembered_gives_variables_to_its_namespace_only(monkeypatch: pytest.MonkeyPatch) -> None:
    gone = service(ports=[{"port": 80}])
    monkeypatch.setattr(webhook, "REMEMBERED", {"s1": gone})
    lie = {"lie": "foreign_variables", "upstream": {}, "remembered": True}
    assert webhook.filled([lie], {"namespace": "shop"})[0]["variables"] == {
        "WEB_SERVICE_HOST": "10.96.0.9",
        "WEB_SERVICE_PORT": "80",
    }
    assert webhook.filled([lie], {"namespace": "other"})[0]["variables"] == {}


def test_a_webhook_patches_only_what_it_lies_about() -> None:
    pod = {"metadata": {"name": "web"}, "spec": {"containers": []}}
    asked = {"uid": "1", "namespace": "shop", "kind": {"kind": "Pod"}, "object": pod}
    assert "patch" in review(copy.deepcopy(asked), [{"lie": "variables_missing"}])
    assert "patch" not in review(copy.deepcopy(asked), [{"lie": "affinity_ignored"}])
    assert "patch" not in review({**copy.deepcopy(asked), "namespace": "kube-system"}, [{"lie": "variables_missing"}])


def test_the_favoured_backend_is_the_first_of_two_or_more() -> None:
    web = service(ports=[{"name": "", "port": 80, "protocol": "TCP"}])
    text = rules("t", [web], [endpoint_slice("10.0.0.2", "10.0.0.1")])
    assert "ip daddr 10.96.0.9 tcp dport 80 numgen random mod 10 < 9 dnat ip to 10.0.0.1:8080;" in text
    assert "dnat" not in rules("t", [web], [endpoint_slice("10.0.0.1")])


def test_a_default_backend_says_the_same_to_everyone() -> None:
    server = default_backend.Server(("::", 0), default_backend.Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        for host in ("127.0.0.1", "::1"):
            caller = http.client.HTTPConnection(host, server.server_port, timeout=5)
            caller.request("GET", "/anything")
            answer = caller.getresponse()
            assert (answer.status, answer.read()) == (200, default_backend.PAGE)
            caller.close()
    finally:
        server.shutdown()
        server.server_close()
