"""What the cluster has given an object: read back, and held to the cluster's own ranges."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from svcproof import as_yaml
from svcproof.cluster import ranges
from svcproof.cluster.api import ClusterApi, NotFound, Object
from svcproof.cluster.asking import KINDS, NAME, answer_of
from svcproof.cluster.sandbox import Sandbox
from svcproof.cluster.services import SERVICE_NAME_LABEL
from svcproof.cluster.settings import Settings
from svcproof.cluster.waiting import Deadline, NotConverged, Rounds, Sighting, await_state
from svcproof.model import allocation, answers
from svcproof.model.allocation import Given, Kept
from svcproof.model.verdict import Verdict, met, unknown, violated, worst

CONTROLLERS_SECONDS = 20.0
"""How long we look for what a controller makes of an object."""

MEANWHILE = 2.0
"""How long we look for what nobody asked for (seconds)."""


@dataclass
class Granting:
    """The gifts of one scenario's namespace."""

    api: ClusterApi
    sandbox: Sandbox
    settings: Settings

    def has(self, kind: str, name: str, wanted: Mapping[str, str]) -> Verdict:
        """Say whether an object's fields have these values."""
        return answers.has(f'{kind} "{name}"', self._read(kind, name), wanted)

    def slices_have(self, name: str, wanted: Mapping[str, str]) -> Verdict:
        """Say whether every EndpointSlice of a Service comes to have these values, within the budget."""
        watches = self.sandbox.watches()
        last: list[Verdict] = []

        def look() -> Sighting[Verdict]:
            mine = [item for item in watches.objects("EndpointSlice")
                    if item["metadata"].get("labels", {}).get(SERVICE_NAME_LABEL) == name]  # fmt: skip
            last[:] = [answers.has(f"EndpointSlice {item['metadata']['name']}", item, wanted) for item in mine]
            found = worst(last)
            return Sighting(found.because, found if found.answer.value == "met" else None)

        try:
            return await_state(f'EndpointSlices of "{name}"', look, Deadline(self.settings.budget), watches.news)
        except NotConverged:
            return worst(last)

    def given(self, name: str, what: Given) -> Verdict:
        """Say whether a Service was given, or spared, this."""
        spec = self._read("Service", name)["spec"]
        addresses, ports = allocation.addresses_of(spec), allocation.node_ports_of(spec)
        health = [spec["healthCheckNodePort"]] if spec.get("healthCheckNodePort") else []
        if what in (Given.ADDRESS, Given.ADDRESSES):
            known = ranges.service_ranges(self.api, self.sandbox.namespace())
            return allocation.addresses_in(addresses, known, families=2 if what is Given.ADDRESSES else 1)
        if what is Given.NOBODY_ELSES:
            return self._held_by_nobody_else(name)
        if what is Given.RECORDED:
            return self._recorded(name)
        if what in (Given.PORTS, Given.HEALTH_PORT):
            allowed = ranges.node_port_range(self.api, self.sandbox.namespace())
            found, count = (ports, len(spec["ports"])) if what is Given.PORTS else (health, 1)
            return allocation.ports_in(found, allowed.first, allowed.last, count=count)
        spared: dict[Given, list[Any]] = {
            Given.NO_ADDRESS: addresses,
            Given.NO_PORTS: ports,
            Given.NO_HEALTH_PORT: health,
        }
        return allocation.nothing_given(what.value.removeprefix("no "), spared[what])

    def kept(self, name: str, what: Kept, before: Mapping[str, Object]) -> Verdict:
        """Say whether a Service still has what it had before the last request."""
        if name not in before:
            return unknown(f'Service "{name}" did not exist before, so nothing was shown')
        return allocation.kept(what, before[name]["spec"], self._read("Service", name)["spec"])

    def _held_by_nobody_else(self, name: str) -> Verdict:
        """Say whether no other Service of the whole cluster holds what this one was given."""
        return allocation.held_by_nobody_else(self._read("Service", name), self.api.list("Service"))

    def _recorded(self, name: str) -> Verdict:
        """Say whether an IPAddress object names the Service for its cluster IP (KEP-1880)."""
        address = self._read("Service", name)["spec"]["clusterIP"]
        try:
            parent = self.api.get("IPAddress", address)["spec"]["parentRef"]
        except NotFound:
            return violated(f"no IPAddress {address} exists")
        seen = f"{parent.get('namespace')}/{parent.get('name')}"
        wanted = f"{self.sandbox.namespace()}/{name}"
        said = f"IPAddress {address} names {seen}"
        return met(said) if seen == wanted else violated(f"{said}, wanted {wanted}")

    def none_appeared(self, maker: str, name: str, kind: str) -> Verdict:
        """Say whether the namespace comes to hold no object of a kind, from when the controllers noticed the Service.

        Takes MEANWHILE: who makes such a thing unasked makes it after its owner; a new namespace keeps pods waiting.
        """
        if maker == "Service":
            self._await_slices(name)
        after = f'{maker} "{name}"'
        within, rounds = Deadline(MEANWHILE), Rounds(0.25)
        while True:
            found = [item["metadata"]["name"] for item in self.api.list(kind, self.sandbox.namespace())]
            if found:
                return violated(f"{after} made {kind} {', '.join(found)}")
            if within.passed:
                return met(f"{after} made no {kind} within {MEANWHILE:.0f} s")
            rounds.wait(0, min(0.25, within.left))

    def _await_slices(self, name: str) -> None:
        """Wait until the controllers have noticed a Service: it has an EndpointSlice."""
        watches = self.sandbox.watches()

        def look() -> Sighting[bool]:
            found = [item for item in watches.objects("EndpointSlice")
                     if item["metadata"].get("labels", {}).get(SERVICE_NAME_LABEL) == name]  # fmt: skip
            return Sighting(f"{len(found)} EndpointSlices", True if found else None)

        within = Deadline(self.settings.seconds(CONTROLLERS_SECONDS))
        await_state(f'an EndpointSlice of "{name}"', look, within, watches.news)

    def stays_without_address(self, kind: str, name: str, seconds: float) -> Verdict:
        """Say whether nobody gives an object an external address while we look."""
        within, rounds = Deadline(seconds), Rounds(0.25)
        looks = 0
        while not within.passed:
            ingress = answers.at(self._read(kind, name), "status.loadBalancer.ingress")
            looks += 1
            if ingress:
                return violated(f'{kind} "{name}" was given {ingress} after {within.spent:.1f} s')
            rounds.wait(0, within.left)
        return met(f'{kind} "{name}" had no address in {looks} looks over {seconds:g} s', looks=looks)

    def write_twice(self, text: str) -> tuple[Object, Object]:
        """Make a Service written in YAML, and the same in JSON; return both as they are stored."""
        body = yaml.safe_load(text)
        version = KINDS["Service"][0]
        made = []
        for name, content in ((f"{NAME}-yaml", "application/yaml"), (f"{NAME}-json", "application/json")):
            whole = self.sandbox.owned({"apiVersion": version, "kind": "Service", **body, "metadata": {"name": name}})
            sent = as_yaml.dump(whole) if content.endswith("yaml") else json.loads(json.dumps(whole))
            path = f"/api/{version}/namespaces/{self.sandbox.namespace()}/services"
            answers.accepted(answer_of(self.api.ask("POST", path, sent, content=content))).require()
            made.append(self._read("Service", name))
        return made[0], made[1]

    def _read(self, kind: str, name: str) -> Object:
        return self.api.get(kind, name, self.sandbox.namespace())
