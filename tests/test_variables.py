"""What pods know of Services from their environment."""

from svcproof.model.variables import (
    PodEnvironment,
    every_pod_has,
    no_pod_knows,
    no_pod_knows_others,
    variables_of,
)
from svcproof.model.verdict import Answer

API = {"KUBERNETES_SERVICE_HOST": "10.96.0.1"}


def test_a_services_variables_are_its_name_in_capitals_with_underscores() -> None:
    found = variables_of("my-nginx", "10.96.0.10", [("", 80, "TCP")])
    assert found["MY_NGINX_SERVICE_HOST"] == "10.96.0.10"
    assert found["MY_NGINX_SERVICE_PORT"] == "80"
    assert found["MY_NGINX_PORT_80_TCP_ADDR"] == "10.96.0.10"


def test_each_named_port_has_a_variable_and_the_first_port_is_the_plain_one() -> None:
    found = variables_of("web", "10.96.0.10", [("http", 80, "TCP"), ("admin-ui", 81, "TCP")])
    assert found["WEB_SERVICE_PORT"] == "80"
    assert found["WEB_SERVICE_PORT_ADMIN_UI"] == "81"


def test_an_ipv6_address_stands_in_brackets_in_urls_only() -> None:
    found = variables_of("web", "fd00::10", [("", 80, "TCP")])
    assert found["WEB_PORT"] == "tcp://[fd00::10]:80"
    assert found["WEB_SERVICE_HOST"] == "fd00::10"


def test_a_missing_variable_names_the_pod_and_the_variable() -> None:
    verdict = every_pod_has([PodEnvironment("web-1", {"A": "1"}), PodEnvironment("web-2", {})], {"A": "1"})
    assert verdict.answer is Answer.VIOLATED
    assert verdict.because == "web-2: wanted A=1; seen nothing"


def test_no_pods_say_nothing() -> None:
    assert every_pod_has([], {"A": "1"}).answer is Answer.UNKNOWN
    assert no_pod_knows([], "web").answer is Answer.UNKNOWN


def test_an_old_pod_that_knows_a_new_service_is_a_violation() -> None:
    pods = [PodEnvironment("old-1", {**API, "NEW_SERVICE_HOST": "10.96.0.9"})]
    assert no_pod_knows(pods, "new").answer is Answer.VIOLATED


def test_an_empty_environment_proves_nothing() -> None:
    assert no_pod_knows([PodEnvironment("old-1", {})], "new").answer is Answer.UNKNOWN
    assert no_pod_knows([PodEnvironment("old-1", API)], "new").answer is Answer.MET


def test_a_pod_knows_the_services_of_its_namespace_and_the_api_servers_alone() -> None:
    own = [PodEnvironment("web-1", {**API, "ECHO_SERVICE_HOST": "10.96.0.2", "HOME": "/"})]
    assert no_pod_knows_others(own, ["echo", "kubernetes"]).answer is Answer.MET
    verdict = no_pod_knows_others(own, ["kubernetes"])
    assert verdict.answer is Answer.VIOLATED
    assert "ECHO_SERVICE_HOST=10.96.0.2" in verdict.because
    assert no_pod_knows_others([], ["kubernetes"]).answer is Answer.UNKNOWN
