"""Brings a lab up: in order where one thing needs another, side by side where it does not."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from svcproof.adapters import ask_name, shell
from svcproof.adapters.plain_api import PlainApi
from svcproof.problems import SetupProblem
from svcproof.providers.lab import (
    certificates,
    cgroups,
    checks,
    components,
    machine,
    network,
    processes,
    state,
    take_down,
)
from svcproof.providers.lab.add_ons import dns_manifests
from svcproof.providers.lab.components import folder
from svcproof.providers.lab.image_store import copy_store, ensure_store
from svcproof.providers.lab.images import Image, ensure_images
from svcproof.providers.lab.packages import ensure_system_packages
from svcproof.providers.lab.plan import CONTROL_PLANE, LabPlan
from svcproof.providers.lab.programs import Programs, ensure_programs

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from svcproof.providers.lab.plan import NodePlan
    from svcproof.providers.lab.progress import Report, Step

IMAGES = ("pause", "coredns", "nginx", "busybox", "python", "redis")
ADD_ON_IMAGES = {"metallb": ("metallb-controller", "metallb-speaker"), "traefik": ("traefik",)}

PATIENCE = 120.0
"""Seconds to wait for one step of a component; a busy machine takes longer than an idle one."""

EVERY = 0.1
"""Seconds between two looks at what the API server says."""


@dataclass(frozen=True)
class Wanted:
    """What a person asks of a lab."""

    name: str
    nodes: int
    kubernetes: str
    proxy_mode: str
    ip_family: str
    add_ons: tuple[str, ...]

    def plan(self, index: int) -> LabPlan:
        return LabPlan(
            self.name, index, self.nodes, self.kubernetes, self.proxy_mode, self.ip_family, tuple(sorted(self.add_ons))
        )


def cache_directory() -> Path:
    """Where built programs and made images are kept."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "svcproof"


def prepare(plan: LabPlan, report: Report) -> tuple[Programs, dict[str, Image]]:
    """Everything a lab is made of that outlives it: system packages, programs, images. Minutes once, then nothing."""
    ensure_system_packages(may_install=True, report=report)
    cache = cache_directory()
    programs = ensure_programs(plan.kubernetes, plan.add_ons, cache=cache, report=report)
    roles = (*IMAGES, *(image for add_on in plan.add_ons for image in ADD_ON_IMAGES[add_on]))
    return programs, ensure_images(programs, roles, cache=cache, report=report)


def bring_up(wanted: Wanted, report: Report) -> LabPlan:
    """Bring a lab up and return its plan; what a broken start made is removed again, also on Ctrl-C.

    The lab's remains, if any, are cleared first. Raises SetupProblem, saying what is in the way. The caller holds the
    lab (state.one_at_a_time).
    """
    first = wanted.plan(0)
    checks.dual_stack_problem(first)
    programs, images = prepare(first, report)
    checks.require_machine()
    store = ensure_store(programs, images, cache=cache_directory(), report=report)
    take_down.take_down(wanted.name, report)
    checks.require_space()
    began = time.monotonic()
    with state.one_at_a_time(".addresses", patience=10):
        record = state.State.begin(wanted.plan(checks.free_index(dual=wanted.ip_family == "dual")))
        machine.raise_limits()
    try:
        _Start(record.plan, record, programs, images, store, report).run()
    except BaseException:
        report.say("the start broke off: what it made is removed")
        take_down.take_down(wanted.name, report)
        raise
    record.put(phase="up", seconds=round(time.monotonic() - began, 1))
    return record.plan


class _Stopped(Exception):  # noqa: N818 - it says what came to pass
    """Another part of the start broke off: there is nothing left to wait for."""


