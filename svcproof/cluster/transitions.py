"""Brings a change about in some backends of a Service, and waits until it shows in the pods themselves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from svcproof.cluster import services, workloads
from svcproof.cluster.api import NotFound, Object
from svcproof.cluster.stage import Stage
from svcproof.cluster.traffic import Traffic
from svcproof.cluster.waiting import Deadline, Sighting, await_state
from svcproof.model.change import Some, Transition
from svcproof.model.verdict import Inconclusive

CHANGED = "changed"
"""The mark from which on a change shows in the pods: what follows it is the cluster's to do."""

SHOWN_SECONDS = 60.0
"""How long we look for a change to show in the pods: a probe's period and threshold, and a busy kubelet."""


@dataclass
class Transitions:
    """The changes of one scenario's backends."""

    stage: Stage
    traffic: Traffic

    def bring_about(self, some: Some, name: str, transition: Transition) -> list[str]:
        """Bring a change about, await that it shows, and return the names of the pods concerned."""
        pods = self._concerned(some, name, transition)
        self.stage.changed[name] = pods
        self.traffic.act(f'{", ".join(pods)} of "{name}": {transition.value}')
        known = {pod["metadata"]["name"]: pod["metadata"]["uid"] for pod in self.stage.pods(name)}
        for pod in pods:
            self._do(name, pod, transition)
        for pod in pods:
            self._await_shown(name, pod, known.get(pod), transition)
        self.traffic.mark(CHANGED)
        return pods

    def _concerned(self, some: Some, name: str, transition: Transition) -> list[str]:
        """Return the pods that are to change: those that changed before, where the change is a return."""
        if transition in (Transition.READY, Transition.LABELLED) and self.stage.changed.get(name):
            return self.stage.changed[name]
        ready = services.names(self.stage.some_ready_pods(name))
        return ready[:1] if some is Some.ONE else ready

    def _do(self, name: str, pod: str, transition: Transition) -> None:
        api, namespace = self.stage.api, self.stage.sandbox.namespace()
        if transition in _WORDS:
            word = _WORDS[transition]
            ran = api.run(namespace, pod, "witness", [*workloads.AGENT, "tell", word])
            if ran.code != 0:
                raise Inconclusive(f"pod {pod} could not be told: {word}: {ran.err.strip() or ran.out.strip()}")
        elif transition in (Transition.UNLABELLED, Transition.LABELLED):
            label = None if transition is Transition.UNLABELLED else name
            api.patch("Pod", pod, namespace, {"metadata": {"labels": {"app": label}}})
        else:
            api.delete("Pod", pod, namespace, grace_seconds=0 if transition is Transition.FORCED else None)

    def _await_shown(self, name: str, pod: str, uid: str | None, transition: Transition) -> None:
        shown = _SHOWN[transition]
        watches = self.stage.sandbox.watches()

        def look() -> Sighting[bool]:
            found = watches.get("Pod", pod)
            if found is not None and uid is not None and found["metadata"]["uid"] != uid:
                found = None  # a StatefulSet has put another of the same name in its place
            says = "gone" if found is None else workloads.why_not_ready(found)
            return Sighting(says, True if shown(found, name) else None)

        within = Deadline(self.stage.settings.seconds(SHOWN_SECONDS))
        await_state(f"pod {pod}: {transition.value}", look, within, watches.news)


_WORDS = {
    Transition.UNREADY: "unready",
    Transition.READY: "ready",
    Transition.SUCCEEDED: "succeed",
    Transition.FAILED: "fail",
}
"""What the witness in a pod is told."""


def _ready(pod: Object | None) -> bool:
    conditions = (pod or {}).get("status", {}).get("conditions") or []
    return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)


def _phase(pod: Object | None) -> str:
    return str((pod or {}).get("status", {}).get("phase", ""))


def _label(pod: Object | None) -> str:
    return str(((pod or {"metadata": {}})["metadata"].get("labels") or {}).get("app", ""))


_SHOWN: Mapping[Transition, Callable[[Object | None, str], bool]] = {
    Transition.UNREADY: lambda pod, _: pod is not None and not _ready(pod),
    Transition.READY: lambda pod, _: _ready(pod),
    Transition.DELETED: lambda pod, _: pod is None or "deletionTimestamp" in pod["metadata"],
    Transition.FORCED: lambda pod, _: pod is None,
    Transition.UNLABELLED: lambda pod, name: pod is not None and _label(pod) != name,
    Transition.LABELLED: lambda pod, name: _label(pod) == name,
    Transition.SUCCEEDED: lambda pod, _: _phase(pod) == "Succeeded",
    Transition.FAILED: lambda pod, _: _phase(pod) == "Failed",
}


def delete_service(stage: Stage, traffic: Traffic, name: str) -> None:
    """Delete a Service and await that it is gone from the API."""
    namespace = stage.sandbox.namespace()
    traffic.act(f'deletes the Service "{name}"')
    stage.api.delete("Service", name, namespace)
    watches = stage.sandbox.watches()

    def look() -> Sighting[bool]:
        try:
            stage.api.get("Service", name, namespace)
        except NotFound:
            return Sighting("gone", value=True)
        return Sighting("still there")

    await_state(f'Service "{name}" gone', look, Deadline(stage.settings.seconds(SHOWN_SECONDS)), watches.news)
    traffic.mark(CHANGED)
