"""A mutating admission webhook that lies: the API server stores what it says instead."""

from __future__ import annotations

import base64
import json
import ssl
import sys
from http.server import BaseHTTPRequestHandler
from typing import Any

from svcproof.faults.saboteurs.lies import Object, told
from svcproof.faults.saboteurs.upstream import Listener, Upstream


def filled(lies: list[dict[str, Any]], namespace: str) -> list[dict[str, Any]]:
    """Give a lie about strangers their names: the variables of every other namespace's Services as they are now."""
    return [_with_variables(lie, namespace) if "upstream" in lie else lie for lie in lies]


def _with_variables(lie: dict[str, Any], namespace: str) -> dict[str, Any]:
    services, _ = Upstream.of(lie["upstream"]).list("/api/v1/services")
    variables: dict[str, str] = {}
    for service in services:
        address = service["spec"].get("clusterIP", "None")
        if service["metadata"]["namespace"] not in (namespace, "default") and address not in ("None", ""):
            prefix = service["metadata"]["name"].upper().replace("-", "_")
            variables[f"{prefix}_SERVICE_HOST"] = address
            variables[f"{prefix}_SERVICE_PORT"] = str(service["spec"]["ports"][0]["port"])
    return {"lie": lie["lie"], "variables": variables}


def review(request: Object, lies: list[dict[str, Any]]) -> Object:
    """Answer one AdmissionReview request: allowed, with whatever the lies change in the object."""
    body = request["object"]
    namespace = request.get("namespace", "")
    body.get("metadata", {}).setdefault("namespace", namespace)
    shown = told(request["kind"]["kind"], body, filled(lies, namespace)) or body
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
