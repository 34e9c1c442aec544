"""A mutating admission webhook that lies: the API server stores what it says instead."""

from __future__ import annotations

import base64
import json
import ssl
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from svcproof.faults.saboteurs.lies import Object, told


def review(request: Object, lies: list[dict[str, Any]]) -> Object:
    """Answer one AdmissionReview request: allowed, with whatever the lies change in the object."""
    body = request["object"]
    body.get("metadata", {}).setdefault("namespace", request.get("namespace", ""))
    shown = told(request["kind"]["kind"], body, lies) or body
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

        def do_POST(self) -> None:  # noqa: N802 - the name is http.server's
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
    server = ThreadingHTTPServer((values["host"], values["port"]), handler(values["lies"]))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(values["certificate"], values["key"])
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    server.serve_forever()


if __name__ == "__main__":
    main()
