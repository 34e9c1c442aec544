"""Requests whose subject is the server's answer: sent as they are written, and what stood before is remembered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv6Address, ip_network
from typing import Any

import yaml

from svcproof.cluster import ranges
from svcproof.cluster.api import ClusterApi, NotFound, Object, Reply
from svcproof.cluster.sandbox import Sandbox
from svcproof.cluster.services import node_addresses
from svcproof.cluster.waiting import Deadline, NotConverged, Rounds, Sighting, await_state
from svcproof.model import answers
from svcproof.model.answers import Answer
from svcproof.model.verdict import Inconclusive, Verdict, met, unknown, violated
from svcproof.model.wish import PORTS, Asker, Grant, Wanted, Who, Wish

NAME = "web"
"""What an object is called whose name does not matter."""

EXTERNAL_PORT = 17654
"""A port at which no node is asked for anything: a Service takes it from whoever listens there."""

NEWCOMER = "newcomer"
"""What a Service is called that asks for something in particular."""

_PATHS = {"node_port": "spec.ports[0].nodePort", "clusterIP": "spec.clusterIP"}

RANGE_SECONDS = 60.0
"""How long a service range may take to become usable, and to go; Kubernetes promises no time, so we look for long."""

PROXY_SECONDS = 15.0
"""How long the API server may take to learn of an endpoint that its own EndpointSlices list."""

MERGE = "application/merge-patch+json"

TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"
"""The form in which the server lists objects for people (Kubernetes API concepts, "Receiving resources as Tables")."""

_DOCUMENTATION = IPv6Address("2001:db8::1")
"""The first of many addresses that nobody has (RFC 3849)."""

KINDS = {
    "Service": ("v1", "services"),
    "EndpointSlice": ("discovery.k8s.io/v1", "endpointslices"),
    "Ingress": ("networking.k8s.io/v1", "ingresses"),
    "NetworkPolicy": ("networking.k8s.io/v1", "networkpolicies"),
    "ServiceCIDR": ("networking.k8s.io/v1", "servicecidrs"),
}
"""The kinds that features write out, each with its version and plural."""


@dataclass(frozen=True)
class Asked:
    """One request to make or change an object, and the server's answer."""

    kind: str
    name: str
    namespace: str
    answer: Answer

    def __str__(self) -> str:
        return f'{self.kind} "{self.name}"'


