"""The API server as a saboteur reaches it: with a client certificate and the standard library."""

from __future__ import annotations

import http.client
import json
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http.server import ThreadingHTTPServer
from socketserver import TCPServer
from typing import Any
from urllib.parse import urlencode, urlsplit

Object = dict[str, Any]


@dataclass(frozen=True)
class Upstream:
    """The address of an API server, and the files that open it."""

    url: str
    authority: str
    certificate: str
    key: str

    def connection(self, timeout: float | None = None) -> http.client.HTTPSConnection:
        """Return a new connection; it is made with the first request."""
        context = ssl.create_default_context(cafile=self.authority)
        context.load_cert_chain(self.certificate, self.key)
        parts = urlsplit(self.url)
        return http.client.HTTPSConnection(parts.hostname or "", parts.port, context=context, timeout=timeout)

    def list(self, path: str) -> tuple[list[Object], str]:
        """Return the objects at a collection's path, and the version of the list."""
        connection = self.connection(10)
        connection.request("GET", path, headers={"Accept": "application/json"})
        answer = json.loads(connection.getresponse().read())
        connection.close()
        return answer.get("items") or [], answer["metadata"]["resourceVersion"]

    def changes(self, path: str, version: str) -> Iterator[Object]:
        """Yield watch events after *version* until the server or the network ends the watch."""
        query = {"watch": "1", "resourceVersion": version, "timeoutSeconds": "3600"}
        connection = self.connection()
        connection.request("GET", f"{path}?{urlencode(query)}", headers={"Accept": "application/json"})
        yield from lines(connection.getresponse())

    def create(self, path: str, body: Object) -> int:
        """Create an object; return the status code."""
        connection = self.connection(10)
        connection.request("POST", path, body=json.dumps(body), headers={"Content-Type": "application/json"})
        status = connection.getresponse().status
        connection.close()
        return status

    @staticmethod
    def of(values: Mapping[str, str]) -> Upstream:
        """Read it from JSON."""
        return Upstream(**values)


def lines(response: http.client.HTTPResponse) -> Iterator[Object]:
    """Yield one JSON object a line, as each arrives."""
    while line := response.readline():
        if line.strip():
            yield json.loads(line)


class Listener(ThreadingHTTPServer):
    """An HTTP listener that does not ask the DNS for its own name: there is none where saboteurs run."""

    daemon_threads = True

    def server_bind(self) -> None:
        TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[0], self.server_address[1]  # type: ignore[assignment]
