"""Backends with names of their own: a StatefulSet behind a headless Service."""

from __future__ import annotations

from svcproof.cluster import services, workloads
from svcproof.cluster.api import Object
from svcproof.cluster.stage import Stage
from svcproof.model.service import Backends, ServiceKind


def serve(stage: Stage, name: str, backends: Backends) -> None:
    """Declare a headless Service and a StatefulSet of the same name, and await both."""
    stage.kinds[name] = ServiceKind.HEADLESS
    stage.sandbox.create(services.service(name, ServiceKind.HEADLESS, [services.Port(name="main")]))
    stage.configure(workloads.configuration(backends.application))
    stage.sandbox.create(stateful_set(name, backends, stage.images))
    stage.backends[name] = backends
    stage.stateful.add(name)
    stage.await_ready(name, backends.count)
    stage.await_endpoints(name, backends.count)


def stateful_set(name: str, backends: Backends, images: workloads.Images) -> Object:
    """Return a StatefulSet of pods labelled app=NAME, all made at once, whose names lie under the Service NAME."""
    body = workloads.deployment(name, backends.count, backends.application, images)
    spec = {key: value for key, value in body["spec"].items() if key != "strategy"}
    return {**body, "kind": "StatefulSet", "spec": {**spec, "serviceName": name, "podManagementPolicy": "Parallel"}}
