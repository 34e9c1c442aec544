"""Changes of objects, told as events."""

from memory_cluster import endpoint, endpoint_slice, pod

from svcproof.cluster.chronicle import tell
from svcproof.cluster.services import endpoints
from svcproof.model.history import Kind


def says(kind: str, before: dict | None, after: dict | None) -> list[str]:
    return [telling.says for telling in tell(kind, before, after)]


def test_a_backend_that_joins_is_gained_and_one_that_leaves_is_dropped() -> None:
    before = endpoint_slice(endpoint("web-1", "10.0.0.1", ready=True))
    after = endpoint_slice(endpoint("web-2", "10.0.0.2", node="node-2", ready=True))
    assert says("EndpointSlice", before, after) == ["dropped web-1 (node-1)", "gained web-2 (node-2)"]


def test_a_backend_that_terminates_is_dropped_before_it_is_forgotten() -> None:
    ready = endpoint_slice(endpoint("web-1", "10.0.0.1", ready=True))
    going = endpoint_slice(endpoint("web-1", "10.0.0.1", ready=False, serving=True, terminating=True))
    assert says("EndpointSlice", ready, going) == ["dropped web-1 (node-1)"]
    assert says("EndpointSlice", going, endpoint_slice()) == ["forgot web-1 (node-1)"]
    assert says("EndpointSlice", ready, None) == ["dropped web-1 (node-1)"]


def test_nothing_is_told_of_a_change_that_no_endpoint_sees() -> None:
    one = endpoint_slice(endpoint("web-1", "10.0.0.1", ready=True))
    assert says("EndpointSlice", one, one) == []
    assert says("ConfigMap", None, {"metadata": {"name": "a"}}) == []


def test_the_subject_of_a_slice_is_its_service_and_the_data_name_pod_and_node() -> None:
    (told,) = tell("EndpointSlice", None, endpoint_slice(endpoint("web-1", "10.0.0.1", ready=True)))
    assert (told.kind, told.subject) == (Kind.ENDPOINTS, "web")
    assert told.data["pod"] == "web-1"
    assert told.data["ready"] is True


def test_pods_turn_ready_unready_terminating_and_are_gone() -> None:
    ready, unready = pod("web-1"), pod("web-1", ready=False)
    going = pod("web-1")
    going["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    assert says("Pod", unready, ready) == ["is ready"]
    assert says("Pod", ready, unready) == ["is not ready"]
    assert says("Pod", ready, going) == ["is terminating"]
    assert says("Pod", going, None) == ["is gone"]


def test_an_unknown_ready_condition_counts_as_ready() -> None:
    (found,) = endpoints([endpoint_slice(endpoint("web-1", "10.0.0.1"))], "web")
    assert found.ready
    assert found.serving


def test_a_null_list_of_endpoints_is_empty() -> None:
    assert endpoints([endpoint_slice()], "web") == []
