"""What a cluster may offer: a closed list of names, and the evidence for each."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Offer:
    """One capability by name: what it *means*, and how a cluster that lacks it may *get* it."""

    name: str
    means: str
    get: str


@dataclass(frozen=True)
class Capability:
    """Whether a cluster offers something: *because* is the evidence, and the reason of every skip that follows.

    *figures* is what was found by the way and callers may use (an Ingress class, the node-port range, a zone count).
    """

    name: str
    present: bool
    because: str
    figures: dict[str, str] = field(default_factory=dict)


OFFERS: dict[str, Offer] = {
    offer.name: offer
    for offer in (
        Offer("exec", "commands run in pods", "grant create and get on pods/exec"),
        Offer("dns", "pods resolve the names of Services", "run CoreDNS behind the Service kube-dns"),
        Offer("two-nodes", "pods can be scheduled on two nodes", "svcproof lab up --nodes 2, or a worker in kind"),
        Offer(
            "two-zones",
            "the first and the last schedulable node lie in different zones",
            "svcproof lab up --nodes 2, or zone labels on the nodes",
        ),
        Offer(
            "node-addresses",
            "the runner reaches the nodes' addresses",
            "run where the nodes are reachable: the lab, or kind on Linux",
        ),
        Offer(
            "outside",
            "the runner is no pod and no node, and has no way to the service range",
            "run from a host outside the cluster",
        ),
        Offer(
            "host-network",
            "pods may use their node's network",
            "let the pod security level of the run's namespaces be privileged",
        ),
        Offer(
            "load-balancer",
            "LoadBalancer Services get an address that answers",
            "svcproof lab up --add-on metallb, or cloud-provider-kind",
        ),
        Offer(
            "no-load-balancer",
            "LoadBalancer Services get no address, for nobody provides one",
            "a cluster without a provider",
        ),
        Offer(
            "ingress",
            "an Ingress class is served by a controller that answers",
            "svcproof lab up --add-on traefik, or a controller of your own",
        ),
        Offer(
            "network-policy",
            "a deny-all policy is seen to cut traffic off",
            "svcproof lab up --add-on policies, or a network plug-in that enforces policies",
        ),
        Offer(
            "dual-stack",
            "Services and pods get addresses of both families",
            "svcproof lab up --ip-family dual, or kind's ipFamily: dual",
        ),
        Offer("single-stack", "Services get addresses of one family only", "a cluster with one family"),
        Offer("sctp", "the kernels of runner image and nodes carry SCTP", "load the kernel module sctp on every node"),
        Offer(
            "node-control",
            "nodes can be cut off, stopped and restored",
            "the lab, kind, or --node-control with a command of yours",
        ),
        Offer("drain", "nodes can be cordoned and pods evicted", "grant patch on nodes and create on pods/eviction"),
        Offer(
            "off-cluster-backend",
            "pods reach a port that the runner opens on an address of its host",
            "run where pods can call the runner's host: the lab, or kind",
        ),
        Offer("kubectl", "the runner has kubectl", "install kubectl, or put it on PATH"),
    )
}
"""Every capability, by name: features say @needs.NAME, rows say it in their capability list."""
