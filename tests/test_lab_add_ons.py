"""The objects that a lab's cluster starts with carry the lab's addresses and images, and nobody else's."""

import base64
from pathlib import Path

import pytest
import yaml
from cryptography import x509

from svcproof.providers.lab import add_ons
from svcproof.providers.lab.image_roles import ROLES
from svcproof.providers.lab.images import Image
from svcproof.providers.lab.plan import LabPlan
from svcproof.providers.lab.programs import Programs

IMAGES = {role: Image(f"svcproof.lab/{role}:1", Path()) for role in ROLES}

METALLB = """\
kind: Secret
metadata: {name: metallb-webhook-cert}
---
kind: CustomResourceDefinition
spec: {conversion: {webhook: {clientConfig: {service: {name: metallb-webhook-service}}}}}
---
kind: ValidatingWebhookConfiguration
webhooks:
  - clientConfig: {service: {name: metallb-webhook-service}}
---
kind: Deployment
spec:
  template:
    spec:
      containers:
        - {name: controller, image: registry.example/controller:1, args: [], readinessProbe: {}, livenessProbe: {}}
---
kind: DaemonSet
spec:
  template:
    spec:
      containers:
        - {name: speaker, image: registry.example/speaker:1, args: [], readinessProbe: {}, livenessProbe: {}}
"""


@pytest.fixture
def metallb(tmp_path):
    (tmp_path / "metallb-native.yaml").write_text(METALLB)
    programs = Programs({}, {"metallb-native.yaml": tmp_path / "metallb-native.yaml"})
    return add_ons.metallb_manifests(IMAGES, programs)


def _plan(**values):
    return LabPlan("la", 0, **values)


def _all_objects(plan, metallb):
    return [
        *add_ons.dns_manifests(plan, IMAGES),
        *metallb,
        *add_ons.metallb_pools(plan),
        *add_ons.traefik_manifests(plan, IMAGES),
    ]


def _kind(objects, kind):
    return next(found for found in objects if found["kind"] == kind)


def test_every_container_runs_an_image_of_the_lab_and_pulls_none(metallb):
    containers = list(add_ons._containers(_all_objects(_plan(), metallb)))

    assert len(containers) == 4
    assert all(container["image"].startswith("svcproof.lab/") for container in containers)
    assert {container["imagePullPolicy"] for container in containers} == {"Never"}


def test_readiness_is_looked_at_every_second_and_at_once(metallb):
    for container in add_ons._containers(_all_objects(_plan(), metallb)):
        assert container["readinessProbe"]["periodSeconds"] == 1
        assert container["readinessProbe"].get("initialDelaySeconds", 0) == 0


@pytest.mark.parametrize(("family", "count"), [("ipv4", 1), ("dual", 2)])
def test_the_dns_service_has_the_address_that_the_kubelets_tell(family, count):
    plan = _plan(ip_family=family)
    service = _kind(add_ons.dns_manifests(plan, IMAGES), "Service")["spec"]

    assert service["clusterIPs"] == [str(block.dns_service) for block in plan.blocks]
    assert len(service["ipFamilies"]) == count
    assert {(port["port"], port["protocol"]) for port in service["ports"]} == {(53, "UDP"), (53, "TCP")}


def test_the_dns_neither_caches_nor_forwards():
    corefile = _kind(add_ons.dns_manifests(_plan(), IMAGES), "ConfigMap")["data"]["Corefile"]

    assert "cache" not in corefile
    assert "forward" not in corefile


def test_the_webhook_is_trusted_wherever_it_is_called(metallb):
    secret = _kind(metallb, "Secret")["data"]
    calls = list(add_ons._webhook_calls(metallb))
    certificate = x509.load_pem_x509_certificate(base64.b64decode(secret["tls.crt"]))
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value

    assert len(calls) == 2
    assert {call["caBundle"] for call in calls} == {secret["ca.crt"]}
    assert "metallb-webhook-service.metallb-system.svc" in names.get_values_for_type(x509.DNSName)


def test_metallb_gives_addresses_of_the_lab_alone():
    plan = _plan(ip_family="dual")
    (pool,) = (found for found in add_ons.metallb_pools(plan) if found["kind"] == "IPAddressPool")

    for block, given in zip(plan.blocks, pool["spec"]["addresses"], strict=True):
        first, last = given.split("-")
        assert type(block.host)(first) in block.load_balancers
        assert type(block.host)(last) in block.load_balancers


@pytest.mark.parametrize(("others", "kind"), [((), "NodePort"), (("metallb",), "LoadBalancer")])
def test_traefik_is_reached_by_what_the_lab_has(others, kind):
    objects = add_ons.traefik_manifests(_plan(add_ons=("traefik", *others)), IMAGES)

    assert _kind(objects, "Service")["spec"]["type"] == kind


def test_manifests_are_read_anew_each_time():
    assert add_ons.dns_manifests(_plan(), IMAGES) == add_ons.dns_manifests(_plan(), IMAGES)
    assert yaml.safe_dump_all(add_ons.traefik_manifests(_plan(), IMAGES))
