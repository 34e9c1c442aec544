"""Where traffic starts: outside, in a pod on a node, on the node itself, in a scenario's own namespace."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from svcproof.cluster.api import ClusterApi, Conflict, Conversing, ExecTrouble, Running
from svcproof.cluster.sandbox import PRIVILEGED, Sandbox
from svcproof.cluster.services import is_ready
from svcproof.cluster.waiting import Deadline, Sighting, await_state
from svcproof.cluster.workloads import (
    AGENT,
    AGENT_CONFIG,
    ANYWHERE,
    Images,
    Placement,
    agent_configuration,
    prober_pod,
    why_not_ready,
)

READY_SECONDS = 60.0
RESOURCES = {"requests": {"cpu": "100m", "memory": "32Mi"}}
"""On a busy node a prober's share of the processor follows its request: without one it stands still, and says so."""


@dataclass(frozen=True)
class Outside:
    """This machine, outside the cluster; *launch* starts a prober here."""

    launch: Callable[[], Running]
    description: str = "outside"
    node: str = ""

    def start(self, api: Conversing) -> Running:  # noqa: ARG002 - the other kind of place needs it
        """Start a prober here."""
        return self.launch()

    def resume(self, api: Conversing, name: str) -> Running:  # noqa: ARG002
        """Raise ExecTrouble: a prober of ours that was cut off is dead."""
        raise ExecTrouble(f"the prober outside is gone, and {name} with it")

    def give_up(self) -> None:
        """Do nothing: there is one outside only."""


@dataclass(frozen=True)
class InPod:
    """A pod in which a prober can be started; *description* is its name for people."""

    namespace: str
    pod: str
    container: str = "prober"
    node: str = ""
    description: str = ""
    given_up: threading.Event = field(default_factory=threading.Event, compare=False, repr=False)

    def start(self, api: Conversing) -> Running:
        """Start a prober here; raise ExecTrouble."""
        return api.start(self.namespace, self.pod, self.container, (*AGENT, "probe", "--apart"))

    def resume(self, api: Conversing, name: str) -> Running:
        """Speak again to a prober that was told to linger by this name; raise ExecTrouble."""
        return api.start(self.namespace, self.pod, self.container, (*AGENT, "resume", "--name", name))

    def give_up(self) -> None:
        """Let the next scenario start elsewhere: a prober was lost here, or none could be started."""
        self.given_up.set()


Place = Outside | InPod


