"""Starts a lab: in order where one thing needs another, side by side where it does not."""

from __future__ import annotations

import sys
import threading
import time
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from svcproof.adapters import ask_name, shell
from svcproof.adapters.plain_api import ApiRefused, PlainApi
from svcproof.problems import SetupProblem
from svcproof.providers.lab import (
    add_ons,
    certificates,
    cgroups,
    checks,
    components,
    network,
    policy_guard,
    processes,
    state,
)
from svcproof.providers.lab.components import folder
from svcproof.providers.lab.image_store import copy_store
from svcproof.providers.lab.objects import KUBELET_ADMIN, collection_path, is_rolled_out, node_is_ready, node_object
from svcproof.providers.lab.plan import CONTROL_PLANE, LabPlan

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from svcproof.providers.lab.images import Image
    from svcproof.providers.lab.plan import NodePlan
    from svcproof.providers.lab.programs import Programs
    from svcproof.providers.lab.progress import Report, Step

PATIENCE = 300.0
"""Seconds to wait for one step of a component; a busy machine takes longer than an idle one."""

NEVER = (400, 405, 415, 422)
"""HTTP answers that will be the same however often one asks."""

EVERY = 0.1
"""Seconds between two looks at what the API server says."""


class _Stopped(Exception):  # noqa: N818 - it says what came to pass
    """Another part of the start broke off: there is nothing left to wait for."""


