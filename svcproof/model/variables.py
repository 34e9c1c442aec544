"""The environment variables by which a pod learns of Services, and the verdicts over what pods have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from svcproof.model.verdict import Verdict, met, unknown, violated


@dataclass(frozen=True)
class PodEnvironment:
    """One pod's environment, as a command in it printed."""

    pod: str
    variables: Mapping[str, str]


def prefix(service: str) -> str:
    """Return what a Service's variables begin with: its name in capitals, dashes as underscores."""
    return service.upper().replace("-", "_")


def variables_of(service: str, cluster_ip: str, ports: Sequence[tuple[str, int, str]]) -> dict[str, str]:
    """Return the variables that a pod made after a Service has; *ports* are (name, port, protocol), in order.

    Kubernetes docs, "Environment variables" of Service: {SVCNAME}_SERVICE_HOST and {SVCNAME}_SERVICE_PORT, one
    {SVCNAME}_SERVICE_PORT_{PORTNAME} for each named port, and the older forms of container links.
    """
    start = prefix(service)
    host = f"[{cluster_ip}]" if ":" in cluster_ip else cluster_ip
    found = {f"{start}_SERVICE_HOST": cluster_ip, f"{start}_SERVICE_PORT": str(ports[0][1])}
    _, port, protocol = ports[0]
    found[f"{start}_PORT"] = f"{protocol.lower()}://{host}:{port}"
    for name, port, protocol in ports:
        link = f"{start}_PORT_{port}_{protocol}"
        found |= {
            link: f"{protocol.lower()}://{host}:{port}",
            f"{link}_PROTO": protocol.lower(),
            f"{link}_PORT": str(port),
            f"{link}_ADDR": cluster_ip,
        }
        if name:
            found[f"{start}_SERVICE_PORT_{prefix(name)}"] = str(port)
    return found


def every_pod_has(pods: Sequence[PodEnvironment], wanted: Mapping[str, str]) -> Verdict:
    """Each pod has each of these variables with this value."""
    if not pods:
        return unknown("there is no pod to look into")
    wrong: list[str] = []
    for pod in pods:
        for name, value in wanted.items():
            seen = pod.variables.get(name)
            if seen != value:
                wrong.append(f"{pod.pod}: wanted {name}={value}; seen {'nothing' if seen is None else repr(seen)}")
    figures = {"pods": len(pods), "variables": len(wanted)}
    if wrong:
        return violated("; ".join(wrong[:6]) + (f"; and {len(wrong) - 6} more" if len(wrong) > 6 else ""), **figures)
    first = next(iter(wanted.items()))
    return met(f"each of {len(pods)} pods has all {len(wanted)} variables ({first[0]}={first[1]} …)", **figures)


def no_pod_knows(pods: Sequence[PodEnvironment], service: str) -> Verdict:
    """No pod has a variable of this Service; each has some environment at all, or nothing was learnt."""
    if not pods:
        return unknown("there is no pod to look into")
    empty = [pod.pod for pod in pods if not pod.variables.get("KUBERNETES_SERVICE_HOST")]
    if empty:
        return unknown(f"{', '.join(empty)} does not even name the API server: its environment cannot be trusted")
    start = prefix(service)
    forms = (f"{start}_SERVICE_HOST", f"{start}_SERVICE_PORT", f"{start}_PORT")
    wrong = [
        f"{pod.pod} has {name}={value}"
        for pod in pods
        for name, value in sorted(pod.variables.items())
        if name.startswith(forms)
    ]
    if wrong:
        return violated(f"made before the Service, yet {'; '.join(wrong[:6])}", pods=len(pods))
    return met(
        f"none of {len(pods)} pods has a variable that begins with {start}_SERVICE or {start}_PORT", pods=len(pods)
    )


def no_pod_knows_others(pods: Sequence[PodEnvironment], services: Sequence[str]) -> Verdict:
    """Each pod has the variables of these Services only, told by the host that every Service's variables name."""
    if not pods:
        return unknown("there is no pod to look into")
    end = "_SERVICE_HOST"
    known = {prefix(service) for service in services}
    strange = sorted(
        f"{pod.pod}: {name}={value}"
        for pod in pods
        for name, value in pod.variables.items()
        if name.endswith(end) and name.removesuffix(end) not in known
    )
    if strange:
        return violated(f"{'; '.join(strange[:6])}: no Service of that name is in the namespace", pods=len(pods))
    return met(f"{len(pods)} pods know of {', '.join(sorted(services))} at most", pods=len(pods))
