"""A mutating admission webhook that lies: the API server stores what it says instead."""

from __future__ import annotations

import base64
import json
import ssl
import sys
from http.server import BaseHTTPRequestHandler
from typing import Any

from svcproof.faults.saboteurs.lies import SPARED, Object, told
from svcproof.faults.saboteurs.upstream import Listener, Upstream


def filled(lies: list[dict[str, Any]], request: Object) -> list[dict[str, Any]]:
    """Give each lie what it must know: the Services of other namespaces, or the object before the change."""
    known = []
    for lie in lies:
        given = {name: value for name, value in lie.items() if name != "upstream"}
        if "upstream" in lie:
            given["variables"] = _variables(Upstream.of(lie["upstream"]), request.get("namespace", ""))
        if lie["lie"] == "changes_reverted":
            given["old"] = request.get("oldObject") or {}
        known.append(given)
    return known


def _variables(upstream: Upstream, namespace: str) -> dict[str, str]:
    variables: dict[str, str] = {}
    for service in upstream.list("/api/v1/services")[0]:
        address = service["spec"].get("clusterIP", "None")
        if service["metadata"]["namespace"] not in (namespace, "default") and address not in ("None", ""):
            prefix = service["metadata"]["name"].upper().replace("-", "_")
            variables[f"{prefix}_SERVICE_HOST"] = address
            variables[f"{prefix}_SERVICE_PORT"] = str(service["spec"]["ports"][0]["port"])
    return variables


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
        if what == "name elsewhere" and _is_elsewhere(request, Upstream.of(denial["upstream"])):
            return "another namespace has a Service of this name"
    return ""


def _is_elsewhere(request: Object, upstream: Upstream) -> bool:
    name, namespace = request["object"]["metadata"].get("name"), request.get("namespace")
    found = [service["metadata"] for service in upstream.list("/api/v1/services")[0]]
    return any(one["name"] == name and one["namespace"] != namespace for one in found)


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
    server = Listener((values["host"], values["port"]), handler(values["lies"]))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(values["certificate"], values["key"])
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    server.serve_forever()


if __name__ == "__main__":
    main()
