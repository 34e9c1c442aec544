"""What a fault may do to a lab: each deed is written down before it is done, and undone from what is written."""

from __future__ import annotations

import base64
import json
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from signal import SIGKILL, SIGTERM
from typing import Any

from svcproof.adapters import shell
from svcproof.cluster.api import ClusterApi, NotFound, Object
from svcproof.cluster.waiting import Deadline, Rounds, Sighting, await_state
from svcproof.faults import rules
from svcproof.faults.fault import Fault, Unviable
from svcproof.faults.journal import Deed, Journal, taking_back
from svcproof.faults.looking import Looks, Seen
from svcproof.faults.saboteurs.lies import SPARED
from svcproof.faults.trial import Trial
from svcproof.files import write_file
from svcproof.providers.lab import Lab
from svcproof.providers.lab.certificates import Authority, certificates
from svcproof.providers.lab.checks import has_netem
from svcproof.providers.lab.plan import CONTROL_PLANE
from svcproof.providers.lab.processes import Process

LENS_PORT = 17655
WEBHOOK_PORT = 17656
DEFAULT_BACKEND_PORT = 17657
"""Where saboteurs listen: a lying API server, a lying webhook, a web server of nobody's. Nothing of Kubernetes does."""

PATIENCE = 60.0
_OWN_METADATA = ("name", "namespace", "labels", "annotations")
WEBHOOKS = "MutatingWebhookConfiguration"


