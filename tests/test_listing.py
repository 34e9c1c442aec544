"""EndpointSlices are held to the pods, point by point."""

from typing import Any

import pytest

from svcproof.model.listing import State, entries, lists_one_that_is, state_of, tells_pods_as_they_are
from svcproof.model.verdict import Answer

SERVICE = {"spec": {"selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": "main"}]}}
ZONES = {"node-1": "east"}


def pod(name: str = "a", *, ready: bool = True, address: str = "10.0.0.1", **changes: Any) -> dict[str, Any]:
    meta: dict[str, Any] = {"name": name, "uid": name, "labels": {"app": "web"}}
    if changes.pop("terminating", False):
        meta["deletionTimestamp"] = "now"
    conditions = [{"type": "Ready", "status": "True" if ready else "False"}]
    container = {"ports": [{"name": "main", "containerPort": 8080}]}
    return {
        "metadata": {**meta, **changes.pop("metadata", {})},
        "spec": {"nodeName": "node-1", "containers": [container]},
        "status": {"podIP": address, "conditions": conditions, "phase": "Running", **changes},
    }


def endpoint(name: str = "a", address: str = "10.0.0.1", **changes: Any) -> dict[str, Any]:
    conditions = {"ready": True, "serving": True, "terminating": False, **changes.pop("conditions", {})}
    target = {"kind": "Pod", "uid": name}
    return {"addresses": [address], "nodeName": "node-1", "zone": "east", "targetRef": target,
            "conditions": conditions, **changes}  # fmt: skip


def slices(*endpoints: dict[str, Any], port: int = 8080) -> list[dict[str, Any]]:
    return [{"metadata": {}, "ports": [{"name": "", "port": port, "protocol": "TCP"}], "endpoints": list(endpoints)}]


def judged(pods: list[dict[str, Any]], listed: list[dict[str, Any]], service: dict[str, Any] = SERVICE) -> Any:
    return tells_pods_as_they_are(service, pods, listed, ZONES)


def test_a_ready_pod_listed_as_it_is_is_met() -> None:
    assert judged([pod()], slices(endpoint())).answer is Answer.MET


@pytest.mark.parametrize(
    ("listed", "said"),
    [
        (slices(), "is wanted and not listed"),
        (slices(endpoint(), endpoint("b", "10.0.0.9")), "10.0.0.9"),
        (slices(endpoint(), endpoint()), "listed twice"),
        (slices(endpoint(), port=80), "ports is"),
        (slices(endpoint("z")), "uid is 'z', wanted 'a'"),
        (slices(endpoint(nodeName="node-2")), "node is 'node-2', wanted 'node-1'"),
        (slices(endpoint(zone="west")), "zone is 'west', wanted 'east'"),
        (slices(endpoint(conditions={"ready": False})), "ready is False, wanted True"),
        (slices(endpoint(conditions={"terminating": True})), "terminating is True, wanted False"),
    ],
)
def test_whatever_is_told_wrongly_is_named(listed: list[dict[str, Any]], said: str) -> None:
    verdict = judged([pod()], listed)

    assert verdict.answer is Answer.VIOLATED
    assert said in verdict.because


def test_an_unready_pod_stays_listed_as_such() -> None:
    unready = slices(endpoint(conditions={"ready": False, "serving": False}))

    assert judged([pod(ready=False)], unready).answer is Answer.MET
    assert judged([pod(ready=False)], slices()).answer is Answer.VIOLATED


def test_a_terminating_pod_is_serving_and_never_ready() -> None:
    draining = slices(endpoint(conditions={"ready": False, "terminating": True}))

    assert judged([pod(terminating=True)], draining).answer is Answer.MET
    assert judged([pod(terminating=True)], slices(endpoint())).answer is Answer.VIOLATED


def test_published_addresses_are_ready_whatever_the_pods_are() -> None:
    published = {"spec": {**SERVICE["spec"], "publishNotReadyAddresses": True}}
    listed = slices(endpoint(conditions={"ready": True, "serving": False}))

    assert judged([pod(ready=False)], listed, published).answer is Answer.MET


@pytest.mark.parametrize(
    "stranger",
    [pod(phase="Succeeded"), pod(phase="Failed"), pod(address=""), pod(metadata={"labels": {"app": "db"}})],
)
def test_a_pod_that_ended_has_no_address_or_other_labels_is_not_wanted(stranger: dict[str, Any]) -> None:
    assert judged([stranger], slices()).answer is Answer.MET


def test_without_a_selector_no_pod_is_wanted() -> None:
    assert judged([pod()], slices(), {"spec": {"ports": [{"port": 80}]}}).answer is Answer.MET


def test_a_pod_without_the_named_port_is_listed_without_it() -> None:
    service = {"spec": {**SERVICE["spec"], "ports": [{"port": 80, "targetPort": "none-such"}]}}
    listed = [{"metadata": {}, "ports": [], "endpoints": [endpoint()]}]

    assert judged([pod()], listed, service).answer is Answer.MET


def test_absent_conditions_mean_ready_and_serving() -> None:
    [entry] = entries([{"endpoints": [{"addresses": ["10.0.0.1"]}], "ports": None}])

    assert state_of(entry) is State.READY


def test_a_state_that_nobody_is_in_names_those_that_are_listed() -> None:
    verdict = lists_one_that_is(State.DRAINING, slices(endpoint()))

    assert verdict.answer is Answer.VIOLATED
    assert "10.0.0.1 (ready, serving; unnamed 8080/TCP)" in verdict.because


def test_a_service_of_two_families_lists_a_pod_at_both_addresses_and_one_of_one_family_at_one():
    from svcproof.model.listing import _addresses

    pod = {"status": {"podIP": "10.1.0.5", "podIPs": [{"ip": "10.1.0.5"}, {"ip": "fd00::5"}]}}

    def service(*families):
        return {"spec": {"ipFamilies": list(families)}}

    assert _addresses(service("IPv4", "IPv6"), pod) == ["10.1.0.5", "fd00::5"]
    assert _addresses(service("IPv6"), pod) == ["fd00::5"]
    assert _addresses(service("IPv4"), pod) == ["10.1.0.5"]


def test_a_slice_of_more_than_a_hundred_endpoints_violates():
    pods = [pod(f"p{number}", address=f"10.0.1.{number}") for number in range(120)]
    listed = [endpoint(f"p{number}", f"10.0.1.{number}") for number in range(120)]

    assert judged(pods, [*slices(*listed[:100]), *slices(*listed[100:])]).answer is Answer.MET
    verdict = judged(pods, slices(*listed))
    assert verdict.answer is Answer.VIOLATED
    assert "lists 120 endpoints, more than 100" in verdict.because
