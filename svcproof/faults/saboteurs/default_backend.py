"""Answers every HTTP request with a page of its own: the default backend of a mesh. Ends with its process."""

from __future__ import annotations

import json
import socket
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PAGE = b"default backend: there is nothing here\n"


class Handler(BaseHTTPRequestHandler):
    """Says the same to everyone."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer with the page."""
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(PAGE)))
        self.end_headers()
        self.wfile.write(PAGE)

    def log_message(self, *_: Any) -> None:
        """Say nothing of it."""


class Server(ThreadingHTTPServer):
    """Answers over IPv4 and IPv6."""

    address_family = socket.AF_INET6
    daemon_threads = True

    def server_bind(self) -> None:
        """Bind for both families; no name is looked up for the address."""
        self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = "default-backend", self.server_address[1]


def main() -> None:
    """Answer on the port that the JSON of the first argument says."""
    Server(("::", json.loads(sys.argv[1])["port"]), Handler).serve_forever()


if __name__ == "__main__":
    main()