@dataclass
class Ground:
    """A lab with one fault in it, or about to be. *api* is the lab's own API server."""

    lab: Lab
    api: ClusterApi
    fault: str
    trial: Trial
    looks: Looks
    journal: Journal = field(init=False)

    def __post_init__(self) -> None:
        self.journal = Journal(self.lab.plan)

    # what is there

    @cached_property
    def nodes(self) -> tuple[str, ...]:
        """The names of the nodes, in order."""
        return tuple(node.name for node in self.lab.nodes)

    @property
    def victim(self) -> str:
        """The node that a fault of one node strikes: the last."""
        return self.nodes[-1]

    @property
    def bystander(self) -> str:
        """A node that such a fault leaves alone: the first."""
        return self.nodes[0]

    def address(self, node: str) -> str:
        """The first address of a node."""
        return self.lab.node(node).addresses[0]

    @property
    def dns(self) -> str:
        """The address of the cluster's DNS Service."""
        return str(self.lab.plan.blocks[0].dns_service)

    # looks

    def look(self, vantage: str, *asked: Mapping[str, Any]) -> list[Seen]:
        """Make exchanges, side by side, from "outside", from a node by name, or from "pod@NODE"."""
        return self.looks.look(vantage, asked)

    # deeds

    def rules_at_each_change(self, chains: Iterable[rules.Chain], milliseconds: int) -> None:
        """Lay rules on every node; their words `meta l4proto @moment` hold so long after each endpoint change."""
        self.rules(self.nodes, chains, "set moment { type inet_proto; flags timeout; }")
        namespaces = [str(self.lab.node(node).namespace) for node in self.nodes]
        values = {"table": self.table, "milliseconds": milliseconds, "namespaces": namespaces}
        self.start("at_each_change", {"upstream": self.upstream(), **values}, CONTROL_PLANE)

    def rules(self, places: Iterable[str], chains: Iterable[rules.Chain], declarations: str = "") -> None:
        """Lay the fault's own nftables table in the network namespaces of *places*."""
        text = rules.table(self.fault, chains, declarations)
        for place in places:
            self._do({"do": "delete table", "place": place, "table": self.table})
            self.lab.node(place).run(["nft", "-f", "-"], stdin=text, timeout=10)

    @property
    def table(self) -> str:
        """The name of the fault's table."""
        return rules.table_name(self.fault)

    def forwarded(self, place: str, words: str) -> bool:
        """Whether the fault's table on a place has a rule with these *words*."""
        listed = self.lab.node(place).run(["nft", "list", "table", "inet", self.table], timeout=10, check=False)
        return listed.ok and words in listed.stdout

    def component(self, place: str, name: str, deed: Callable[[Any], None]) -> None:
        """Do something to a component of the lab (svcproof.providers.lab.Component); it is restored afterwards."""
        self._do({"do": "restore component", "place": place, "component": name})
        deed(self.lab.node(place).component(name))

    def components(self, places: Sequence[str], name: str, deed: Callable[[Any], None]) -> None:
        """Do the same to the component of several places, side by side."""
        for place in places:
            self._do({"do": "restore component", "place": place, "component": name})
        with ThreadPoolExecutor(len(places)) as pool:
            list(pool.map(lambda place: deed(self.lab.node(place).component(name)), places))

    def command(self, place: str, argv: Sequence[str], undo: Sequence[str]) -> None:
        """Run a command on a place ("host": the machine itself), and another to undo it."""
        self._do({"do": "run", "place": place, "argv": list(undo)})
        self._run(place, argv)

    def file(self, path: Path, text: str) -> None:
        """Write another text into a file of the lab."""
        self._do({"do": "write file", "path": str(path), "text": path.read_text()})
        write_file(path, text)

    def create(self, body: Object) -> Object:
        """Create an object of the API; it is deleted afterwards."""
        metadata = body["metadata"]
        namespace = metadata.get("namespace", "")
        self._do({"do": "delete object", "kind": body["kind"], "namespace": namespace, "name": metadata["name"]})
        return self.api.apply(body)

    def change(self, kind: str, name: str, namespace: str, patch: Callable[[Object], Object]) -> None:
        """Change an object by a merge patch made of what it is; what it changes is put back afterwards."""
        before = self.api.get(kind, name, namespace)
        change = patch(before)
        back = taking_back(change, before)
        self._do({"do": "put back", "kind": kind, "namespace": namespace, "name": name, "patch": back})
        self.api.patch(kind, name, namespace, change)

    def status(self, kind: str, name: str, patch: Mapping[str, Any], namespace: str = "") -> None:
        """Say something else in an object's status; what was said there is said again afterwards."""
        change = {"status": dict(patch)}
        back = taking_back(change, self.api.get(kind, name, namespace))
        self._do(
            {"do": "put back", "kind": kind, "namespace": namespace, "name": name, "patch": back, "part": "status"}
        )
        self.api.patch(kind, name, namespace, change, subresource="status")

    def delete(self, kind: str, name: str, namespace: str) -> None:
        """Delete an object; it is made again afterwards."""
        before = self.api.get(kind, name, namespace)
        kept = {
            key: value
            for key, value in before["metadata"].items()
            if key in ("name", "namespace", "labels", "annotations")
        }
        body = {**before, "metadata": kept}
        body.pop("status", None)
        self._do({"do": "make again", "body": body})
        self.api.delete(kind, name, namespace)

    def start(self, program: str, values: Mapping[str, Any], place: str = "") -> None:
        """Start a saboteur (svcproof.faults.saboteurs) on a place, or on the machine itself."""
        argv: list[str | Path] = [sys.executable, "-m", f"svcproof.faults.saboteurs.{program}", json.dumps(values)]
        package = Path(__file__).parents[2]
        environment = {**os.environ, "PYTHONPATH": str(package), "PYTHONUNBUFFERED": "1"}
        log = self.lab.plan.directory / f"fault-{program}-{place or 'host'}.log"
        pid = shell.spawn(self.lab.node(place).command(argv) if place else argv, log=log, env=environment)
        process = Process.of(pid) or Process(pid, 0)
        self._do({"do": "end process", "pid": process.pid, "started": process.started})

    def upstream(self) -> dict[str, str]:
        """How saboteurs reach the true API server: as the lab's owner."""
        issued = certificates(self.lab.plan)
        return {
            "url": self.lab.plan.api_address,
            "authority": str(issued / "ca.crt"),
            "certificate": str(issued / "owner.crt"),
            "key": str(issued / "owner.key"),
        }

    def lens(self, *lies: Mapping[str, Any], nodes: Sequence[str] = (), **values: Any) -> None:
        """Have the proxies of *nodes* (all when empty) see Services and EndpointSlices through a lying API server.

        *values*: timing={"Service" | "EndpointSlice": {lag, kept, protocol, undying}}, unselective.
        """
        where = {"host": "127.0.0.1", "port": LENS_PORT, "upstream": self.upstream(), "lies": list(lies), **values}
        struck = list(nodes or self.nodes)
        for node in struck:
            self.start("lens", where, node)
        written = self._lens_kubeconfig(f"http://127.0.0.1:{LENS_PORT}")
        for node in struck:
            self._await_port(node, "127.0.0.1", LENS_PORT)

        def look_through(config: dict[str, Any]) -> dict[str, Any]:
            config["clientConnection"]["kubeconfig"] = str(written)
            return config

        self.components(struck, "kube-proxy", lambda proxy: proxy.reconfigure(config=look_through))

    def dns_lens(self, *lies: Mapping[str, Any], **values: Any) -> None:
        """Have CoreDNS see Services and EndpointSlices through a lying API server on the control plane."""
        address = str(self.lab.plan.blocks[0].control_plane)
        where = {"host": address, "port": LENS_PORT, "upstream": self.upstream(), "lies": list(lies), **values}
        self.start("lens", where, CONTROL_PLANE)
        self._await_port(CONTROL_PLANE, address, LENS_PORT)
        opening = "kubernetes cluster.local in-addr.arpa ip6.arpa {"
        self.corefile(lambda text: text.replace(opening, f"{opening}\n        endpoint http://{address}:{LENS_PORT}"))

    def corefile(self, change: Callable[[str], str]) -> None:
        """Change CoreDNS' configuration, and have new replicas read it."""
        before = self.api.get("ConfigMap", "coredns", "kube-system")["data"]["Corefile"]
        after = change(before)
        if after == before:
            raise Unviable("the lab's Corefile has no place for this change")
        self._do({"do": "roll", "namespace": "kube-system", "name": "coredns"})
        self.change("ConfigMap", "coredns", "kube-system", lambda _: {"data": {"Corefile": after}})
        self.roll("kube-system", "coredns")

    def roll(self, namespace: str, name: str) -> None:
        """Replace a Deployment's pods, and wait until only new ones are there."""
        now = {"spec": {"template": {"metadata": {"annotations": {"svcproof.dev/rolled": os.urandom(4).hex()}}}}}
        self.api.patch("Deployment", name, namespace, now)

        def rolled() -> Sighting[bool]:
            body = self.api.get("Deployment", name, namespace)
            status, wanted = body.get("status", {}), body["spec"]["replicas"]
            seen = status.get("observedGeneration", 0) >= body["metadata"]["generation"]
            counts = [status.get(count, 0) for count in ("replicas", "updatedReplicas", "readyReplicas")]
            done = seen and counts == [wanted] * 3
            return Sighting(f"replicas, updated, ready: {counts}", done or None)

        await_state(f"{name} rolled out anew", rolled, Deadline(PATIENCE), Rounds(0.2))

    def webhook(
        self, *lies: Mapping[str, Any], resource: str, operations: Sequence[str] = ("CREATE", "UPDATE")
    ) -> None:
        """Have the API server ask a lying webhook about every object of *resource* ("GROUP/VERSION/NAME") it admits."""
        group, version, name = resource.split("/", 2)
        keys = self.lab.plan.directory / "webhook"
        self._do({"do": "forget folder", "path": str(keys)})
        keys.mkdir(exist_ok=True)
        authority = Authority("svcproof-fault")
        authority.issue("webhook", serves=("127.0.0.1",)).write(keys, "webhook")
        values = {
            "host": "127.0.0.1",
            "port": WEBHOOK_PORT,
            "certificate": str(keys / "webhook.crt"),
            "key": str(keys / "webhook.key"),
            "lies": list(lies),
        }
        self.start("webhook", values, CONTROL_PLANE)
        self._await_port(CONTROL_PLANE, "127.0.0.1", WEBHOOK_PORT)
        hidden = {"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": sorted(SPARED)}
        call = {
            "name": "fault.svcproof.dev",
            "admissionReviewVersions": ["v1"],
            "sideEffects": "None",
            "failurePolicy": "Ignore",
            "timeoutSeconds": 5,
            "clientConfig": {
                "url": f"https://127.0.0.1:{WEBHOOK_PORT}/",
                "caBundle": base64.b64encode(authority.pair.certificate).decode(),
            },
            "namespaceSelector": {"matchExpressions": [hidden]},
            "rules": [
                {"apiGroups": [group], "apiVersions": [version], "resources": [name], "operations": list(operations)}
            ],
        }
        body = {"apiVersion": "admissionregistration.k8s.io/v1", "kind": WEBHOOKS}
        self.create({**body, "metadata": {"name": "svcproof-fault"}, "webhooks": [call]})

    # undoing

    def undo(self) -> None:
        """Undo every deed in the lab's journal, last first; raises what stands in the way after all was tried."""
        problems: list[Exception] = []
        for deed in reversed(self.journal.deeds):
            try:
                _UNDO[deed["do"]](self, deed)
            except (shell.CommandFailed, OSError, Exception) as problem:  # noqa: BLE001 - the others must be undone
                problems.append(problem)
            else:
                self.journal.strike(deed)
        self.trial.forget()
        if problems:
            raise problems[0]

    def _do(self, deed: Deed) -> None:
        if deed not in self.journal.deeds:
            self.journal.note(deed)

    def _run(self, place: str, argv: Sequence[str]) -> None:
        if place == "host":
            shell.run(argv, timeout=20)
        else:
            self.lab.node(place).run(argv, timeout=20)

    def _lens_kubeconfig(self, url: str) -> Path:
        """What opens the lying API server: it asks for no credentials."""
        written = self.lab.plan.directory / "lens.kubeconfig"
        values = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "lens", "cluster": {"server": url}}],
            "contexts": [{"name": "lens", "context": {"cluster": "lens", "user": ""}}],
            "current-context": "lens",
        }
        written.write_text(json.dumps(values))
        return written

    def _await_port(self, place: str, host: str, port: int) -> None:
        def look() -> Sighting[bool]:
            (seen,) = self.look(place, {"to": [host, port], "turns": 0, "limit": 0.2})
            return Sighting(f"port {port} of {host}: {seen.end}", seen.answered or None)

        await_state(f"a saboteur on {place} that listens", look, Deadline(10), Rounds(0.05))


