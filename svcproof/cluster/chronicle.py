"""Tells what changed in a namespace, as events of a history: which endpoints came and went, which pods turned ready."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from svcproof.cluster.api import Object
from svcproof.cluster.services import SERVICE_NAME_LABEL, Endpoint, endpoints, is_ready, restarts
from svcproof.model.history import Kind


@dataclass(frozen=True)
class Telling:
    """One event before it has a time."""

    kind: Kind
    subject: str
    says: str
    data: dict[str, object] = field(default_factory=dict)


def tell(kind: str, before: Object | None, after: Object | None) -> Iterator[Telling]:
    """Yield the events that one change of an object amounts to; kinds that no law reads about yield nothing."""
    if kind == "EndpointSlice":
        yield from _slice(before, after)
    elif kind == "Pod":
        yield from _pod(before, after)


def _slice(before: Object | None, after: Object | None) -> Iterator[Telling]:
    item = after or before or {}
    service = item.get("metadata", {}).get("labels", {}).get(SERVICE_NAME_LABEL, "")
    if not service:
        return
    old = {entry.address: entry for entry in endpoints([before] if before else [], service)}
    new = {entry.address: entry for entry in endpoints([after] if after else [], service)}
    for address in sorted({*old, *new}):
        was, now = old.get(address), new.get(address)
        said = _endpoint(was, now)
        entry = now or was
        if said and entry:
            yield Telling(Kind.ENDPOINTS, service, f"{said} {entry.pod or address} ({entry.node})", _facts(entry, now))


def _endpoint(was: Endpoint | None, now: Endpoint | None) -> str:
    """Say what became of one endpoint, or nothing when it is what it was."""
    if was == now:
        return ""
    if now is None:
        return "dropped" if was and was.ready else "forgot"
    if now.ready and not (was and was.ready):
        return "gained"
    if was and was.ready and not now.ready:
        return "dropped"
    if was is None:
        return "lists as not ready"
    return "marks as terminating" if now.terminating and not was.terminating else ""


def _facts(entry: Endpoint, now: Endpoint | None) -> dict[str, object]:
    return {
        "pod": entry.pod,
        "node": entry.node,
        "address": entry.address,
        "ready": bool(now and now.ready),
        "serving": bool(now and now.serving),
        "terminating": bool(now is None or now.terminating),
    }


def _pod(before: Object | None, after: Object | None) -> Iterator[Telling]:
    item = after or before or {}
    meta = item["metadata"]
    node = item.get("spec", {}).get("nodeName", "")
    for says in _pod_says(before, after):
        yield Telling(Kind.POD, meta["name"], says, {"node": node, "app": (meta.get("labels") or {}).get("app", "")})


def _pod_says(before: Object | None, after: Object | None) -> Iterator[str]:
    if after is None:
        yield "is gone"
        return
    terminating = "deletionTimestamp" in after["metadata"]
    if terminating and not (before and "deletionTimestamp" in before["metadata"]):
        yield "is terminating"
        return
    was, now = bool(before and is_ready(before)), is_ready(after)
    if was != now and not terminating:
        yield "is ready" if now else "is not ready"
    if restarts(after) > (restarts(before) if before else 0):
        yield f"restarted ({restarts(after)})"
