"""The Services and backends of one scenario: declared, awaited, changed, and asked where they can be reached."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property

from svcproof.cluster import services, workloads
from svcproof.cluster.api import ClusterApi, Object
from svcproof.cluster.sandbox import Sandbox
from svcproof.cluster.services import Endpoint, NodeAddress, Port
from svcproof.cluster.settings import Settings
from svcproof.cluster.waiting import Deadline, NotConverged, Sighting, await_state
from svcproof.model.pages import Trust
from svcproof.model.service import Application, Backends, ServiceKind, Setting, Site
from svcproof.model.verdict import Inconclusive

API_SERVER = "kubernetes"
"""The name of the API server's Service, in the namespace default of every cluster."""

PODS_SECONDS = 90.0
"""How long we look for pods to become ready: images may have to be pulled."""


@dataclass
class Stage:
    """What the scenario has put up, by name. Deployments and the Services before them share their names."""

    sandbox: Sandbox
    settings: Settings
    certifier: Callable[[str], tuple[str, str]] | None = None
    """Makes a certificate for a host name, and its key, in PEM."""
    trusted: dict[str, Trust] = field(default_factory=dict)
    """The certificate that callers of a Service, or of an Ingress's host, take, by the feature's name for it."""
    backends: dict[str, Backends] = field(default_factory=dict)
    kinds: dict[str, ServiceKind] = field(default_factory=dict)
    born: dict[str, dict[str, int]] = field(default_factory=dict)
    """Each Deployment's pods when it was first ready: UID → restarts."""
    known: dict[str, set[str]] = field(default_factory=dict)
    """Each Deployment's pods that were ever seen ready, by name."""
    changed: dict[str, list[str]] = field(default_factory=dict)
    """Each Deployment's pods that a transition changed last."""
    stateful: set[str] = field(default_factory=set)
    """The names that stand for StatefulSets rather than Deployments."""
    _configured: set[str] = field(default_factory=set)

    @property
    def api(self) -> ClusterApi:
        """The cluster."""
        return self.sandbox.api

    @property
    def images(self) -> workloads.Images:
        """The images of this run."""
        return workloads.Images(*(self.settings.image(role) for role in ("nginx", "busybox", "python")))

    # declaring

    def serve(self, name: str, kind: ServiceKind, backends: Backends, setting: Setting | None = None) -> None:
        """Declare a Service and its Deployment, and await its endpoints."""
        self.declare(name, kind, backends, setting)
        self.await_endpoints(name, backends.count)

    def declare(self, name: str, kind: ServiceKind, backends: Backends, setting: Setting | None = None) -> None:
        """Declare a Service, then its Deployment (pods learn only of Services older than they), and await its pods."""
        self.expose(name, kind, setting, services.ports(backends.application))
        self.deploy(name, backends)

    def expose(
        self, name: str, kind: ServiceKind, setting: Setting | None = None, ports: Sequence[Port] = (Port(),)
    ) -> None:
        """Declare a Service that selects the Deployment of the same name, and has a setting from its beginning.

        Where the Deployment is there already its own selector is taken, as `kubectl expose` does.
        """
        self.kinds[name] = kind
        selector = None
        if name in self.backends and name not in self.stateful:
            deployment = self.api.get("Deployment", name, self.sandbox.namespace())
            selector = deployment["spec"]["selector"]["matchLabels"]
        body = services.service(name, kind, ports, selector)
        body["spec"].update(setting.spec if setting else {})
        self.sandbox.create(body)

    def deploy(self, name: str, backends: Backends) -> None:
        """Declare a Deployment and await its pods."""
        placement = self._placement(backends.site)
        if backends.application is Application.HOST_NETWORK:
            self.sandbox.permit_host_network()
        self.configure(workloads.configuration(backends.application))
        if backends.application is Application.NGINX_WITH_TLS:
            self.certify(name, f"{name}.{self.sandbox.namespace()}.example", workloads.CERTIFICATE)
        self.sandbox.create(workloads.deployment(name, backends.count, backends.application, self.images, placement))
        self.backends[name] = backends
        if backends.application is Application.GATED:
            self.set_gates(self.await_behind_gates(name, backends.count), opened=True)
        pods = self.await_ready(name, backends.count)
        self.born[name] = {pod["metadata"]["uid"]: services.restarts(pod) for pod in pods}

    def certify(self, name: str, host: str, secret: str) -> None:
        """Make a Secret that holds a certificate for a host name; callers of *name* trust no other."""
        if self.certifier is None:
            raise Inconclusive("nobody makes certificates here")
        certificate, key = self.certifier(host)
        self.trusted[name] = Trust(host, certificate)
        data = {"tls.crt": certificate, "tls.key": key}
        meta = {"name": secret}
        self.sandbox.create(
            {"apiVersion": "v1", "kind": "Secret", "metadata": meta, "type": "kubernetes.io/tls", "stringData": data}
        )

    def _placement(self, site: Site) -> workloads.Placement:
        if site is Site.ANYWHERE:
            return workloads.ANYWHERE
        if site is Site.TWO_NODES:
            return workloads.Placement((self.nodes[0], self.nodes[-1]), even=True)
        return workloads.Placement((self.nodes[0 if site is Site.ONE_NODE else -1],))

    def configure(self, body: Object | None) -> None:
        """Declare a ConfigMap, once."""
        if body is not None and body["metadata"]["name"] not in self._configured:
            self._configured.add(body["metadata"]["name"])
            self.sandbox.create(body)

    def put_up(self, pod: Object) -> Object:
        """Declare a pod and return it once it is ready; the same name again returns the same pod."""
        name = pod["metadata"]["name"]
        namespace = pod["metadata"].get("namespace", "") or self.sandbox.namespace()
        if name not in self._configured:
            self._configured.add(name)
            self.sandbox.create(pod)
        watches = self.sandbox.watches(namespace)

        def look() -> Sighting[Object]:
            found = watches.get("Pod", name)
            if found is None:
                return Sighting("no such pod")
            ready = services.is_ready(found)
            return Sighting(workloads.why_not_ready(found), found if ready else None)

        return await_state(f'pod "{name}" ready', look, self._patience(), watches.news)

    # changing

    def scale(self, name: str, count: int) -> None:
        """Ask for another number of pods."""
        patch = {"spec": {"replicas": count}}
        kind = "StatefulSet" if name in self.stateful else "Deployment"
        self.api.patch(kind, name, self.sandbox.namespace(), patch, subresource="scale")
        self.backends[name] = replace(self.backends[name], count=count)

    def apply(self, name: str, count: int) -> None:
        """Apply the Deployment's manifest anew, with another number of pods in it."""
        known = self.backends[name]
        placement = self._placement(known.site)
        body = workloads.deployment(name, count, known.application, self.images, placement)
        self.api.apply(self.sandbox.owned(body))
        self.backends[name] = replace(known, count=count)

    def move(self, name: str, site: Site) -> None:
        """Have a Deployment put all its pods elsewhere; it makes new ones for that."""
        template = {"spec": self._placement(site).spec({"app": name})}
        self.api.patch("Deployment", name, self.sandbox.namespace(), {"spec": {"template": template}})
        self.backends[name] = replace(self.backends[name], site=site)

    # awaiting

    def await_ready(self, name: str, count: int) -> list[Object]:
        """Return the Deployment's pods once exactly *count* of them are there and ready."""
        watches = self.sandbox.watches()

        def look() -> Sighting[list[Object]]:
            staying = self.staying_pods(name)
            ready = [pod for pod in staying if services.is_ready(pod)]
            self.known.setdefault(name, set()).update(services.names(ready))
            others = [pod for pod in staying if pod not in ready]
            waiting = "; ".join(f"{pod['metadata']['name']}: {workloads.why_not_ready(pod)}" for pod in others[:3])
            says = f"{len(ready)} ready{f' ({waiting})' if waiting else ''}"
            return Sighting(says, ready if len(ready) == count == len(staying) else None)

        return await_state(f'{count} ready pods of Deployment "{name}"', look, self._patience(), watches.news)

    def await_endpoints(self, name: str, count: int, *, contract: bool = False) -> list[Endpoint]:
        """Return the Service's endpoints once they are exactly *count*, all ready, each a ready backend.

        Backends are awaited with patience; with *contract* the slices must then follow within the budget, twice: when
        the backends are ready, and when those that were taken away are gone.
        """
        watches = self.sandbox.watches()

        def look(found: list[Endpoint], *, settled: bool) -> Sighting[list[Endpoint]]:
            return Sighting(", ".join(map(str, found)) or "none listed", found if settled else None)

        def ready() -> Sighting[list[Endpoint]]:
            found = self.endpoints(name)
            wanted = set(services.names(self.ready_pods(name)))
            return look(found, settled={one.pod for one in found if one.ready} == wanted and len(wanted) == count)

        def exact() -> Sighting[list[Endpoint]]:
            found = self.endpoints(name)
            pods = {one.pod or one.address for one in found}  # with two families a backend has two addresses
            return look(found, settled=len(pods) == count and all(one.ready for one in found))

        def follow(says: str, see: Callable[[], Sighting[list[Endpoint]]]) -> list[Endpoint]:
            within = Deadline(self.settings.budget) if contract else self._patience()
            return await_state(
                f'Service "{name}": {says}',
                see,
                within,
                watches.news,
                contract=contract,
                catch_up=watches.catch_up,
            )

        self.await_ready(name, count)
        follow(f"{count} ready endpoints, its ready backends", ready)
        self.await_gone(name, count)
        return follow(f"exactly {count} endpoints, all ready", exact)

    def await_behind_gates(self, name: str, count: int) -> list[str]:
        """Return the names of so many pods of a Deployment, once only their gates keep them from being ready."""
        watches = self.sandbox.watches()

        def look() -> Sighting[list[str]]:
            found = services.names(pod for pod in self.staying_pods(name) if services.is_behind_gate(pod))
            return Sighting(f"{', '.join(found) or 'none'}", found if len(found) == count else None)

        return await_state(f'{count} pods of "{name}" behind their gates', look, self._patience(), watches.news)

    def set_gates(self, pods: Sequence[str], *, opened: bool) -> None:
        """Open or shut the readiness gates of pods; the other conditions are the kubelet's and stay as they are."""
        namespace = self.sandbox.namespace()
        for pod in pods:
            known = self.api.get("Pod", pod, namespace)["status"].get("conditions") or []
            self.api.patch("Pod", pod, namespace, services.gate_patch(known, opened=opened), subresource="status")

    def await_gone(self, name: str, count: int) -> None:
        """Return once a Deployment has no more than *count* pods, those on their way out included."""
        watches = self.sandbox.watches()

        def look() -> Sighting[bool]:
            pods = self.pods(name)
            return Sighting(", ".join(services.names(pods)) or "none", True if len(pods) == count else None)

        await_state(f'no more than {count} pods of Deployment "{name}"', look, self._patience(), watches.news)

    # reading

    def pods(self, name: str) -> list[Object]:
        """Return the pods of a Deployment, whatever their state."""
        return services.pods_of(self.sandbox.watches().objects("Pod"), {"app": name})

    @property
    def touched(self) -> set[str]:
        """The pods that the scenario itself turned unready, or whose node it took away."""
        return {pod for pods in self.changed.values() for pod in pods}

    def staying_pods(self, name: str) -> list[Object]:
        """Return the pods of a Deployment that nobody has asked to go."""
        return services.staying(self.pods(name))

    def selected(self, name: str) -> list[Object]:
        """Return the pods that a Service selects, whatever their state; where it selects none, those of its name."""
        selector = self.service(name)["spec"].get("selector") or {"app": name}
        return services.pods_of(self.sandbox.watches().objects("Pod"), selector)

    def ready_pods(self, name: str) -> list[Object]:
        """Return the ready pods of a Deployment."""
        return [pod for pod in self.pods(name) if services.is_ready(pod)]

    def some_ready_pods(self, name: str) -> list[Object]:
        """Return the ready pods of a Deployment once there are any; raise NotConverged where none becomes ready.

        Seen of a kubelet: it called a new pod ready, took that back within 50 ms, and said it again a second later.
        """

        def look() -> Sighting[list[Object]]:
            found = self.ready_pods(name)
            return Sighting("none", found or None)

        return await_state(f'a ready pod of "{name}"', look, self._patience(), self.sandbox.watches().news)

    def endpoints(self, name: str) -> list[Endpoint]:
        """Return what the EndpointSlices list for a Service."""
        return services.endpoints(self.sandbox.watches().objects("EndpointSlice"), name)

    def let_slices_follow(self, name: str) -> None:
        """Give a Service's EndpointSlices the convergence time to list every ready pod that it selects.

        They know of a pod later than its kubelet says that it is ready; on a busy cluster by a second. A pod that was
        ready, and that no transition has touched, is given that time to be ready again. Returns in any case: what is
        listed in the end is for laws to judge.
        """
        selector = self.service(name)["spec"].get("selector")
        if not selector:
            return
        watches = self.sandbox.watches()
        reliable = {pod for pods in self.known.values() for pod in pods} - self.touched

        def look() -> Sighting[bool]:
            selected = services.staying(services.pods_of(watches.objects("Pod"), selector))
            wanted = {
                pod["metadata"]["name"]
                for pod in selected
                if services.is_ready(pod) or pod["metadata"]["name"] in reliable
            }
            listed = {one.pod for one in self.endpoints(name) if one.ready}
            return Sighting(", ".join(sorted(listed)) or "none listed", (wanted <= listed) or None)

        with suppress(NotConverged):
            await_state(f'Service "{name}" lists its ready pods', look, Deadline(self.settings.budget), watches.news)

    def service(self, name: str) -> Object:
        """Return a Service as the API server has it now; "kubernetes" is the API server's own."""
        namespace = "default" if name == API_SERVER else self.sandbox.namespace()
        return self.api.get("Service", name, namespace)

    @cached_property
    def nodes(self) -> list[str]:
        """The nodes that took ordinary pods when it was first asked for, by name; raises Inconclusive for none.

        The first is "one node", the last is "another node": what strikes a node strikes the last.
        """
        found = services.names(services.schedulable_nodes(self.api))
        if not found:
            raise Inconclusive("no ready node takes ordinary pods")
        return found

    def node_addresses(self, families: tuple[str, ...] = ("IPv4",)) -> list[NodeAddress]:
        """Return each ready node's address; raise Inconclusive when there is none."""
        found = services.node_addresses(self.api.list("Node"), families)
        if not found:
            raise Inconclusive(f"no ready node has an address of the family {' or '.join(families)}")
        return found

    def each(self, name: str, look: Callable[[Object], Mapping[str, str]]) -> list[tuple[str, Mapping[str, str]]]:
        """Return what *look* finds in every ready pod of a Deployment."""
        return [(pod["metadata"]["name"], look(pod)) for pod in self.ready_pods(name)]

    def _patience(self) -> Deadline:
        return Deadline(self.settings.seconds(PODS_SECONDS))
