"""What several faults look at alike: each look is our own packets, each answer a sentence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Any

from svcproof.cluster.api import Object, Reply
from svcproof.cluster.waiting import Deadline, NotConverged, Rounds, Sighting, await_state, let_pass
from svcproof.faults.fault import Evidence
from svcproof.faults.ground import Ground
from svcproof.faults.looking import Seen
from svcproof.faults.trial import LABELS, NAMESPACE

QUICK = 0.4
"""So long may one of our own exchanges take: everything is on one machine."""


def ends(seen: Iterable[Seen]) -> str:
    """Say how exchanges ended: "3 answered, 2 lost"."""
    return ", ".join(f"{count} {end}" for end, count in Counter(one.end for one in seen).most_common()) or "none"


def answered_by(seen: Iterable[Seen]) -> Counter[str]:
    """Count the answers of each node's trial pod."""
    return Counter(one.node for one in seen if one.answered)


def shares(seen: Iterable[Seen]) -> str:
    """Say which nodes' pods answered how often."""
    return ", ".join(f"{node} {count}" for node, count in sorted(answered_by(seen).items())) or "nobody"


def quick(asked: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """Make an exchange short-tempered."""
    return {**asked, "limit": QUICK, **more}


def burst(ground: Ground, vantage: str, asked: Mapping[str, Any], count: int) -> list[Seen]:
    """Make the same exchange *count* times."""
    return ground.look(vantage, *[quick(asked)] * count)


def here_but_not_there(
    ground: Ground, bad: Mapping[str, Mapping[str, Any]], good: Mapping[str, Mapping[str, Any]]
) -> Evidence:
    """Hold that exchanges by vantage fail where they should (*bad*), and others succeed at the same time (*good*)."""
    failing = {vantage: ground.look(vantage, quick(asked))[0] for vantage, asked in bad.items()}
    control = {vantage: ground.look(vantage, quick(asked, limit=1.0))[0] for vantage, asked in good.items()}
    holds = not any(one.answered for one in failing.values()) and all(one.answered for one in control.values())
    told = [f"from {vantage} to {_where(bad[vantage])}: {one.end}" for vantage, one in failing.items()]
    told += [f"from {vantage} to {_where(good[vantage])}: {one.end}" for vantage, one in control.items()]
    return Evidence(holds, "; ".join(told))


def _where(asked: Mapping[str, Any]) -> str:
    return f"{asked['to'][0]}:{asked['to'][1]}/{asked.get('protocol', 'tcp')}"


@contextmanager
def fresh_service(ground: Ground, **spec: Any) -> Iterator[Object]:
    """A NodePort Service of the trial pods that no proxy has seen before."""
    ports = [{"name": "first", "port": 80, "targetPort": 8080, "protocol": "TCP"}]
    with ground.trial.fresh(
        "Service", "v1", spec={"type": "NodePort", "selector": LABELS, "ports": ports, **spec}
    ) as made:
        yield made


def fresh_service_reaches(ground: Ground, within: float = 2.5) -> tuple[set[str], set[str]]:
    """Make a new Service; return the nodes that answer at its node port, and the others, after a moment."""
    with fresh_service(ground) as made:
        answering: set[str] = set()

        def look() -> Sighting[bool]:
            for node in set(ground.nodes) - answering:
                if ground.look("outside", quick(ground.trial.node_port(made, node)))[0].answered:
                    answering.add(node)
            return Sighting(str(answering), (answering == set(ground.nodes)) or None)

        with suppress(NotConverged):  # who does not answer by now is the finding
            await_state("an answer from every node", look, Deadline(within), Rounds(0.2))
        return answering, set(ground.nodes) - answering


def without_endpoints(ground: Ground) -> str:
    """Call a Service without endpoints from a pod; return how that ended."""
    empty = ground.trial.service("empty", selector={"svcproof.dev/prove": "nobody"})
    (seen,) = ground.look(f"pod@{ground.bystander}", ground.trial.cluster_ip(empty))
    return seen.end


def unaware(ground: Ground, nodes: Iterable[str]) -> Evidence:
    """Hold that exactly these nodes do not follow what is new."""
    answering, silent = fresh_service_reaches(ground)
    says = f"a Service made just now is answered at {_names(answering)}, not at {_names(silent)}"
    return Evidence(silent == set(nodes), says)


def _names(nodes: Iterable[str]) -> str:
    return ", ".join(sorted(nodes)) or "no node"


def written_endpoints(ground: Ground, conditions: Mapping[str, Mapping[str, bool]]) -> list[Seen]:
    """Make a Service whose EndpointSlice we write: trial pods by node, each with these conditions; call it 20 times."""
    with ground.trial.fresh(
        "Service", "v1", spec={"ports": [{"name": "first", "port": 80, "targetPort": 8080}]}
    ) as made:
        name = made["metadata"]["name"]
        body = {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {
                "name": f"{name}-hand",
                "namespace": NAMESPACE,
                "labels": {"kubernetes.io/service-name": name},
            },
            "addressType": "IPv4",
            "ports": [{"name": "first", "port": 8080, "protocol": "TCP"}],
            "endpoints": [
                {"addresses": [ground.trial.pod_address(node)], "nodeName": node, "conditions": dict(said)}
                for node, said in conditions.items()
            ],
        }
        try:
            ground.api.create(body)
            let_pass(1.2)  # an unchanged answer is the finding: there is nothing to wait for
            return burst(ground, f"pod@{ground.bystander}", ground.trial.cluster_ip({**made}), 20)
        finally:
            ground.api.delete("EndpointSlice", f"{name}-hand", NAMESPACE)


@contextmanager
def an_unready_pod(ground: Ground, *, after: float = 1.0) -> Iterator[str]:
    """The victim's trial pod has been unready for *after* seconds; yields its node, and has it ready again."""
    node, own = ground.victim, ground.trial.pod(ground.victim)
    try:
        ground.look(f"pod@{node}", {**own, "word": "unready"})
        _await_conditions(ground, node, ready=False)
        let_pass(after)  # what is done about it meanwhile is the finding
        yield node
    finally:
        ground.look(f"pod@{node}", {**own, "word": "ready"})
        _await_conditions(ground, node, ready=True)


def past_an_unready_pod(ground: Ground, asked: Mapping[str, Any], *, after: float = 1.0) -> tuple[str, list[Seen]]:
    """Make 40 exchanges while a trial pod is unready; return its node, and what became of them."""
    with an_unready_pod(ground, after=after) as node:
        return node, burst(ground, f"pod@{ground.bystander}", asked, 40)


def _await_conditions(ground: Ground, node: str, *, ready: bool) -> None:
    name = ground.trial.pod_name(node)

    def look() -> Sighting[bool]:
        found = {
            condition["type"]: condition["status"]
            for condition in ground.api.get("Pod", name, NAMESPACE)["status"]["conditions"]
        }
        return Sighting(f"Ready={found.get('Ready')}", (found.get("Ready") == str(ready)) or None)

    await_state(f"trial pod {name} {'ready' if ready else 'unready'}", look, Deadline(15), Rounds(0.1))


def during_a_change(ground: Ground, vantage: str, asked: Iterable[Mapping[str, Any]]) -> list[Seen]:
    """Make exchanges while endpoints change: a Service of the trial pods comes and goes."""
    with ThreadPoolExecutor(1) as pool:
        looking = pool.submit(ground.look, vantage, *asked)
        let_pass(0.4)  # some exchanges come before the change
        with fresh_service(ground):
            seen = looking.result()
    return seen


def schedule(asked: Mapping[str, Any], count: int, every: float) -> list[dict[str, Any]]:
    """The same exchange *count* times, one *every* so many seconds."""
    return [quick(asked, after=number * every) for number in range(count)]


@contextmanager
def declared_policy(ground: Ground, *directions: str) -> Iterator[None]:
    """A policy that denies the trial pods everything in these directions has been there for a moment."""
    body = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "policy", "namespace": NAMESPACE},
        "spec": {"podSelector": {"matchLabels": LABELS}, "policyTypes": list(directions)},
    }
    ground.api.create(body)
    try:
        let_pass(1.0)  # what is done about it meanwhile is the finding
        yield
    finally:
        ground.api.delete("NetworkPolicy", "policy", NAMESPACE)


