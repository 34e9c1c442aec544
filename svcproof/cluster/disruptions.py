"""Brings about what befalls nodes, service proxies, cluster DNS and the control plane, and sees to its undoing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime

from svcproof.cluster import services
from svcproof.cluster.api import ApiTrouble, ClusterApi, Object
from svcproof.cluster.detect import KUBELET_PORT
from svcproof.cluster.node_control import NodeControl
from svcproof.cluster.stage import Stage
from svcproof.cluster.traffic import Traffic
from svcproof.cluster.transitions import CHANGED
from svcproof.cluster.waiting import Deadline, Rounds, Sighting, await_state, let_pass
from svcproof.model.disruption import AWAY_SECONDS, Disruption
from svcproof.model.history import Kind
from svcproof.model.verdict import Inconclusive

NODE_SECONDS = 120.0
"""How long we look for a node to count as lost, or as back: Kubernetes' own grace is 50 s."""

PROXY_SECONDS = 5.0
"""How long traffic is watched after a service proxy was started anew: until then it has read its Services."""

SYSTEM = "kube-system"
DNS_LABELS = "k8s-app=kube-dns"
ROLLED_OUT = "svcproof.dev/rolled-out-at"

TOO_MANY_REQUESTS = 429
"""A disruption budget says "not yet" with this status."""


