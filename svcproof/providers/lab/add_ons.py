"""What runs in a lab's cluster from the start: its DNS, and the add-ons that make LoadBalancer and Ingress real."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import yaml

from svcproof.providers.lab.certificates import Authority
from svcproof.providers.lab.images import Image
from svcproof.providers.lab.plan import Block, LabPlan
from svcproof.providers.lab.programs import Programs
from svcproof.resources import fixtures

Object = dict[str, Any]

METALLB_NAMESPACE = "metallb-system"
READY: Mapping[str, tuple[tuple[str, str, str], ...]] = {
    "metallb": ((METALLB_NAMESPACE, "deployments", "controller"), (METALLB_NAMESPACE, "daemonsets", "speaker")),
    "traefik": (("traefik", "deployments", "traefik"),),
}
"""Add-on → namespace, resource and name of what must be ready before it can be used."""

_WEBHOOK_NAMES = tuple(
    f"metallb-webhook-service.{METALLB_NAMESPACE}.{ending}" for ending in ("svc", "svc.cluster.local")
)


def dns_manifests(plan: LabPlan, images: Mapping[str, Image]) -> list[Object]:
    """Two CoreDNS replicas, on two nodes where there are two, behind the kube-dns Service at the plan's addresses."""
    objects = _read("coredns.yaml", images)
    addresses = [str(block.dns_service) for block in plan.blocks]
    service = _only(objects, "Service")["spec"]
    service |= {"clusterIP": addresses[0], "clusterIPs": addresses, **_families(plan, "RequireDualStack")}
    return objects


def metallb_manifests(images: Mapping[str, Image], programs: Programs) -> list[Object]:
    """MetalLB as its module ships it, in layer-2 mode, with the lab's images and a certificate for its webhook.

    With the certificate already there, the controller need not issue one and wait a minute for its volume to follow.
    `metallb_pools` comes after, once the controller is ready.
    """
    text = programs.path("metallb-native.yaml").read_text()
    objects: list[Object] = [found for found in yaml.safe_load_all(text) if found]
    authority = Authority("metallb-webhook")
    bundle = base64.b64encode(authority.pair.certificate).decode()
    for container in _containers(objects):
        container |= {"image": images[f"metallb-{container['name']}"].reference, "imagePullPolicy": "Never"}
        container["readinessProbe"] |= {"initialDelaySeconds": 0, "periodSeconds": 1}
        container["livenessProbe"] |= {"initialDelaySeconds": 30}
        if container["name"] == "controller":
            container["args"].append("--disable-cert-rotation=true")
    for call in _webhook_calls(objects):
        call["caBundle"] = bundle
    pair = authority.issue("metallb-webhook-service", serves=_WEBHOOK_NAMES)
    _only(objects, "Secret")["data"] = {
        "ca.crt": bundle,
        "tls.crt": base64.b64encode(pair.certificate).decode(),
        "tls.key": base64.b64encode(pair.key).decode(),
    }
    return [*objects, _member_secret()]


def metallb_pools(plan: LabPlan) -> list[Object]:
    """The addresses that MetalLB may give, and that it announces them on the lab's bridge."""
    ranges = [_range(block) for block in plan.blocks]
    return [
        _metallb("IPAddressPool", {"addresses": ranges}),
        _metallb("L2Advertisement", {"ipAddressPools": ["lab"]}),
    ]


def traefik_manifests(plan: LabPlan, images: Mapping[str, Image]) -> list[Object]:
    """Traefik for every Ingress, behind a LoadBalancer Service where MetalLB is, behind a NodePort Service elsewhere.

    An Ingress's status tells the load balancer's address, or else the first node's.
    """
    objects = _read("traefik.yaml", images)
    balanced = "metallb" in plan.add_ons
    service = _only(objects, "Service")["spec"]
    service |= {"type": "LoadBalancer" if balanced else "NodePort", **_families(plan, "PreferDualStack")}
    told = "publishedservice=traefik/traefik" if balanced else f"ip={plan.node_plans[0].addresses[0]}"
    for container in _containers(objects):
        container["args"].append(f"--providers.kubernetesingress.ingressendpoint.{told}")
    return objects


def _read(name: str, images: Mapping[str, Image]) -> list[Object]:
    """The objects of fixtures/lab/manifests/*name*, whose containers name images by their roles."""
    objects: list[Object] = list(yaml.safe_load_all((fixtures() / "lab" / "manifests" / name).read_text()))
    for container in _containers(objects):
        container["image"] = images[container["image"]].reference
    return objects


def _containers(objects: Sequence[Object]) -> Iterator[Object]:
    for found in objects:
        if found["kind"] in ("DaemonSet", "Deployment"):
            yield from found["spec"]["template"]["spec"]["containers"]


def _webhook_calls(objects: Sequence[Object]) -> Iterator[Object]:
    """Every place where the API server is told whom to call."""
    for found in objects:
        if found["kind"] == "ValidatingWebhookConfiguration":
            yield from (webhook["clientConfig"] for webhook in found["webhooks"])
        if found["kind"] == "CustomResourceDefinition" and "conversion" in found["spec"]:
            yield found["spec"]["conversion"]["webhook"]["clientConfig"]


def _only(objects: Sequence[Object], kind: str) -> Object:
    (found,) = (each for each in objects if each["kind"] == kind)
    return found


def _families(plan: LabPlan, policy: str) -> Object:
    families = [f"IPv{block.version}" for block in plan.blocks]
    return {"ipFamilies": families, "ipFamilyPolicy": "SingleStack" if len(families) == 1 else policy}


def _range(block: Block) -> str:
    return f"{block.load_balancers[1]}-{block.load_balancers[254]}"


def _metallb(kind: str, spec: Object) -> Object:
    metadata = {"name": "lab", "namespace": METALLB_NAMESPACE}
    return {"apiVersion": "metallb.io/v1beta1", "kind": kind, "metadata": metadata, "spec": spec}


def _member_secret() -> Object:
    """The key by which the speakers know each other; with it already there, they need not wait for the controller."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "memberlist", "namespace": METALLB_NAMESPACE},
        "stringData": {"secretkey": secrets.token_hex(64)},
    }