@dataclass
class Start:
    """One start of a lab, from its state file to the last thing that must be ready."""

    plan: LabPlan
    state: state.State
    programs: Programs
    images: dict[str, Image]
    store: Path
    report: Report
    stop: threading.Event = field(default_factory=threading.Event)
    nodes_are_known: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        self.state.put(images={role: image.reference for role, image in self.images.items()})
        self._lay_out()
        with self.report.step("make cgroups, namespaces, links and routes"):
            cgroups.make(self.plan, self.state)
            network.make_namespaces(self.plan, self.state)
            network.wire(self.plan, self.state)
        extra = {
            "metallb": self._bring_up_metallb,
            "policies": self._bring_up_policy_guard,
            "traefik": self._bring_up_traefik,
        }
        self._side_by_side(
            self._bring_up_control_plane,
            *(extra[add_on] for add_on in self.plan.add_ons),
            *(partial(self._bring_up_node, node) for node in self.plan.node_plans),
        )

    def _side_by_side(self, *works: Callable[[], None]) -> None:
        """Do all of *works*; the first that breaks off, or Ctrl-C, ends the others."""
        futures: list[Future[None]] = []
        with ThreadPoolExecutor(len(works)) as pool:
            try:
                futures += [pool.submit(work) for work in works]
                wait(futures, return_when=FIRST_EXCEPTION)
            finally:
                if len(futures) < len(works) or not all(future.done() for future in futures):
                    self.stop.set()
        broken = [error for future in futures if (error := future.exception())]
        for error in sorted(broken, key=lambda error: isinstance(error, _Stopped)):
            raise error

    def _lay_out(self) -> None:
        with self.report.step("issue certificates, write the configuration"):
            plan = self.plan
            self.state.note("directory", plan.data)
            plan.data.mkdir(parents=True, mode=0o711)
            certificates.issue_all(plan)
            components.oci_runtime(plan).write_text(components.OCI_RUNTIME)
            components.oci_runtime(plan).chmod(0o755)
            lowers = checks.lowers_oom_score()
            recipes = list(components.control_plane_recipes(plan).values())
            for node in plan.node_plans:
                plan.node_data(node.name).mkdir()
                copy_store(self.store, plan.node_data(node.name) / "containerd")
                recipes += components.node_recipes(
                    plan,
                    node,
                    plugins=self.programs.path("ptp").parent,
                    pause=self.images["pause"].reference,
                    lowers_oom_score=lowers,
                ).values()
            for recipe in recipes:
                processes.lay_out(plan, recipe, self.programs.path(recipe.name))
            if "policies" in plan.add_ons:
                processes.lay_out(plan, policy_guard.recipe(plan), Path(sys.executable))

    def _bring_up_control_plane(self) -> None:
        with self.report.step("start etcd and the API server") as step:
            self._start(CONTROL_PLANE, "etcd")
            self._start(CONTROL_PLANE, "kube-apiserver")
            api = self._api()
            self._await("the API server is ready", lambda: api.status("/readyz") == 200, step, "etcd", "kube-apiserver")
        with self.report.step("start the controllers, the scheduler and the control plane's proxy") as step:
            for name in ("kube-controller-manager", "kube-scheduler", "kube-proxy"):
                self._start(CONTROL_PLANE, name)
            self._create([node_object(node) for node in self.plan.node_plans], step)
            self.nodes_are_known.set()
            self._create([KUBELET_ADMIN, *add_ons.dns_manifests(self.plan, self.images)], step)
        with self.report.step("wait until DNS answers on every node") as step:
            needed = ("kube-controller-manager", "kube-scheduler")
            self._await_workload("kube-system", "deployments", "coredns", step, *needed)
            self._side_by_side(*(partial(self._await_dns, node, step) for node in self.plan.node_plans))

    def _bring_up_metallb(self) -> None:
        with self.report.step("start MetalLB") as step:
            self._await("the API server knows the nodes", self.nodes_are_known.is_set, step)
            self._create(add_ons.metallb_manifests(self.images, self.programs), step)
            self._await_add_on("metallb", step)
            self._create(add_ons.metallb_pools(self.plan), step)

    def _bring_up_traefik(self) -> None:
        with self.report.step("start Traefik") as step:
            self._await("the API server knows the nodes", self.nodes_are_known.is_set, step)
            self._create(add_ons.traefik_manifests(self.plan, self.images), step)
            self._await_add_on("traefik", step)

    def _bring_up_policy_guard(self) -> None:
        with self.report.step("start the guard of network policies") as step:
            self._await("the API server knows the nodes", self.nodes_are_known.is_set, step)
            self._start(CONTROL_PLANE, policy_guard.NAME)

    def _await_add_on(self, add_on: str, step: Step) -> None:
        for namespace, resource, name in add_ons.READY[add_on]:
            self._await_workload(namespace, resource, name, step)

    def _await_workload(self, namespace: str, resource: str, name: str, step: Step, *needed: str) -> None:
        path = f"/apis/apps/v1/namespaces/{namespace}/{resource}/{name}"
        api = self._api()
        self._await(f"{name} in {namespace} is ready", lambda: is_rolled_out(api.get(path)), step, *needed)

    def _api(self) -> PlainApi:
        issued = certificates.certificates(self.plan)
        return PlainApi(
            self.plan.api_address,
            authority=issued / "ca.crt",
            certificate=issued / "owner.crt",
            key=issued / "owner.key",
        )

    def _create(self, objects: Sequence[dict[str, Any]], step: Step) -> None:
        """Create each of *objects*, in order; what it stands on may still be on its way: its namespace, a webhook."""
        api = self._api()
        for found in objects:
            what = f"the API server takes {found['kind']} {found['metadata']['name']}"
            self._await(what, partial(_is_taken, api, found), step)

    def _await_dns(self, node: NodePlan, step: Step) -> None:
        for block in self.plan.blocks:
            resolver = str(block.dns_service)
            question = [sys.executable, "-IS", ask_name.__file__, resolver, "kubernetes.default.svc.cluster.local", "2"]
            argv = ["nsenter", f"--net={self.plan.network_namespace(node.name)}", *question]
            self._await(
                f"cluster DNS at {resolver} answers {node.name}",
                partial(_succeeds, argv),
                step,
                f"{node.name}/kube-proxy",
            )

    def _bring_up_node(self, node: NodePlan) -> None:
        with self.report.step(f"start containerd on {node.name}") as step:
            self._start(node.name, "containerd")
            socket = self.plan.containerd_socket(node.name)
            self._await("containerd listens", socket.exists, step, f"{node.name}/containerd")
        with self.report.step(f"start the kubelet and the proxy on {node.name}") as step:
            self._await("the API server knows the node", self.nodes_are_known.is_set, step)
            self._start(node.name, "kubelet")
            self._start(node.name, "kube-proxy")
            api = self._api()
            path = f"/api/v1/nodes/{node.name}"
            self._await(
                f"{node.name} is Ready",
                lambda: node_is_ready(api.get(path)),
                step,
                f"{node.name}/kubelet",
                f"{node.name}/containerd",
            )

    # waiting

    def _start(self, place: str, name: str) -> None:
        if self.stop.is_set():
            raise _Stopped
        processes.start(self.plan, place, name)

    def _await(self, what: str, holds: Callable[[], bool], step: Step, *needed: str) -> None:
        """Wait until *holds*. Raises SetupProblem with the log's end when time runs out or a needed component ends.

        *needed* names components as "place/name", those of the control plane by their name alone.
        """
        began = time.monotonic()
        step.update(f"waiting until {what}")
        watched = [_component(words) for words in needed]
        while not _answered(holds):
            if self.stop.wait(EVERY):
                raise _Stopped
            for place, name in watched:
                process = processes.remembered(self.plan, place, name)
                if process and not process.alive():
                    raise SetupProblem(f"{name} of {place} ended by itself; it said last:\n{self._said(place, name)}")
            waited = time.monotonic() - began
            if waited > PATIENCE:
                said = "\n".join(f"{name} of {place} said last:\n{self._said(place, name)}" for place, name in watched)
                raise SetupProblem(f"after {waited:.0f} s it is still not so that {what}\n{said}")

    def _said(self, place: str, name: str) -> str:
        log = folder(self.plan, place, name) / "log"
        return "\n".join(f"    {line}" for line in log.read_text(errors="replace").splitlines()[-8:])


def _is_taken(api: PlainApi, found: dict[str, Any]) -> bool:
    return bool(api.post(collection_path(found), found))


def _succeeds(argv: Sequence[str]) -> bool:
    return shell.run(argv, timeout=PATIENCE, check=False).ok


def _answered(holds: Callable[[], bool]) -> bool:
    """Whether *holds*; an API server that does not say so yet is asked again."""
    try:
        return holds()
    except ApiRefused as refused:
        if refused.status in NEVER:
            raise SetupProblem(str(refused)) from refused
        return False


def _component(words: str) -> tuple[str, str]:
    place, _, name = words.rpartition("/")
    return place or CONTROL_PLANE, name
