"""What one scenario owns in the cluster: made with its run's labels, and deleted whatever happens."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from svcproof.cluster.api import ApiTrouble, ClusterApi, Conflict, Forbidden, NotFound, Object
from svcproof.cluster.waiting import Deadline, NotConverged, Rounds, Sighting, await_state
from svcproof.cluster.watching import Listener, Watches
from svcproof.problems import SetupProblem

RUN_LABEL = "svcproof.dev/run"
SCENARIO_LABEL = "svcproof.dev/scenario"
LEASE = "svcproof.dev/lease-until"
LEASE_SECONDS = 1800.0
"""A scenario that still runs after this is taken for dead by the next run, which deletes what it left."""

LAST_SECONDS = 1
"""So long the pods of a scenario that is over may take to end: nobody calls them any more, and while they stand their
namespace stands too (KEP 5080: pods go first), and is looked at again and again.
"""

PRIVILEGED = "node"
"""The role of the namespace for pods that stand for their node; all others admit restricted pods only."""

CLUSTER_SCOPED = (
    "IngressClass",
    "ClusterRole",
    "ClusterRoleBinding",
    "ValidatingWebhookConfiguration",
    "MutatingWebhookConfiguration",
    "CustomResourceDefinition",
    "ServiceCIDR",
)
"""The kinds outside namespaces that scenarios make, and that reaping looks for."""


class Sandbox:
    """The namespaces and objects of one scenario, and what is watched in them.

    The first namespace is made when it is first asked for; `delete()` asks for the end of everything made and does not
    wait for it (a namespace takes seconds to go, and nobody needs them).
    """

    def __init__(self, api: ClusterApi, run: str, scenario: str, listener: Listener | None = None) -> None:
        self.api = api
        self.run = run
        self.scenario = scenario
        self.applied: list[Object] = []
        self.listener = listener
        self._namespaces: dict[str, str] = {}
        self._watches: dict[str, Watches] = {}
        self._elsewhere: list[tuple[str, str, str]] = []

    @property
    def labels(self) -> dict[str, str]:
        """The labels of everything made here."""
        return {RUN_LABEL: self.run, SCENARIO_LABEL: self.scenario}

    @property
    def namespaces(self) -> list[str]:
        """The namespaces made so far."""
        return list(self._namespaces.values())

    @property
    def own(self) -> str:
        """The scenario's own namespace, empty where it was never asked for."""
        return self._namespaces.get("", "")

    def namespace(self, role: str = "") -> str:
        """Return the scenario's namespace for this role ("" is its own, "other" a neighbour), made when first asked."""
        if role not in self._namespaces:
            scenario = self.scenario[:20].replace(".", "-")  # an outline's row has a dot in its id
            name = "-".join(filter(None, ("svcproof", self.run, scenario, role, secrets.token_hex(2))))
            # known before it exists: an interrupted creation is still cleaned up
            self._namespaces[role] = name
            level = "privileged" if role == PRIVILEGED else "restricted"
            self.api.create(_namespace(name, self.labels, level, until=self.api.now() + LEASE_SECONDS))
        return self._namespaces[role]

    def permit_host_network(self) -> None:
        """Let the pods of the scenario's own namespace use their nodes' network."""
        level = {"metadata": {"labels": {"pod-security.kubernetes.io/enforce": "privileged"}}}
        self.api.patch("Namespace", self.namespace(), "", level)

    def watches(self, namespace: str = "") -> Watches:
        """Return the watches of a namespace of this sandbox (its own by default)."""
        name = namespace or self.namespace()
        if name not in self._watches:
            self._watches[name] = Watches(self.api, name, self.listener)
        return self._watches[name]

    def create(self, body: Object) -> Object:
        """Create an object here: its labels and, unless it names one, its namespace are added."""
        owned = self.owned(body)
        self.remember(owned)
        return self.api.create(owned)

    def apply(self, body: Object) -> Object:
        """Make an object here, or change it to what it is to be, by server-side apply; see `create`."""
        owned = self.owned(body)
        self.remember(owned)
        return self.api.apply(owned)

    def create_all(self, bodies: Iterable[Object]) -> list[Object]:
        """Create several objects, in order."""
        return [self.create(body) for body in bodies]

    def owned(self, body: Object) -> Object:
        """Return *body* with this sandbox's labels and namespace."""
        meta = body["metadata"]
        labelled = {**meta, "labels": {**meta.get("labels", {}), **self.labels}}
        if body["kind"] not in CLUSTER_SCOPED and not body["kind"].startswith("Cluster"):
            labelled.setdefault("namespace", self.namespace())
        return {**body, "metadata": labelled}

    def remember(self, body: Object) -> None:
        """Take an object that was made here into account, so that it is deleted with the rest."""
        meta = body["metadata"]
        self.applied.append(body)
        if meta.get("namespace") not in self._namespaces.values():
            kind = body["kind"] if body["kind"] in CLUSTER_SCOPED else f"{body['apiVersion']}/{body['kind']}"
            self._elsewhere.append((kind, meta["name"], meta.get("namespace", "")))

    def stop_watching(self) -> None:
        """End the watches, so that the deletion that follows is nobody's news."""
        for watches in self._watches.values():
            watches.close()

    def delete(self) -> None:
        """Ask for the deletion of everything made here; asks for all of it even where one request meets trouble.

        Raises the first trouble in the end: what it left is labelled, and reaped later.
        """
        self.stop_watching()
        troubles: list[ApiTrouble] = []
        for kind, name, namespace in reversed(self._elsewhere):
            _delete(self.api, kind, name, namespace, troubles)
        for name in self._namespaces.values():
            _delete(self.api, "Namespace", name, "", troubles)
        if troubles:
            raise troubles[0]
        for name in self._namespaces.values():
            with suppress(ApiTrouble):  # then they take the time they were made with
                self.api.delete_pods(name, grace_seconds=LAST_SECONDS)

    def see_off(self, seconds: float) -> None:
        """Ask for the deletion of everything made here and await the end of its namespaces, for so long at most.

        For those who leave hundreds of objects: while controllers clear them away, they follow nobody else in time.
        """
        self.delete()
        within, rounds = Deadline(seconds), Rounds(0.5)
        while self._standing() and not within.passed:
            rounds.wait(0, 0.5)

    def _standing(self) -> bool:
        for name in self._namespaces.values():
            try:
                self.api.get("Namespace", name)
            except NotFound:
                continue
            return True
        return False