class Vantages:
    """The places of one run that scenarios share; each is made when it is first asked for, and used again.

    A shared vantage is a restricted pod in a namespace of the run's own (a host-network one, in a privileged one).
    A scenario whose law is about its own namespace (short names, environment variables, policies) asks for a pod there
    with `in_sandbox`. `delete()` ends them all.
    """

    def __init__(
        self,
        api: ClusterApi,
        run: str,
        images: Images,
        *,
        launch_outside: Callable[[], Running],
        ready_seconds: float = READY_SECONDS,
    ) -> None:
        self._api = api
        self._images = images
        self._launch_outside = launch_outside
        self._ready_seconds = ready_seconds
        self._sandbox = Sandbox(api, run, "vantages")
        self._known: dict[tuple[str, bool], InPod] = {}
        self._numbers = itertools.count(1)
        self._turn = threading.Lock()
        self._foreseen: threading.Thread | None = None

    @property
    def sandbox(self) -> Sandbox:
        """What the run owns beside its scenarios; deleted with the vantages."""
        return self._sandbox

    def outside(self) -> Outside:
        """Return the vantage outside the cluster."""
        return Outside(self._launch_outside)

    def in_pod(self) -> InPod:
        """Return a vantage in a pod, on whichever node there is one already, or the scheduler chose."""
        with self._turn:
            for (_, host_network), known in self._known.items():
                if not host_network and self._stands(known):
                    return known
        return self.on_nodes([""])[0]

    def on_node(self, node: str) -> InPod:
        """Return a vantage in a pod on this node."""
        return self.on_nodes([node])[0]

    def on_nodes(self, nodes: Sequence[str], *, host_network: bool = False) -> list[InPod]:
        """Return a vantage in a pod on each of these nodes; with *host_network*, on the node itself.

        Such a pod is in its node's network namespace. Those that are missing start side by side.
        """
        with self._turn:
            found = {node: self._known.get((node, host_network)) for node in nodes}
            missing = [node for node, known in found.items() if known is None or not self._stands(known)]
            role = PRIVILEGED if host_network else ""
            names = [f"vantage-{next(self._numbers)}" for _ in missing]
            for node, name in zip(missing, names, strict=True):
                self._create(self._sandbox, role, name, node, host_network=host_network)
            for node, name in zip(missing, names, strict=True):
                place = self._await(self._sandbox, self._sandbox.namespace(role), name, host_network=host_network)
                self._known[node, host_network] = place
            return [self._known[node, host_network] for node in nodes]

    def foresee(self) -> None:
        """Begin to make the pod of `in_pod`, which is needed soon; returns at once.

        What goes wrong is told to whoever asks for the pod.
        """

        def make() -> None:
            with suppress(Exception):
                self.in_pod()

        if not self._known and self._foreseen is None:
            self._foreseen = threading.Thread(target=make, daemon=True)
            self._foreseen.start()

    def in_sandbox(self, sandbox: Sandbox, *, name: str = "prober", role: str = "", node: str = "") -> InPod:
        """Make a vantage in a pod of a scenario's own namespace (see Sandbox.namespace for *role*)."""
        host_network = role == PRIVILEGED
        self._create(sandbox, role, name, node, host_network=host_network)
        return self._await(sandbox, sandbox.namespace(role), name, host_network=host_network)

    def delete(self) -> None:
        """Ask for the end of the shared vantages; see Sandbox.delete."""
        if self._foreseen is not None:
            self._foreseen.join(self._ready_seconds)
        self._sandbox.delete()

    def _stands(self, place: InPod) -> bool:
        """Whether a shared vantage is still of use: a scenario may have drained or killed its node."""
        if place.given_up.is_set():
            return False
        pod = self._sandbox.watches(place.namespace).get("Pod", place.pod)
        return pod is not None and is_ready(pod)

    def _create(self, sandbox: Sandbox, role: str, name: str, node: str, *, host_network: bool) -> None:
        namespace = sandbox.namespace(role)
        if sandbox.watches(namespace).get("ConfigMap", AGENT_CONFIG) is None:
            configuration = agent_configuration()
            configuration["metadata"]["namespace"] = namespace
            with suppress(Conflict):  # a workload of the same namespace has brought it meanwhile
                sandbox.create(configuration)
        placement = Placement((node,)) if node else ANYWHERE
        pod = prober_pod(name, self._images, placement, host_network=host_network)
        pod["metadata"]["namespace"] = namespace
        pod["spec"]["containers"][0]["resources"] = RESOURCES
        if node:  # asked for by name: whatever the node repels, a prober is welcome
            pod["spec"]["tolerations"] = [{"operator": "Exists"}]
        sandbox.create(pod)

    def _await(self, sandbox: Sandbox, namespace: str, name: str, *, host_network: bool) -> InPod:
        watches = sandbox.watches(namespace)

        def look() -> Sighting[InPod]:
            pod = watches.get("Pod", name)
            if pod is None:
                return Sighting("no such pod")
            if not is_ready(pod):
                return Sighting(why_not_ready(pod))
            node = pod["spec"]["nodeName"]
            description = f"node {node}" if host_network else f"pod {name} on {node}"
            return Sighting("ready", InPod(namespace, name, "prober", node, description))

        return await_state(f"pod {namespace}/{name} ready", look, Deadline(self._ready_seconds), watches.news)