def between_pods(ground: Ground) -> Seen:
    """Call a trial pod from another one."""
    (seen,) = ground.look(f"pod@{ground.bystander}", quick(ground.trial.pod(ground.victim)))
    return seen


def rules_say(ground: Ground, words: Mapping[str, str], wanted: bool = True) -> Evidence:
    """Hold that the proxy's own rules, on every node, have these *words* (by proxy mode)."""
    text = words[ground.lab.plan.proxy_mode]
    argv = ["iptables-save"] if ground.lab.plan.proxy_mode == "iptables" else ["nft", "list", "ruleset"]
    having = [node for node in ground.nodes if text in ground.lab.node(node).run(argv, timeout=20).stdout]
    return Evidence((having == list(ground.nodes)) is wanted, f"the rules of {_names(having)} say {text!r}")


def resolve(
    ground: Ground, name: str, kind: str = "A", *, count: int = 1, transport: str = "udp", vantage: str = ""
) -> list[Seen]:
    """Ask the cluster's DNS Service from a pod."""
    asked = {"to": [ground.dns, 53], "protocol": "dns", "dns": [name, kind], "transport": transport, "limit": QUICK}
    return ground.look(vantage or f"pod@{ground.bystander}", *[asked] * count)


def full_name(service: Object) -> str:
    """The name of a Service of ours."""
    return f"{service['metadata']['name']}.{NAMESPACE}.svc.cluster.local"


