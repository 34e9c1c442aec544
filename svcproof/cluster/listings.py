"""EndpointSlices as one list of a Service's pods: awaited, compared, taken away."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from svcproof.cluster import workloads
from svcproof.cluster.api import NotFound, Object
from svcproof.cluster.services import SERVICE_NAME_LABEL, joined
from svcproof.cluster.stage import PODS_SECONDS, Stage
from svcproof.cluster.waiting import Deadline, NotConverged, Sighting, await_state
from svcproof.model import listing
from svcproof.model.listing import State
from svcproof.model.service import Application, Listing
from svcproof.model.verdict import Answer, Verdict, met, unknown, violated

ZONE_LABEL = "topology.kubernetes.io/zone"


def written(by_hand: Listing, family: str, pods: Sequence[Object], number: int) -> Object:
    """Return the EndpointSlice, or Endpoints object, that lists these pods at this port for a Service."""
    own = [(pod, entry["ip"]) for pod in pods for entry in pod["status"]["podIPs"]
           if (":" in entry["ip"]) == (family == "IPv6")]  # fmt: skip
    ports = [{"port": number, "protocol": "TCP"}]
    if not by_hand.slice:
        addresses = [{"ip": address, "targetRef": _reference(pod)} for pod, address in own]
        subsets = [{"addresses": addresses, "ports": ports}]
        return {"apiVersion": "v1", "kind": "Endpoints", "metadata": {"name": by_hand.service}, "subsets": subsets}
    endpoints = [
        {
            "addresses": [address],
            "conditions": {"ready": True},
            "nodeName": pod["spec"]["nodeName"],
            "targetRef": _reference(pod),
        }
        for pod, address in own
    ]
    labels = {SERVICE_NAME_LABEL: by_hand.service, "endpointslice.kubernetes.io/managed-by": "svcproof.dev"}
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"name": by_hand.slice, "labels": labels},
        "addressType": family,
        "endpoints": endpoints,
        "ports": [{"name": "", **ports[0]}],
    }


def _reference(pod: Object) -> Object:
    meta = pod["metadata"]
    return {"kind": "Pod", "name": meta["name"], "namespace": meta["namespace"], "uid": meta["uid"]}


def listed_at(slices: Iterable[Object]) -> dict[str, list[str]]:
    """Return where each pod is listed, by its name: "10.1.2.3:8080"."""
    found: dict[str, list[str]] = {}
    for item in slices:
        for entry in item.get("endpoints") or []:
            pod = (entry.get("targetRef") or {}).get("name", "")
            found.setdefault(pod, []).extend(
                joined(address, port["port"]) for address in entry["addresses"] for port in item.get("ports") or []
            )
    return found


@dataclass
class Listings:
    """What EndpointSlices say of the Services on one stage."""

    stage: Stage

    def tell_pods_as_they_are(self, name: str) -> Verdict:
        """Say whether a Service's slices come to tell its pods as they are, within the budget."""
        return self._within_budget(f'the endpoints of "{name}" as its pods are', self._telling(name))

    def follow(self, name: str) -> None:
        """Await, with patience, that a Service's slices tell its pods as they are; without a Service there are none."""
        try:
            judge = self._telling(name)
        except NotFound:
            return

        self._await(f'the endpoints of "{name}" as its pods are', judge, self.stage.settings.seconds(PODS_SECONDS))

    def _telling(self, name: str) -> Callable[[], Verdict]:
        zones = {node["metadata"]["name"]: (node["metadata"].get("labels") or {}).get(ZONE_LABEL, "")
                 for node in self.stage.api.list("Node")}  # fmt: skip
        service = self.stage.service(name)
        watches = self.stage.sandbox.watches()
        return lambda: listing.tells_pods_as_they_are(service, watches.objects("Pod"), self.slices(name), zones)

    def lists_one_that_is(self, state: State, name: str) -> Verdict:
        """Say whether a Service's slices come to list an endpoint in this state, within the budget."""
        wanted = f'an endpoint of "{name}" that is {state.value}'
        return self._within_budget(wanted, lambda: listing.lists_one_that_is(state, self.slices(name)))

    def gone(self, name: str) -> Verdict:
        """Say whether a Service's slices come to be gone, within the budget."""

        def judge() -> Verdict:
            left = [item["metadata"]["name"] for item in self.slices(name)]
            return violated(f"still there: {', '.join(left)}") if left else met(f'no EndpointSlice of "{name}" is left')

        return self._within_budget(f'no EndpointSlice of "{name}"', judge)

    def legacy_agrees(self, name: str) -> Verdict:
        """Say whether the Endpoints object of a Service lists the ready addresses that its slices list."""

        def judge() -> Verdict:
            try:
                legacy = self.stage.api.get("Endpoints", name, self.stage.sandbox.namespace())
            except NotFound:
                return violated(f'there is no Endpoints object "{name}"')
            said = {one["ip"] for subset in legacy.get("subsets") or [] for one in subset.get("addresses") or []}
            wanted = {one.address for one in listing.entries(self.slices(name)) if one.ready}
            if not wanted:
                return unknown(f'the EndpointSlices of "{name}" list nothing, so nothing was shown')
            seen = f"Endpoints list {', '.join(sorted(said)) or 'nothing'}"
            return met(seen) if said == wanted else violated(f"{seen}, EndpointSlices {', '.join(sorted(wanted))}")

        return self._within_budget(f'Endpoints "{name}" that agree', judge)

    def slices(self, name: str) -> list[Object]:
        """Return the EndpointSlices that carry a Service's name."""
        return [
            item
            for item in self.stage.sandbox.watches().objects("EndpointSlice")
            if (item["metadata"].get("labels") or {}).get(SERVICE_NAME_LABEL) == name
        ]

    def take_away(self, name: str) -> None:
        """Delete every EndpointSlice of a Service."""
        for item in self.slices(name):
            self.stage.api.delete("EndpointSlice", item["metadata"]["name"], self.stage.sandbox.namespace())

    def write(self, by_hand: Listing, deployment: str, number: int) -> None:
        """List the ready pods of a Deployment by hand, at this port of theirs; what was listed before goes."""
        spec = self.stage.service(by_hand.service)["spec"]
        family = (spec.get("ipFamilies") or ["IPv4"])[0]
        pods = self.stage.ready_pods(deployment)
        self.stage.sandbox.apply(written(by_hand, family, pods, number))

    def bare_pod(self, pod: str, service: str) -> None:
        """Put up a pod that nobody looks after, labelled as a Service selects."""
        self.stage.configure(workloads.configuration(Application.WITNESS))
        self.stage.put_up(workloads.bare_pod(pod, Application.WITNESS, self.stage.images, {"app": service}))

    def _within_budget(self, wanted: str, judge: Callable[[], Verdict]) -> Verdict:
        """Return the verdict once it is met, or the last one when the contract's time is over."""
        last = [unknown(f"{wanted}: nothing was seen")]

        def keeping() -> Verdict:
            last[0] = judge()
            return last[0]

        budget = self.stage.settings.budget
        try:
            return self._await(wanted, keeping, budget)
        except NotConverged as late:
            if "silent" in str(late):
                return unknown(str(late))
            return Verdict(last[0].answer, f"{budget:g} s after it should: {last[0].because}", last[0].figures)

    def _await(self, wanted: str, judge: Callable[[], Verdict], seconds: float) -> Verdict:
        """Return the verdict once it is met; raises NotConverged when time is over."""

        def look() -> Sighting[Verdict]:
            verdict = judge()
            return Sighting(verdict.because, verdict if verdict.answer is Answer.MET else None)

        return await_state(wanted, look, Deadline(seconds), self.stage.sandbox.watches().news)
