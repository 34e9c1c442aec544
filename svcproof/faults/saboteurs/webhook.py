"""A mutating admission webhook that lies: the API server stores what it says instead."""

from __future__ import annotations

import base64
import http.client
import json
import ssl
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from http.server import BaseHTTPRequestHandler
from typing import Any

from svcproof.faults.saboteurs.lies import SPARED, Object, told
from svcproof.faults.saboteurs.upstream import Listener, Upstream


def filled(lies: list[dict[str, Any]], request: Object) -> list[dict[str, Any]]:
    """Give each lie what it must know: Services, the pods of the namespace, or the object before the change."""
    known = []
    namespace = request.get("namespace", "")
    for lie in lies:
        given = {name: value for name, value in lie.items() if name not in ("upstream", "remembered")}
        if lie["lie"] == "foreign_variables":
            given["variables"] = (
                _variables(REMEMBERED.values(), lambda owner: owner == namespace)
                if lie.get("remembered")
                else _variables(_services(lie), lambda owner: owner not in (namespace, "default"))
            )
        if lie["lie"] == "neighbours_listed":
            given["pods"] = _addresses(Upstream.of(lie["upstream"]), namespace)
        if lie["lie"] == "changes_reverted":
            given["old"] = request.get("oldObject") or {}
        known.append(given)
    return known


REMEMBERED: dict[str, Object] = {}
"""Every Service that was seen since this program began, by uid: also those that are gone."""


def remember(upstream: Upstream) -> None:
    """Follow the Services for ever, and forget none."""
    while True:
        try:
            known, version = upstream.list("/api/v1/services")
            REMEMBERED.update({service["metadata"]["uid"]: service for service in known})
            for event in upstream.changes("/api/v1/services", version):
                if event["type"] in ("ADDED", "MODIFIED"):
                    REMEMBERED[event["object"]["metadata"]["uid"]] = event["object"]
        except (OSError, http.client.HTTPException, ValueError, KeyError) as problem:
            print("begin again after", repr(problem), flush=True)
            threading.Event().wait(0.5)


def _services(lie: Mapping[str, Any]) -> list[Object]:
    return Upstream.of(lie["upstream"]).list("/api/v1/services")[0]


def _staying(lie: Mapping[str, Any]) -> list[Object]:
    """Return the Services of the namespaces that are not on their way out."""
    namespaces = Upstream.of(lie["upstream"]).list("/api/v1/namespaces")[0]
    going = {one["metadata"]["name"] for one in namespaces if "deletionTimestamp" in one["metadata"]}
    return [service for service in _services(lie) if service["metadata"]["namespace"] not in going]


def _variables(services: Iterable[Object], of: Callable[[str], bool]) -> dict[str, str]:
    variables: dict[str, str] = {}
    for service in list(services):
        address = service["spec"].get("clusterIP", "None")
        if of(service["metadata"]["namespace"]) and address not in ("None", "") and service["spec"].get("ports"):
            prefix = service["metadata"]["name"].upper().replace("-", "_")
            variables[f"{prefix}_SERVICE_HOST"] = address
            variables[f"{prefix}_SERVICE_PORT"] = str(service["spec"]["ports"][0]["port"])
    return variables


def _addresses(upstream: Upstream, namespace: str) -> list[str]:
    """Return the IPv4 addresses of a namespace's ready pods."""
    pods = upstream.list(f"/api/v1/namespaces/{namespace}/pods")[0]
    found = [pod["status"].get("podIP", "") for pod in pods if _is_ready(pod)]
    return sorted(address for address in found if address and ":" not in address)


def _is_ready(pod: Object) -> bool:
    conditions = {one["type"]: one["status"] for one in pod.get("status", {}).get("conditions", [])}
    return conditions.get("Ready") == "True" and "deletionTimestamp" not in pod["metadata"]


def refusal(request: Object, denials: list[dict[str, Any]]) -> str:
    """Return why an object is refused that nobody may refuse; empty when it is let through."""
    spec, namespace = request["object"].get("spec", {}), request.get("namespace", "")
    if namespace in SPARED:
        return ""
    for denial in denials:
        what = denial["deny"]
        if what == "field" and spec.get(denial["field"]):
            return f"{denial['field']} is not wanted here"
        if what == "node ports" and {port.get("nodePort") for port in spec.get("ports", [])} & set(denial["ports"]):
            return "this node port is not wanted here"
        if what == "name in use" and _is_in_use(request, _staying(denial)):
            return "the cluster has a Service of this name"
    return ""


def _is_in_use(request: Object, services: Iterable[Object]) -> bool:
    name = request["object"]["metadata"].get("name")
    return any(service["metadata"]["name"] == name for service in services)


def review(request: Object, lies: list[dict[str, Any]]) -> Object:
    """Answer one AdmissionReview request: with what the lies change in the object, or with a refusal."""
    denials = [lie for lie in lies if "deny" in lie]
    if why := refusal(request, denials):
        return {"uid": request["uid"], "allowed": False, "status": {"code": 422, "reason": "Invalid", "message": why}}
    body = request["object"]
    body.get("metadata", {}).setdefault("namespace", request.get("namespace", ""))
    told_lies = filled([lie for lie in lies if "lie" in lie], request)
    shown = told(request["kind"]["kind"], body, told_lies) or body
    patch = [
        {"op": "replace" if name in body else "add", "path": f"/{name}", "value": shown[name]}
        for name in shown
        if name != "metadata" and shown[name] != body.get(name)
    ]
    answer: Object = {"uid": request["uid"], "allowed": True}
    if patch:
        answer |= {"patchType": "JSONPatch", "patch": base64.b64encode(json.dumps(patch).encode()).decode()}
    return answer


def handler(lies: list[dict[str, Any]]) -> type[BaseHTTPRequestHandler]:
    """Return the class that answers with *lies*."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            said = {**asked, "response": review(asked["request"], lies)}
            said.pop("request")
            body = json.dumps(said).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    return Handler


def main() -> None:
    """Serve what the JSON of the first argument says; ends with its process."""
    values = json.loads(sys.argv[1])
    for lie in values["lies"]:
        if lie.get("remembered"):
            threading.Thread(target=remember, args=(Upstream.of(lie["upstream"]),), daemon=True).start()
    server = Listener((values["host"], values["port"]), handler(values["lies"]))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(values["certificate"], values["key"])
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    server.serve_forever()


if __name__ == "__main__":
    main()