def await_true(wanted: str, look: Callable[[], bool], seconds: float) -> None:
    """Wait until something holds; raises NotConverged when it does not."""
    await_state(wanted, lambda: Sighting("not so", look() or None), Deadline(seconds), Rounds(0.1))


def admitted(ground: Ground, path: str, body: Object) -> Object:
    """Return an object as the API server would store it (a dry run), after all webhooks."""
    reply = ground.api.ask("POST", path.format(namespace=NAMESPACE), body, query={"dryRun": "All"})
    if not reply.accepted:
        raise NotConverged(f"a dry run of a {body['kind']} is refused: {reply.message}")
    return reply.body


def asked(ground: Ground, spec: Object, name: str = "") -> Reply:
    """Return the API server's answer to a dry run of a Service."""
    metadata = {"name": name} if name else {"generateName": "dry-"}
    body = {"apiVersion": "v1", "kind": "Service", "metadata": {**metadata, "namespace": NAMESPACE}, "spec": spec}
    return ground.api.ask("POST", f"/api/v1/namespaces/{NAMESPACE}/services", body, query={"dryRun": "All"})


def given(ground: Ground, **spec: Any) -> Object:
    """Return the spec that a Service would be stored with; one TCP port where *spec* has none."""
    reply = asked(ground, {"selector": LABELS, "ports": [{"port": 80, "targetPort": 8080}], **spec})
    if not reply.accepted:
        raise NotConverged(f"a dry run of a Service is refused: {reply.message}")
    found: Object = reply.body["spec"]
    return found


def changed(ground: Ground, patch: Object) -> Reply:
    """Return the API server's answer to a dry run of a change of the trial Service."""
    ground.trial.service()
    path, query = f"/api/v1/namespaces/{NAMESPACE}/services/trial", {"dryRun": "All"}
    return ground.api.ask("PATCH", path, patch, query=query, content="application/merge-patch+json")


def admitted_slice(ground: Ground, endpoints: list[Object]) -> Object:
    """Return an EndpointSlice with these endpoints as it would be stored."""
    body = {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"generateName": "dry-", "namespace": NAMESPACE},
        "addressType": "IPv4",
        "ports": [{"name": "first", "port": 8080, "protocol": "TCP"}],
        "endpoints": endpoints,
    }
    return admitted(ground, "/apis/discovery.k8s.io/v1/namespaces/{namespace}/endpointslices", body)


def slice_accepted(ground: Ground, endpoints: list[Object]) -> bool:
    """Tell whether an EndpointSlice with these endpoints is accepted."""
    try:
        admitted_slice(ground, endpoints)
    except NotConverged:
        return False
    return True


def admitted_pod(ground: Ground) -> Object:
    """Return a plain pod as it would be stored."""
    body = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"generateName": "dry-", "namespace": NAMESPACE},
        "spec": {"containers": [{"name": "pause", "image": ground.lab.images["pause"]}]},
    }
    return admitted(ground, "/api/v1/namespaces/{namespace}/pods", body)


def admitted_ingress(ground: Ground, of_class: str = "") -> Object:
    """Return an Ingress with one host and two paths as it would be stored."""
    owner = {"ingressClassName": of_class} if of_class else {}
    to = {"service": {"name": "trial", "port": {"number": 80}}}
    paths = [{"path": path, "pathType": "Prefix", "backend": to} for path in ("/one", "/two")]
    body = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"generateName": "dry-", "namespace": NAMESPACE},
        "spec": {**owner, "rules": [{"host": "one.example", "http": {"paths": paths}}]},
    }
    return admitted(ground, "/apis/networking.k8s.io/v1/namespaces/{namespace}/ingresses", body)
