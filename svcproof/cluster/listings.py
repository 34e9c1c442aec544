"""EndpointSlices as one list of a Service's pods: awaited, compared, taken away."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from svcproof.cluster import workloads
from svcproof.cluster.api import Object
from svcproof.cluster.services import SERVICE_NAME_LABEL
from svcproof.cluster.stage import Stage
from svcproof.cluster.waiting import Deadline, NotConverged, Sighting, await_state
from svcproof.model import listing
from svcproof.model.listing import State
from svcproof.model.service import Application
from svcproof.model.verdict import Answer, Verdict, met, unknown, violated

ZONE_LABEL = "topology.kubernetes.io/zone"


@dataclass
class Listings:
    """What EndpointSlices say of the Services on one stage."""

    stage: Stage

    def tell_pods_as_they_are(self, name: str) -> Verdict:
        """Say whether a Service's slices come to tell its pods as they are, within the budget."""
        zones = {node["metadata"]["name"]: (node["metadata"].get("labels") or {}).get(ZONE_LABEL, "")
                 for node in self.stage.api.list("Node")}  # fmt: skip
        service = self.stage.service(name)
        watches = self.stage.sandbox.watches()
        return self._within_budget(
            f'the endpoints of "{name}" as its pods are',
            lambda: listing.tells_pods_as_they_are(service, watches.objects("Pod"), self.slices(name), zones),
        )

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
            legacy = self.stage.api.get("Endpoints", name, self.stage.sandbox.namespace())
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

    def bare_pod(self, pod: str, service: str) -> None:
        """Put up a pod that nobody looks after, labelled as a Service selects."""
        self.stage.configure(workloads.configuration(Application.WITNESS))
        self.stage.put_up(workloads.bare_pod(pod, Application.WITNESS, self.stage.images, {"app": service}))

    def _within_budget(self, wanted: str, judge: Callable[[], Verdict]) -> Verdict:
        """Return the verdict once it is met, or the last one when the contract's time is over."""
        last = [unknown(f"{wanted}: nothing was seen")]

        def look() -> Sighting[Verdict]:
            last[0] = judge()
            return Sighting(last[0].because, last[0] if last[0].answer is Answer.MET else None)

        budget = self.stage.settings.budget
        try:
            return await_state(wanted, look, Deadline(budget), self.stage.sandbox.watches().news)
        except NotConverged as late:
            if "silent" in str(late):
                return unknown(str(late))
            return Verdict(last[0].answer, f"{budget:g} s after it should: {last[0].because}", last[0].figures)