@dataclass
class Asking:
    """The requests of one scenario; *before* is the Services its namespace held when the last was sent, by name."""

    api: ClusterApi
    sandbox: Sandbox
    last: Asked | None = None
    before: dict[str, Object] = field(default_factory=dict)
    former: Mapping[str, Object] = field(default_factory=dict)
    """Services as they were before they changed, by name: what they held may be asked for by others."""
    _wished: dict[str, str] = field(default_factory=dict)

    @property
    def asked(self) -> Asked:
        """The last request; there must have been one."""
        if self.last is None:
            raise Inconclusive("nothing was asked of the API server, so there is no answer to judge")
        return self.last

    # asking

    def make(self, kind: str, text: str) -> Object:
        """Make an object that a feature writes out; the scenario is about what comes after."""
        return self.sandbox.create(self._written(kind, text))

    def create(self, kind: str, text: str, *, strict: bool = False) -> Asked:
        """Ask for an object that a feature writes out."""
        return self.post(self._written(kind, text), query={"fieldValidation": "Strict"} if strict else None)

    def create_slice(self, count: int) -> Asked:
        """Ask for an EndpointSlice of so many endpoints."""
        addresses = [str(_DOCUMENTATION + number) for number in range(count)]
        body = self._written("EndpointSlice", "addressType: IPv6")
        return self.post({**body, "endpoints": [{"addresses": [one]} for one in addresses], "ports": [{"port": 80}]})

    def wish(self, asker: Asker, wish: Wish) -> Asked:
        """Ask for a Service with something in particular, or for a change of a living one."""
        if asker.who is Who.LIVING:
            return self._amend(asker.name, wish)
        namespace = self.sandbox.namespace("other") if asker.who is Who.ELSEWHERE else ""
        granted = self._granted(wish)
        self._wished = {_PATHS[name]: str(value) for name, value in granted.items() if name in _PATHS}
        body = _newcomer(**{"namespace": namespace, **granted})
        return self.post(body, query={"dryRun": "All"} if asker.who is Who.DRY_RUN else None)

    def post(self, body: Object, *, query: Mapping[str, str] | None = None) -> Asked:
        """Ask for an object as it is; remember what stood before, and what must be deleted if it is made."""
        owned = self.sandbox.owned(body)
        kind, meta = owned["kind"], owned["metadata"]
        namespace = meta.get("namespace", "")
        self.look_around()
        reply = self.api.ask("POST", _path(kind, namespace), owned, query=query or {})
        if reply.accepted and "dryRun" not in (query or {}):
            self.sandbox.remember(owned)
        self.last = Asked(kind, meta["name"], namespace, answer_of(reply))
        return self.last

    def update(self, kind: str, name: str, patch: Mapping[str, Any], *, subresource: str = "") -> Asked:
        """Ask for a change of an object, as a merge patch."""
        namespace = self.sandbox.namespace()
        self.look_around()
        path = _path(kind, namespace, name) + (f"/{subresource}" if subresource else "")
        self.last = Asked(kind, name, namespace, answer_of(self.api.ask("PATCH", path, dict(patch), content=MERGE)))
        return self.last

    def rewrite(self, kind: str, name: str, text: str) -> Asked:
        """Ask for a change that a feature writes out."""
        return self.update(kind, name, yaml.safe_load(text))

    def _amend(self, name: str, wish: Wish) -> Asked:
        """Ask for another address, or address family, of a Service."""
        if wish.wanted is Wanted.OTHER_FAMILY:
            first = self._spec_of(name)["ipFamilies"][0]
            return self.update("Service", name, {"spec": {"ipFamilies": ["IPv6" if first == "IPv4" else "IPv4"]}})
        address = self._address(wish)
        return self.update("Service", name, {"spec": {"clusterIP": address, "clusterIPs": [address]}})

    def update_an_old_version(self, name: str) -> Asked:
        """Ask for a change of a Service as it was before its latest change."""
        namespace = self.sandbox.namespace()
        old = self.api.get("Service", name, namespace)["metadata"]["resourceVersion"]
        self.api.patch("Service", name, namespace, {"metadata": {"annotations": {"svcproof.dev/changed": "once"}}})
        return self.update(
            "Service", name, {"metadata": {"resourceVersion": old}, "spec": {"selector": {"app": "other"}}}
        )

    # judging

    def refused(self, reason: str, cause: str = "") -> Verdict:
        """Say whether the last request was refused for this reason."""
        return answers.refused_as(self.asked.answer, reason=reason, field=cause)

    def is_granted(self, grant: Grant) -> Verdict:
        """Say whether the last request was granted so."""
        laws = {
            Grant.ACCEPTED: self.granted,
            Grant.AS_ASKED: self.got_what_it_asked_for,
            Grant.OR_HELD: self.granted_or_held,
        }
        return laws[grant]()

    def granted(self) -> Verdict:
        """Say whether the last request was granted."""
        return answers.accepted(self.asked.answer)

    def granted_or_held(self) -> Verdict:
        """Say whether the last request was granted, or refused only because the port is taken: it is usable as such."""
        answer = self.asked.answer
        taken = any("already allocated" in message for _, message in answer.causes)
        return met(f"somebody holds it already: {answer}") if taken else answers.accepted(answer)

    def got_what_it_asked_for(self) -> Verdict:
        """Say whether the object of the last request was stored with the address or port that it asked for."""
        found = self.now(self.asked.kind, self.asked.name, self.asked.namespace)
        if found is None:
            return violated(f"{self.asked} does not exist")
        return answers.has(str(self.asked), found, self._wished)

    def shown(self, name: str) -> Verdict:
        """Say whether the server's own table of the namespace's Services shows this one as it is."""
        path, query = _path("Service", self.sandbox.namespace()), {"includeObject": "Object"}
        reply = self.api.ask("GET", path, query=query, accept=TABLE)
        if not reply.accepted:
            return unknown(f"no table was given: {answer_of(reply)}")
        return answers.shown_as_it_is(reply.body, name)

    def delete_labelled(self, label: str) -> Asked:
        """Ask for the deletion of every Service of the namespace that carries app=LABEL, in one request."""
        self.look_around()
        namespace = self.sandbox.namespace()
        reply = self.api.ask("DELETE", _path("Service", namespace), query={"labelSelector": f"app={label}"})
        self.last = Asked("Service", label, namespace, answer_of(reply))
        return self.last

    def none_labelled(self, label: str) -> Verdict:
        """Say whether no Service of the namespace carries app=LABEL."""
        left = [
            item["metadata"]["name"]
            for item in self.api.list("Service", self.sandbox.namespace(), labels=f"app={label}")
        ]
        return violated(f"still there: {', '.join(left)}") if left else met(f"no Service labelled {label} is left")

    def by_proxy(self, name: str, port: str) -> Asked:
        """Ask a Service through the API server's proxy, at a port by name or number, until it knows an endpoint."""
        namespace = self.sandbox.namespace()
        within, rounds = Deadline(PROXY_SECONDS), Rounds(0.2)
        while True:
            reply = self.api.ask("GET", f"{_path('Service', namespace, f'{name}:{port}')}/proxy/")
            if reply.status != 503 or within.passed:
                break
            rounds.wait(0, within.left)
        self.last = Asked("Service", name, namespace, answer_of(reply))
        return self.last

    def nothing_left(self) -> Verdict:
        """Say whether the object of the last request does not exist."""
        return answers.nothing_left(str(self.asked), self.now(self.asked.kind, self.asked.name, self.asked.namespace))

    def as_it_was(self, name: str) -> Verdict:
        """Say whether a Service is as it was before the last request."""
        after = self.now("Service", name, self.sandbox.namespace())
        return answers.as_it_was(f'Service "{name}"', self.before.get(name), after)

    def now(self, kind: str, name: str, namespace: str) -> Object | None:
        """Return an object as it is now, or None."""
        try:
            return self.api.get(kind, name, namespace)
        except NotFound:
            return None

    def look_around(self) -> None:
        """Remember the Services of the scenario's namespace as they are now: `as_it_was` compares with them."""
        services = self.api.list("Service", self.sandbox.namespace())
        self.before = {item["metadata"]["name"]: item for item in services}

    def _written(self, kind: str, text: str) -> Object:
        """Return the object that a feature writes out, with what every object of its kind needs."""
        body: Object = yaml.safe_load(text) or {}
        meta = {"name": NAME, **(body.get("metadata") or {})}
        if kind == "ServiceCIDR":
            meta["name"] = self.added_range()
        if kind == "EndpointSlice" and "labels" not in meta:
            meta["labels"] = {"kubernetes.io/service-name": NAME}
        return {"apiVersion": KINDS[kind][0], "kind": kind, **body, "metadata": meta}

    def _granted(self, wish: Wish) -> dict[str, Any]:
        """Return what a wish comes to on this cluster, as the fields of a Service."""
        if wish.wanted is Wanted.NAME_OF:
            return {"name": wish.of}
        if wish.wanted is Wanted.NOWHERE:
            return {"namespace": f"{self.sandbox.namespace()}-nowhere"}
        if wish.wanted is Wanted.EXTERNAL_IP:
            return {"externalIPs": [self._node_address()], "port": EXTERNAL_PORT}
        if wish.wanted in PORTS:
            return {"node_port": self._node_port(wish)}
        return {"clusterIP": self._address(wish)}

    def _node_port(self, wish: Wish) -> int:
        if wish.wanted is Wanted.PORT:
            return wish.number
        if wish.wanted is Wanted.PORT_OF:
            return int(self._spec_of(wish.of)["ports"][0]["nodePort"])
        allowed = ranges.node_port_range(self.api, self.sandbox.namespace())
        if wish.wanted is Wanted.FREE_PORT:
            return next(ranges.free_node_ports(allowed, self.api.list("Service")))
        first, last = allowed.first, allowed.last
        ends = {Wanted.BELOW: first - 1, Wanted.ABOVE: last + 1, Wanted.FIRST: first, Wanted.LAST: last}
        return ends[wish.wanted]

    def _node_address(self) -> str:
        found = node_addresses(self.api.list("Node"), ("IPv4", "IPv6"))
        if not found:
            raise Inconclusive("no ready node has an address")
        return found[0].address

    def _address(self, wish: Wish) -> str:
        if wish.wanted is Wanted.ADDRESS_OF_THE_API:
            return str(self.api.get("Service", "kubernetes", "default")["spec"]["clusterIP"])
        if wish.wanted is Wanted.ADDRESS_OF:
            return str(self._spec_of(wish.of)["clusterIP"])
        if wish.wanted is Wanted.ADDED_ADDRESS:
            return next(ranges.free_addresses(self._added_range(), self.api.list("Service")))
        known = ranges.service_ranges(self.api, self.sandbox.namespace())
        if wish.wanted is Wanted.OUTSIDE:
            return ranges.outside(known)
        return next(ranges.free_addresses(known[0], self.api.list("Service")))

    def _added_range(self) -> ranges.Network:
        """Return the service range that the scenario has added, once the cluster uses it."""
        name = self.added_range()

        def look() -> Sighting[Object]:
            found = self.api.get("ServiceCIDR", name)
            conditions = (found.get("status") or {}).get("conditions") or []
            ready = any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)
            return Sighting(f"conditions {conditions}", found if ready else None)

        found = await_state(f"ServiceCIDR {name} ready", look, Deadline(RANGE_SECONDS), Rounds(0.2))
        return ip_network(found["spec"]["cidrs"][0])

    def added_range(self) -> str:
        """Return the name of the service range that this scenario may add; no other scenario's is called so."""
        return f"svcproof-{self.sandbox.run}-{self.sandbox.scenario}".lower()[:60].rstrip("-.")

    def delete_added_range(self) -> None:
        """Ask for the deletion of the service range that the scenario has added."""
        self.api.delete("ServiceCIDR", self.added_range())

    def added_range_does(self, fate: str) -> Verdict:
        """Say whether the added range "goes", or "stays"."""
        return self.added_range_goes() if fate == "goes" else self.added_range_stays()

    def added_range_goes(self) -> Verdict:
        """Say whether the service range that the scenario has added comes to be gone."""
        name = self.added_range()

        def look() -> Sighting[Verdict]:
            left = self.now("ServiceCIDR", name, "")
            gone = met(f"ServiceCIDR {name} is gone, and so is every address in it") if left is None else None
            return Sighting(f"it is there: {(left or {}).get('status')}", gone)

        try:
            return await_state(f"no ServiceCIDR {name}", look, Deadline(RANGE_SECONDS), Rounds(0.5))
        except NotConverged as late:
            return unknown(str(late)) if "silent" in str(late) else violated(str(late))

    def added_range_stays(self) -> Verdict:
        """Say whether the added range, whose deletion was asked for, is there still while a Service uses it."""
        found = self.now("ServiceCIDR", self.added_range(), "")
        if found is None:
            return violated(f"ServiceCIDR {self.added_range()} is gone although a Service uses it")
        if "deletionTimestamp" not in found["metadata"]:
            return unknown(f"nobody asked for the deletion of ServiceCIDR {self.added_range()}")
        return met(f"ServiceCIDR {self.added_range()} waits: {answers.at(found, 'status.conditions[0].message')}")

    def _spec_of(self, name: str) -> Object:
        found = self.now("Service", name, self.sandbox.namespace()) or self.former.get(name)
        if found is None:
            raise Inconclusive(f'there is and was no Service "{name}" to ask for what it holds')
        spec: Object = found["spec"]
        return spec


def _newcomer(*, name: str = NEWCOMER, namespace: str = "", **spec: Any) -> Object:
    port: Object = {"port": spec.pop("port", 80), "targetPort": "main"} | (
        {"nodePort": spec.pop("node_port")} if "node_port" in spec else {}
    )
    kind = "NodePort" if "nodePort" in port else "ClusterIP"
    meta = {"name": name} | ({"namespace": namespace} if namespace else {})
    body = {"type": kind, "selector": {"app": NEWCOMER}, "ports": [port], **spec}
    return {"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": body}


def answer_of(reply: Reply) -> Answer:
    """Return the port's reply as the model's value."""
    causes = tuple((cause.field, cause.message) for cause in reply.causes)
    return Answer(reply.status, reply.reason, reply.message, causes, reply.body)


def _path(kind: str, namespace: str, name: str = "") -> str:
    version, plural = KINDS[kind]
    prefix = f"/api/{version}" if "/" not in version else f"/apis/{version}"
    within = f"/namespaces/{namespace}" if namespace else ""
    return f"{prefix}{within}/{plural}{f'/{name}' if name else ''}"
