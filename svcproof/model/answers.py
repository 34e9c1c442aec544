"""What the API server's answers say of the contract: refused for the right reason, accepted, or not to be told."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from svcproof.model.verdict import Answer as Kind
from svcproof.model.verdict import Verdict, met, unknown, violated

STATUSES: Mapping[str, int] = {
    "Invalid": 422,
    "BadRequest": 400,
    "AlreadyExists": 409,
    "Conflict": 409,
    "NotFound": 404,
}
"""The reasons a bad request is refused with, and the HTTP status that belongs to each (Kubernetes API concepts)."""

_SAYS_NOTHING = {401, 403, 408, 429}
"""Statuses that come before the object is looked at: credentials, admission by others, too many requests."""


@dataclass(frozen=True)
class Answer:
    """The server's answer to one request: *causes* are (field, message) for each field it objects to."""

    status: int
    reason: str = ""
    message: str = ""
    causes: Sequence[tuple[str, str]] = ()
    body: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        said = "; ".join(f"{name}: {message}" for name, message in self.causes) or self.message
        return f"{self.status} {self.reason}{': ' if said else ''}{said}"


def refused_as(answer: Answer, *, reason: str, field: str = "") -> Verdict:
    """The server refuses the request for this reason, and names the field where one is given.

    An index or a part below the field names it as well (`spec.clusterIPs[0]` for `spec.clusterIPs`), and case does not
    matter: servers have spelt `spec.loadBalancerSourceRanges` in two ways. What came before the object was looked at
    (no credentials, somebody else's admission, too many requests, a fault of the server's) says nothing.
    """
    wanted = f"wanted {STATUSES[reason]} {reason}{f' because of {field}' if field else ''}"
    if answer.status >= 500 or answer.status in _SAYS_NOTHING:
        return unknown(f"{wanted}; the server answered {answer}, before it judged the object")
    if 200 <= answer.status < 300:
        return violated(f"{wanted}; the server accepted it")
    if answer.status != STATUSES[reason] or answer.reason != reason:
        return violated(f"{wanted}; the server answered {answer}")
    if field and not any(names(cause, field) for cause, _ in answer.causes):
        return violated(f"{wanted}; the server answered {answer}")
    return met(f"the server answered {answer}", status=answer.status)


def accepted(answer: Answer) -> Verdict:
    """The server grants the request."""
    if 200 <= answer.status < 300:
        return met(f"the server accepted it ({answer.status})", status=answer.status)
    if answer.status >= 500 or answer.status in _SAYS_NOTHING:
        return unknown(f"wanted it accepted; the server answered {answer}, before it judged the object")
    return violated(f"wanted it accepted; the server answered {answer}")


def names(cause: str, field: str) -> bool:
    """Whether a cause's field is this field, or a part of it."""
    said, wanted = cause.casefold(), field.casefold()
    return said == wanted or said.startswith((f"{wanted}[", f"{wanted}."))


def nothing_left(what: str, found: Mapping[str, Any] | None) -> Verdict:
    """Nothing of a refused object was stored."""
    if found is None:
        return met(f"{what} does not exist")
    return violated(f"{what} exists although it was refused: UID {found['metadata'].get('uid', 'unknown')}")