def _delete(api: ClusterApi, kind: str, name: str, namespace: str, troubles: list[ApiTrouble]) -> None:
    try:
        api.delete(kind, name, namespace)
    except Conflict:
        pass  # it is on its way out already
    except ApiTrouble as trouble:
        troubles.append(trouble)


def _namespace(name: str, labels: dict[str, str], level: str, *, until: float) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {
            "name": name,
            "labels": {**labels, "pod-security.kubernetes.io/enforce": level},
            "annotations": {LEASE: datetime.fromtimestamp(until, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")},
        },
    }


@dataclass(frozen=True)
class Leftover:
    """One object of a run that still exists; *going* when its deletion has been asked for."""

    kind: str
    name: str
    run: str
    going: bool

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


def leftovers(api: ClusterApi, run: str = "") -> list[Leftover]:
    """Return what runs have left: of one run, or of every run whose lease has passed when *run* is empty.

    Leases are by the API server's clock: runners on several machines need not agree on the time.
    """
    wanted = f"{RUN_LABEL}={run}" if run else RUN_LABEL
    found: list[Leftover] = []
    expired: set[str] = set()
    alive: set[str] = set()
    for item in api.list("Namespace", labels=wanted):
        meta = item["metadata"]
        owner = meta["labels"][RUN_LABEL]
        dead = bool(run) or _expired(meta.get("annotations", {}).get(LEASE, ""), api.now())
        (expired if dead else alive).add(owner)
        if dead:
            found.append(Leftover("Namespace", meta["name"], owner, "deletionTimestamp" in meta))
    for kind in CLUSTER_SCOPED:
        for item in _listed(api, kind, wanted):
            meta = item["metadata"]
            owner = meta["labels"][RUN_LABEL]
            if run or (owner not in alive and _older_than_a_lease(meta, api.now())):
                found.append(Leftover(kind, meta["name"], owner, "deletionTimestamp" in meta))
    return found


def reap(api: ClusterApi, run: str = "") -> list[Leftover]:
    """Ask for the deletion of what is left (see leftovers); return what was found."""
    found = leftovers(api, run)
    troubles: list[ApiTrouble] = []
    for item in found:
        if not item.going:
            _delete(api, item.kind, item.name, "", troubles)
    if troubles:
        raise troubles[0]
    return found


def await_nothing_left(api: ClusterApi, run: str, seconds: float) -> int:
    """Wait until nothing of a run is left; return the number of objects that still are when the time is over."""
    left = leftovers(api, run)

    def look() -> Sighting[bool]:
        left[:] = leftovers(api, run)
        return Sighting(", ".join(map(str, left)) or "nothing", True if not left else None)

    try:
        await_state(f"nothing of run {run} left", look, Deadline(seconds), Rounds(0.5))
    except NotConverged:
        return len(left)
    return 0


def require_permission(api: ClusterApi) -> None:
    """Raise SetupProblem unless the credentials may make namespaces, pods and Services."""
    for verb, group, resource in (
        ("create", "", "namespaces"),
        ("create", "apps", "deployments"),
        ("get", "", "nodes"),
    ):
        attributes = {"verb": verb, "group": group, "resource": resource}
        review = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "metadata": {},
            "spec": {"resourceAttributes": attributes},
        }
        status = api.create(review).get("status", {})
        if not status.get("allowed"):
            raise SetupProblem(
                f"these credentials may not {verb} {resource}: {status.get('reason') or 'the API server says no'}",
                "use a context with the suite's role, or cluster-admin on a cluster made for testing",
            )


def _listed(api: ClusterApi, kind: str, labels: str) -> list[Object]:
    try:
        return api.list(kind, labels=labels)
    except (NotFound, Forbidden):
        return []  # not served here, or not ours to make: then nothing of ours is there


def _expired(until: str, now: float) -> bool:
    try:
        return datetime.fromisoformat(until).timestamp() < now
    except ValueError:
        return True


def _older_than_a_lease(meta: Object, now: float) -> bool:
    made = datetime.fromisoformat(meta["creationTimestamp"]).timestamp()
    return made + LEASE_SECONDS < now
