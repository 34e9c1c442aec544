"""Backends outside the cluster: this machine answers, and an EndpointSlice written by hand says where."""

from __future__ import annotations

from svcproof.cluster.services import SERVICE_NAME_LABEL
from svcproof.cluster.waiting import Deadline, Sighting, await_state
from svcproof.model.verdict import Inconclusive
from svcproof.world import World

SEEN_SECONDS = 10.0
"""How long we look for our own EndpointSlice."""


def answer_for(here: World, name: str) -> None:
    """Answer on this machine, and list it as the one endpoint of a Service that selects nobody."""
    address = here.capability("off-cluster-backend").figures.get("address", "") if here.capability else ""
    if not address or here.answer_here is None:
        raise Inconclusive("nobody has found out where pods reach this machine")
    answering = here.answer_here(address)
    here.undoing.callback(answering.close)
    port = here.stage.service(name)["spec"]["ports"][0]
    here.sandbox.create(
        {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {"name": f"{name}-outside", "labels": {SERVICE_NAME_LABEL: name}},
            "addressType": "IPv6" if ":" in address else "IPv4",
            "endpoints": [{"addresses": [address], "conditions": {"ready": True}}],
            "ports": [{"name": port.get("name", ""), "port": answering.port, "protocol": "TCP"}],
        }
    )
    watches = here.sandbox.watches()

    def look() -> Sighting[bool]:
        found = here.stage.endpoints(name)
        return Sighting(f"{len(found)} listed", True if found else None)

    await_state(f'an endpoint of "{name}"', look, Deadline(here.settings.seconds(SEEN_SECONDS)), watches.news)