@dataclass
class Disruptions:
    """The disruptions of one scenario; *undoing* is unwound before the scenario ends, whatever became of it."""

    stage: Stage
    traffic: Traffic
    control: NodeControl | None
    undoing: ExitStack

    def bring_about(self, disruption: Disruption) -> None:
        """Bring a disruption about and await that the cluster has taken notice, where it is to."""
        _DEEDS[disruption](self)

    # nodes

    def cut_off(self) -> None:
        """Take the last node off the network until it counts as lost."""
        self._lose(self._nodes.cut, "cuts off")

    def stop_kubelet(self) -> None:
        """End the last node's kubelet until the node counts as lost."""
        self._lose(self._nodes.stop_kubelet, "stops the kubelet of")

    def bring_back(self) -> None:
        """Put the last node back and await that it and its pods are ready."""
        self.traffic.act(f"puts {self._struck} back")
        self._restore(self._struck)
        self._await_pods("ready", self._struck, services.is_ready)
        self.traffic.mark(CHANGED)

    def drain(self) -> None:
        """Let no pod come to the last node, and evict this scenario's pods from it as fast as their budget lets."""
        node = self._struck
        self.traffic.act(f"drains {node}")
        self.undoing.callback(self._cordon, node, unschedulable=None)
        self._cordon(node, unschedulable=True)
        for pod in services.names(self._pods_on(node)):
            self._evict(pod)
        self.traffic.mark(CHANGED)

    def _lose(self, deed: Callable[[str], None], says: str) -> None:
        node = self._struck
        self.stage.changed[f"on {node}"] = services.names(self._pods_on(node))
        self.traffic.act(f"{says} {node}")
        self.undoing.callback(self._restore, node)
        deed(node)
        self._await_node(node, ready=False)
        self._await_pods("not ready", node, lambda pod: not services.is_ready(pod))
        self.traffic.mark(CHANGED)

    def _restore(self, node: str) -> None:
        self._nodes.restore(node)
        self._await_node(node, ready=True)

    def _await_node(self, node: str, *, ready: bool) -> None:
        wanted = "ready" if ready else "not ready"

        def look() -> Sighting[bool]:
            found = self._api.get("Node", node)
            if ready and services.is_ready(found) and not services.takes_pods(found):
                return Sighting("ready, and tainted still")  # for seconds: the next scenario wants to use it
            now = services.is_ready(found)
            return Sighting("ready" if now else "not ready", True if now is ready else None)

        await_state(f"node {node} {wanted}", look, self._patience(NODE_SECONDS), Rounds(0.5))
        self.traffic.event(Kind.NODE, node, f"is {wanted}")

    def _await_pods(self, wanted: str, node: str, right: Callable[[Object], bool]) -> None:
        watches = self.stage.sandbox.watches()

        def look() -> Sighting[bool]:
            wrong = [pod for pod in self._pods_on(node) if not right(pod)]
            return Sighting(f"{', '.join(services.names(wrong)) or 'none'} otherwise", None if wrong else True)

        await_state(f"the pods on {node} {wanted}", look, self._patience(NODE_SECONDS), watches.news)

    def _pods_on(self, node: str) -> list[Object]:
        pods = self.stage.sandbox.watches().objects("Pod")
        there = [pod for pod in pods if pod["spec"].get("nodeName") == node]
        return services.staying(there)

    def _cordon(self, node: str, *, unschedulable: bool | None) -> None:
        self._api.patch("Node", node, "", {"spec": {"unschedulable": unschedulable}})

    def _evict(self, pod: str) -> None:
        namespace = self.stage.sandbox.namespace()
        path = f"/api/v1/namespaces/{namespace}/pods/{pod}/eviction"
        body = {
            "apiVersion": "policy/v1",
            "kind": "Eviction",
            "metadata": {"name": pod, "namespace": namespace},
        }

        def look() -> Sighting[bool]:
            reply = self._api.ask("POST", path, body)
            if reply.accepted:
                return Sighting("granted", value=True)
            final = "" if reply.status == TOO_MANY_REQUESTS else f"the API server refuses: {reply.message}"
            return Sighting(f"{reply.status} {reply.message}", None, final)

        await_state(f"the eviction of {pod}", look, self._patience(NODE_SECONDS), Rounds(0.25))

    # service proxies

    def restart_proxy(self) -> None:
        """Start the service proxy of the first node anew."""
        self._restart(self.stage.nodes[:1])

    def restart_proxies(self) -> None:
        """Start the service proxies of all nodes anew, at once."""
        self._restart(services.names(self._api.list("Node")))

    def remove_rules(self) -> None:
        """Take away what the service proxy of the first node has written; it is started anew in the end."""
        node = self.stage.nodes[0]
        self.traffic.act(f"removes the forwarding rules of {node}")
        self.undoing.callback(self._nodes.restart_proxy, node)
        self._nodes.remove_proxy_rules(node)

    def _restart(self, nodes: list[str]) -> None:
        self.traffic.act(f"restarts the service proxy of {', '.join(nodes)}")
        with ThreadPoolExecutor(len(nodes)) as pool:
            list(pool.map(self._nodes.restart_proxy, nodes))
        self.traffic.mark(CHANGED)
        let_pass(PROXY_SECONDS)

    # the control plane

    def take_control_plane_away(self) -> None:
        """Halt the control plane for 20 s; what vouches for the traffic meanwhile is no part of it."""
        for address in self.stage.node_addresses()[:1]:
            self.traffic.vouch(address.address, KUBELET_PORT)
        self.traffic.endure(AWAY_SECONDS + NODE_SECONDS)
        self.traffic.act(f"takes the control plane away for {AWAY_SECONDS:g} s")
        self._nodes.pause_control_plane(AWAY_SECONDS)
        self.traffic.act("has put the control plane back")

        def look() -> Sighting[bool]:
            try:
                self._api.version()
            except ApiTrouble as trouble:
                return Sighting(str(trouble))
            return Sighting("it answers", value=True)

        await_state("an API server that answers again", look, self._patience(NODE_SECONDS), Rounds(0.5))
        self.traffic.mark(CHANGED)

    # cluster DNS

    def lose_dns_replica(self) -> None:
        """Delete one pod of cluster DNS by force and await another in its place."""
        before = self._dns_pods()
        if len(before) < 2:
            raise Inconclusive(f"cluster DNS has {len(before)} ready pods; two are needed to lose one")
        self.traffic.act(f"deletes {before[0]} by force")
        self._api.delete("Pod", before[0], SYSTEM, grace_seconds=0)

        def look() -> Sighting[bool]:
            now = self._dns_pods()
            whole = len(now) >= len(before) and before[0] not in now
            return Sighting(", ".join(now) or "none", whole or None)

        await_state(f"{len(before)} ready pods of cluster DNS", look, self._patience(NODE_SECONDS), Rounds(0.25))
        self.traffic.mark(CHANGED)

    def roll_dns_out(self) -> None:
        """Replace every pod of cluster DNS as its Deployment does, and await the end of it."""
        found = services.names(self._api.list("Deployment", SYSTEM, labels=DNS_LABELS))
        if not found:
            raise Inconclusive(
                f"{SYSTEM} has no Deployment labelled {DNS_LABELS}: cluster DNS is run by something else"
            )
        self.traffic.act(f"rolls out {found[0]} anew")
        roll_out(self._api, SYSTEM, found[0])

        def look() -> Sighting[bool]:
            body = self._api.get("Deployment", found[0], SYSTEM)
            status, wanted = body.get("status", {}), body["spec"]["replicas"]
            counts = [status.get(name, 0) for name in ("replicas", "updatedReplicas", "readyReplicas")]
            seen = status.get("observedGeneration", 0) >= body["metadata"]["generation"]
            return Sighting(f"replicas, updated, ready: {counts}", (seen and counts == [wanted] * 3) or None)

        await_state(f"Deployment {found[0]} rolled out", look, self._patience(NODE_SECONDS), Rounds(0.25))
        self.traffic.mark(CHANGED)

    def _dns_pods(self) -> list[str]:
        pods = self._api.list("Pod", SYSTEM, labels=DNS_LABELS)
        return services.names(pod for pod in pods if services.is_ready(pod))

    # within

    @property
    def _api(self) -> ClusterApi:
        return self.stage.api

    @property
    def _nodes(self) -> NodeControl:
        if self.control is None:
            raise Inconclusive("nothing controls the nodes: name it with -D node_control=lab:NAME")
        return self.control

    @property
    def _struck(self) -> str:
        """The node that is struck: never the one that "one node" means."""
        if len(self.stage.nodes) < 2:
            raise Inconclusive(f"there is no other node than {self.stage.nodes[0]}")
        return self.stage.nodes[-1]

    def _patience(self, seconds: float) -> Deadline:
        return Deadline(self.stage.settings.seconds(seconds))


def roll_out(api: ClusterApi, namespace: str, name: str) -> None:
    """Have a Deployment replace its pods, as `kubectl rollout restart` does."""
    now = datetime.now(UTC).isoformat()
    template = {"metadata": {"annotations": {ROLLED_OUT: now}}}
    api.patch("Deployment", name, namespace, {"spec": {"template": template}})


_DEEDS: Mapping[Disruption, Callable[[Disruptions], None]] = {
    Disruption.CUT_OFF: Disruptions.cut_off,
    Disruption.COMES_BACK: Disruptions.bring_back,
    Disruption.KUBELET_STOPS: Disruptions.stop_kubelet,
    Disruption.KUBELET_STARTS: Disruptions.bring_back,
    Disruption.DRAINED: Disruptions.drain,
    Disruption.PROXY_RESTARTS: Disruptions.restart_proxy,
    Disruption.PROXIES_RESTART: Disruptions.restart_proxies,
    Disruption.RULES_REMOVED: Disruptions.remove_rules,
    Disruption.CONTROL_PLANE_AWAY: Disruptions.take_control_plane_away,
    Disruption.DNS_REPLICA_LOST: Disruptions.lose_dns_replica,
    Disruption.DNS_ROLLED_OUT: Disruptions.roll_dns_out,
}