def _restore(ground: Ground, deed: Deed) -> None:
    ground.lab.node(deed["place"]).component(deed["component"]).restore()


def _end(_ground: Ground, deed: Deed) -> None:
    process = Process(deed["pid"], deed["started"])
    process.send(SIGTERM)
    if not process.await_end(1.0):
        process.send(SIGKILL)
        process.await_end(2.0)


def _delete_table(ground: Ground, deed: Deed) -> None:
    ground.lab.node(deed["place"]).run(["nft", "-f", "-"], stdin=rules.removal(deed["table"]), timeout=10)


def _put_back(ground: Ground, deed: Deed) -> None:
    with suppress(NotFound):
        part = deed.get("part", "")
        ground.api.patch(deed["kind"], deed["name"], deed["namespace"], deed["patch"], subresource=part)


def _forget_folder(_ground: Ground, deed: Deed) -> None:
    path = Path(deed["path"])
    for file in path.glob("*"):
        file.unlink()
    if path.is_dir():
        path.rmdir()


_UNDO: dict[str, Callable[[Ground, Deed], None]] = {
    "delete table": _delete_table,
    "restore component": _restore,
    "run": lambda ground, deed: ground._run(deed["place"], deed["argv"]),  # noqa: SLF001 - its own other half
    "delete object": lambda ground, deed: ground.api.delete(deed["kind"], deed["name"], deed["namespace"]),
    "put back": _put_back,
    "make again": lambda ground, deed: _nothing(ground.api.apply(deed["body"])),
    "end process": _end,
    "roll": lambda ground, deed: ground.roll(deed["namespace"], deed["name"]),
    "forget folder": _forget_folder,
    "write file": lambda _, deed: write_file(Path(deed["path"]), deed["text"]),
}


def _nothing(_: object) -> None:
    return None


def misfits(fault: Fault, lab: Lab) -> str:
    """Return why a lab cannot carry a fault; empty when it can."""
    needs, plan = fault.needs, lab.plan
    if plan.nodes < needs.nodes:
        return f"it wants {needs.nodes} nodes; this lab has {plan.nodes}"
    if missing := needs.add_ons - set(plan.add_ons):
        return f"it wants the add-on {', '.join(sorted(missing))}"
    if plan.proxy_mode not in needs.proxy_modes:
        return f"it wants proxies in the mode {' or '.join(sorted(needs.proxy_modes))}"
    if needs.dual_stack and plan.ip_family != "dual":
        return "it wants a lab with both IP families"
    if needs.netem and not has_netem():
        return "this kernel has no netem: packets cannot be held back"
    return ""