def as_it_was(what: str, before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> Verdict:
    """An object is the same one as before, and says the same of itself: identity and spec."""
    if before is None:
        return unknown(f"{what} did not exist before, so nothing was shown")
    if after is None:
        return violated(f"{what} is gone")
    born, found = before["metadata"]["uid"], after["metadata"]["uid"]
    if born != found:
        return violated(f"{what} is another one: UID {born} before, {found} after")
    was, now = before["spec"], after["spec"]
    changed = [name for name in sorted({*was, *now}) if was.get(name) != now.get(name)]
    if changed:
        said = (f"spec.{name} was {was.get(name)!r} and is {now.get(name)!r}" for name in changed)
        return violated(f"{what} has changed: {', '.join(said)}")
    return met(f"{what} is as it was")


def applied_alike(before: Mapping[str, Any], after: Mapping[str, Any]) -> Verdict:
    """An object that was applied once more is the same one, and says the same of itself but for its status."""
    what = f'{before["kind"]} "{before["metadata"]["name"]}"'
    one, other = ({**item["metadata"], **{name: item[name] for name in item if name not in _PASSING}}
                  for item in (before, after))  # fmt: skip
    changed = [name for name in sorted({*one, *other} - _BOOKKEEPING) if one.get(name) != other.get(name)]
    if changed:
        said = (f"{name} was {one.get(name)!r} and is {other.get(name)!r}" for name in changed)
        return violated(f"{what} has changed: {'; '.join(said)}")
    return met(f"{what} is as it was before it was applied again")


_PASSING = frozenset({"metadata", "status"})
_BOOKKEEPING = frozenset({"managedFields", "resourceVersion"})
"""What the API server notes down about an object by itself, and what controllers say of it meanwhile."""


def has(what: str, item: Mapping[str, Any], wanted: Mapping[str, str]) -> Verdict:
    """An object's fields, by path (`spec.ports[0].protocol`), have these values; an empty cell is absence."""
    seen = {path: _said(at(item, path)) for path in wanted}
    wrong = [f"{path} is {seen[path] or 'absent'}, wanted {value or 'absent'}"
             for path, value in wanted.items() if seen[path] != value]  # fmt: skip
    if wrong:
        return violated(f"{what}: {'; '.join(wrong)}")
    return met(f"{what}: {', '.join(f'{path} {value or chr(8212)}' for path, value in seen.items())}")


def described_as_listed(text: str, listed: Collection[str]) -> Verdict:
    """What kubectl describes of a Service names exactly the addresses and ports ("10.1.2.3:8080") that are listed.

    It cuts a long list short ("+ 2 more..."): then every address that it names is listed, and as many as it says.
    """
    lines = re.findall(r"^Endpoints:[ \t]*(.*)$", text, re.MULTILINE)
    words = [word.strip() for line in lines for word in line.split(",")]
    found = {re.split(r" \+ ", word)[0].strip() for word in words} - {"", "<none>"}
    more = sum(int(number) for number in re.findall(r"\+ (\d+) more", ",".join(words)))
    if not lines:
        return unknown(f"the description has no line of endpoints: {text[:200]!r}")
    said = f"it describes {', '.join(sorted(found)) or 'none'}{f' and {more} more' if more else ''}"
    if found <= set(listed) and len(found) + more == len(set(listed)):
        return met(f"{said}, as the EndpointSlices list them")
    return violated(f"{said}; the EndpointSlices list {', '.join(sorted(listed)) or 'none'}")


def shown_as_it_is(table: Mapping[str, Any], name: str) -> Verdict:
    """The server's own table of Services shows one's type, cluster IP, external address and ports as it has them.

    The table is what `kubectl get services` prints; each of its rows holds the object that it was made from.
    """
    columns = [column["name"].casefold() for column in table.get("columnDefinitions") or []]
    for row in table.get("rows") or []:
        item = row["object"]
        if item["metadata"]["name"] != name:
            continue
        seen = dict(zip(columns, map(str, row["cells"]), strict=False))
        wanted = {column: value for column, value in _shown(item).items() if seen.get(column) != value}
        if wanted:
            said = (f"{column} {seen.get(column, 'nothing')!r}, wanted {value!r}" for column, value in wanted.items())
            return violated(f'Service "{name}" is shown with {"; ".join(said)}')
        return met(f'Service "{name}" is shown as {", ".join(f"{one} {seen[one]}" for one in _shown(item))}')
    return violated(f'Service "{name}" is not in the list of {len(table.get("rows") or [])}')


def _shown(service: Mapping[str, Any]) -> dict[str, str]:
    """Return what a table is to show of a Service, by column."""
    spec = service["spec"]
    given = (service.get("status") or {}).get("loadBalancer", {}).get("ingress") or []
    addresses = [entry.get("ip") or entry.get("hostname", "") for entry in given] + (spec.get("externalIPs") or [])
    pending = "<pending>" if spec["type"] == "LoadBalancer" else "<none>"
    ports = (_port(port) for port in spec.get("ports") or [])
    return {
        "name": service["metadata"]["name"],
        "type": spec["type"],
        "cluster-ip": spec.get("clusterIP") or "<none>",
        "external-ip": ",".join(addresses) or pending,
        "port(s)": ",".join(ports) or "<none>",
    }


def _port(port: Mapping[str, Any]) -> str:
    on_nodes = f":{port['nodePort']}" if port.get("nodePort") else ""
    return f"{port['port']}{on_nodes}/{port['protocol']}"


_STEP = re.compile(r'\["([^"]+)"\]|([^.\[\]]+)|\[(\d+)\]')


def at(item: Any, path: str) -> Any:
    """Return the value at a path such as spec.ports[0].name, or None where the path leads nowhere.

    A name with dots stands in quotes: metadata.labels["kubernetes.io/service-name"].
    """
    for quoted, plain, index in _STEP.findall(path):
        name = quoted or plain
        if name and isinstance(item, Mapping):
            item = item.get(name)
        elif index and isinstance(item, Sequence) and int(index) < len(item):
            item = item[int(index)]
        else:
            return None
    return item


def _said(value: Any) -> str:
    if value is None or value == "":
        return "" if value is None else '""'
    return str(value).lower() if isinstance(value, bool) else str(value)


def answered_by(answer: Answer, backends: Collection[str]) -> Verdict:
    """One of these backends has answered, by its own word."""
    verdict = accepted(answer)
    if verdict.answer is not Kind.MET:
        return verdict
    said = str(answer.body.get("pod", ""))
    if said in backends:
        return met(f"{said} answered")
    return violated(f"{said or 'nobody who says its name'} answered; the backends are {', '.join(sorted(backends))}")


def tell_addresses(nodes: Sequence[Mapping[str, Any]], pods: Sequence[Mapping[str, Any]]) -> Verdict:
    """Every node's status tells an address, and every pod's status its node and its address."""
    silent = [node["metadata"]["name"] for node in nodes if not node.get("status", {}).get("addresses")]
    lost = [pod["metadata"]["name"] for pod in pods if not (pod["spec"].get("nodeName") and pod["status"].get("podIP"))]
    if silent or lost:
        return violated(f"without an address or node: {', '.join([*silent, *lost])}")
    return met(f"{len(nodes)} nodes and {len(pods)} pods tell where they are", nodes=len(nodes), pods=len(pods))


def addresses_of_their_own(pods: Iterable[Mapping[str, Any]], every: Iterable[Mapping[str, Any]]) -> Verdict:
    """No pod on the pod network has an address of these pods but they themselves; ended pods hold none any more."""
    owner = {entry["ip"]: pod for pod in pods for entry in pod["status"].get("podIPs") or []}
    if not owner:
        return violated("no pod has an address")
    for pod in every:
        if pod["spec"].get("hostNetwork") or pod["status"].get("phase") in ("Succeeded", "Failed"):
            continue
        for entry in pod["status"].get("podIPs") or []:
            holder = owner.get(entry["ip"])
            if holder is not None and holder["metadata"]["uid"] != pod["metadata"]["uid"]:
                meta = pod["metadata"]
                return violated(
                    f"{entry['ip']} of pod {holder['metadata']['name']} is also that of "
                    f"pod {meta['namespace']}/{meta['name']}"
                )
    return met(f"nobody else has {', '.join(sorted(owner))}")