@dataclass
class _Start:
    """One start of a lab."""

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
        self._side_by_side(
            self._bring_up_control_plane,
            *(partial(self._bring_up_node, node) for node in self.plan.node_plans),
        )

    def _side_by_side(self, *works: Callable[[], None]) -> None:
        """Do all of *works*; the first that breaks off, or Ctrl-C, ends the others."""
        with ThreadPoolExecutor(len(works)) as pool:
            futures: list[Future[None]] = [pool.submit(work) for work in works]
            try:
                wait(futures, return_when=FIRST_EXCEPTION)
            finally:
                if not all(future.done() for future in futures):
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

    def _bring_up_control_plane(self) -> None:
        with self.report.step("start etcd and the API server") as step:
            self._start(CONTROL_PLANE, "etcd")
            self._start(CONTROL_PLANE, "kube-apiserver")
            api = self._api()
            self._await("the API server is ready", lambda: api.status("/readyz") == 200, step, "etcd", "kube-apiserver")
        with self.report.step("start the controllers, the scheduler and the control plane's proxy"):
            for name in ("kube-controller-manager", "kube-scheduler", "kube-proxy"):
                self._start(CONTROL_PLANE, name)
            for node in self.plan.node_plans:
                api.post("/api/v1/nodes", _node_object(node))
            self.nodes_are_known.set()
            api.post("/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", _KUBELET_ADMIN)
            self._apply(dns_manifests(self.plan, self.images))
        with self.report.step("wait until DNS answers on every node") as step:
            self._await(
                "two CoreDNS replicas are ready",
                lambda: _ready_replicas(api, "kube-system", "coredns") == 2,
                step,
                "kube-controller-manager",
                "kube-scheduler",
            )
            self._side_by_side(*(partial(self._ask_dns, node) for node in self.plan.node_plans))

    def _api(self) -> PlainApi:
        issued = certificates.certificates(self.plan)
        return PlainApi(
            self.plan.api_address,
            authority=issued / "ca.crt",
            certificate=issued / "owner.crt",
            key=issued / "owner.key",
        )

    def _apply(self, objects: Sequence[dict[str, Any]]) -> None:
        """Create objects of any kind, custom ones too."""
        everything = {"apiVersion": "v1", "kind": "List", "items": list(objects)}
        kubectl = self.programs.path("kubectl")
        argv: list[str | Path] = [
            kubectl,
            f"--kubeconfig={self.plan.kubeconfig}",
            "apply",
            "--server-side",
            "--validate=false",
            "-f",
            "-",
        ]
        shell.run(argv, input=json.dumps(everything), timeout=PATIENCE)

    def _ask_dns(self, node: NodePlan) -> None:
        for block in self.plan.blocks:
            resolver = str(block.dns_service)
            question = [sys.executable, "-IS", ask_name.__file__, resolver, "kubernetes.default.svc.cluster.local"]
            argv = ["nsenter", f"--net={self.plan.network_namespace(node.name)}", *question, str(PATIENCE)]
            if not shell.run(argv, timeout=PATIENCE + 5, check=False).ok:
                raise SetupProblem(f"cluster DNS at {resolver} gives {node.name} no answer within {PATIENCE:.0f} s")

    def _bring_up_node(self, node: NodePlan) -> None:
        with self.report.step(f"start containerd on {node.name}") as step:
            self._start(node.name, "containerd")
            self._await(
                "containerd answers", lambda: self._ctr(node, "version", check=False), step, f"{node.name}/containerd"
            )
        with self.report.step(f"start the kubelet and the proxy on {node.name}") as step:
            self._await("the API server knows the node", self.nodes_are_known.is_set, step)
            self._start(node.name, "kubelet")
            self._start(node.name, "kube-proxy")
            api = self._api()
            path = f"/api/v1/nodes/{node.name}"
            self._await(
                f"{node.name} is Ready",
                lambda: _is_ready(api.get(path)),
                step,
                f"{node.name}/kubelet",
                f"{node.name}/containerd",
            )

    def _ctr(self, node: NodePlan, *arguments: str, check: bool = True) -> bool:
        socket = self.plan.containerd_socket(node.name)
        argv: list[str | Path] = [self.programs.path("ctr"), f"--address={socket}", "--namespace=k8s.io", *arguments]
        return shell.run(argv, timeout=PATIENCE, check=check).ok

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
        components = [_component(words) for words in needed]
        while not holds():
            if self.stop.wait(EVERY):
                raise _Stopped
            for place, name in components:
                process = processes.remembered(self.plan, place, name)
                if process and not process.alive():
                    raise SetupProblem(f"{name} of {place} ended by itself; it said last:\n{self._said(place, name)}")
            waited = time.monotonic() - began
            if waited > PATIENCE:
                said = "\n".join(
                    f"{name} of {place} said last:\n{self._said(place, name)}" for place, name in components
                )
                raise SetupProblem(f"after {waited:.0f} s it is still not so that {what}\n{said}")

    def _said(self, place: str, name: str) -> str:
        log = folder(self.plan, place, name) / "log"
        return "\n".join(f"    {line}" for line in log.read_text(errors="replace").splitlines()[-8:])


def _component(words: str) -> tuple[str, str]:
    place, _, name = words.rpartition("/")
    return place or CONTROL_PLANE, name


def _is_ready(node: dict[str, Any]) -> bool:
    """Whether the kubelet says Ready and nothing keeps pods off the node any more."""
    conditions = {condition["type"]: condition["status"] for condition in node["status"].get("conditions", [])}
    return conditions.get("Ready") == "True" and not node["spec"].get("taints")


def _ready_replicas(api: PlainApi, namespace: str, deployment: str) -> int:
    status = api.get(f"/apis/apps/v1/namespaces/{namespace}/deployments/{deployment}").get("status", {})
    ready: int = status.get("readyReplicas", 0)
    return ready


def _node_object(node: NodePlan) -> dict[str, Any]:
    """A node, made before its kubelet registers: its pod range is the one that the lab's routes lead to."""
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": node.name,
            "labels": {"kubernetes.io/hostname": node.name, "topology.kubernetes.io/zone": node.zone},
        },
        "spec": {"podCIDR": str(node.pod_ranges[0]), "podCIDRs": [str(pods) for pods in node.pod_ranges]},
    }


_KUBELET_ADMIN = {
    "apiVersion": "rbac.authorization.k8s.io/v1",
    "kind": "ClusterRoleBinding",
    "metadata": {"name": "svcproof:kube-apiserver-kubelet-admin"},
    "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "system:kubelet-api-admin"},
    "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "kube-apiserver-kubelet-client"}],
}
"""Logs and exec: the API server may ask the kubelets for everything."""
