"""A lying API server: stands between a real one and those who watch Services and EndpointSlices through it."""

from __future__ import annotations

import http.client
import json
import math
import queue
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

from svcproof.faults.saboteurs.lies import Object, told
from svcproof.faults.saboteurs.stream import Stream, Timing
from svcproof.faults.saboteurs.upstream import Listener, Upstream, lines

KINDS = {"services": "Service", "endpointslices": "EndpointSlice"}


class Lens:
    """What is lied, about whom, and where the truth is."""

    def __init__(self, values: dict[str, Any]) -> None:
        self.upstream = Upstream.of(values["upstream"])
        self.lies = values.get("lies", [])
        self.timing = {kind: Timing.of(values.get("timing", {}).get(kind, {})) for kind in KINDS.values()}
        self.unselective = bool(values.get("unselective"))
        """Whether label selectors are ignored."""


class Handler(BaseHTTPRequestHandler):
    """Answers for the lens that a subclass names."""

    lens: Lens
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        kind = KINDS.get(parts.path.rpartition("/")[2])
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if kind and self.lens.unselective:
            query.pop("labelSelector", None)
            self.path = urlunsplit(parts._replace(query=urlencode(query)))
        if kind is None:
            self._pass_on()
        elif query.get("watch") in ("1", "true"):
            self._watch(kind, settled="sendInitialEvents" not in query)
        else:
            self._list(kind)

    def do_POST(self) -> None:
        self._pass_on()

    do_PATCH = do_PUT = do_DELETE = do_POST  # noqa: N815 - the names are http.server's

    @contextmanager
    def _ask(self, **headers: str) -> Iterator[http.client.HTTPResponse]:
        connection = self.lens.upstream.connection()
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)) or None
        kept = {name: value for name, value in self.headers.items() if name.lower() not in _OWN}
        connection.request(self.command, self.path, body=body, headers={**kept, **headers})
        try:
            yield connection.getresponse()
        finally:
            connection.close()

    def _pass_on(self) -> None:
        with self._ask() as answer:
            if "watch=" in self.path:
                self._begin(answer)
                while chunk := answer.read1(65536):
                    self._chunk(chunk)
                self._chunk(b"")
            else:
                self._whole(answer.status, answer.headers.get("Content-Type", ""), answer.read())

    def _list(self, kind: str) -> None:
        with self._ask(Accept="application/json") as answer:
            body = json.loads(answer.read())
            if "items" in body:
                shown = [told(kind, item, self.lens.lies) for item in body["items"] or []]
                body["items"] = [item for item in shown if item is not None]
            self._whole(answer.status, "application/json", json.dumps(body).encode())

    def _watch(self, kind: str, *, settled: bool) -> None:
        with self._ask(Accept="application/json") as answer:
            if answer.status != 200:
                self._whole(answer.status, "application/json", answer.read())
                return
            self._begin(answer)
            stream = Stream(kind, self.lens.lies, self.lens.timing[kind], settled)
            with suppress(BrokenPipeError, ConnectionResetError):
                for event in _in_time(answer, stream):
                    self._chunk(json.dumps(event).encode() + b"\n")
                self._chunk(b"")

    def _begin(self, answer: http.client.HTTPResponse) -> None:
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.headers.get("Content-Type", "application/json"))
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def _chunk(self, data: bytes) -> None:
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()

    def _whole(self, status: int, content_type: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is http.server's
        print(time.strftime("%T"), format % args, flush=True)


_OWN = {"host", "accept-encoding", "authorization", "connection", "content-length"}


def _in_time(answer: http.client.HTTPResponse, stream: Stream) -> Iterator[Object]:
    """Yield what is to be told, each at its time, until the true watch ends."""
    heard: queue.SimpleQueue[Object | None] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(answer, heard.put), daemon=True).start()
    while True:
        until = stream.next_at()
        try:
            wait = None if until == math.inf else max(0.0, until - time.monotonic())
            event = heard.get(timeout=wait)
        except queue.Empty:
            yield from stream.due(time.monotonic())
            continue
        if event is None:
            return
        stream.take(event, time.monotonic())
        yield from stream.due(time.monotonic())


def _listen(answer: http.client.HTTPResponse, put: Callable[[Object | None], None]) -> None:
    try:
        for event in lines(answer):
            put(event)
    except (OSError, ValueError, http.client.HTTPException, AttributeError) as problem:
        print("the true watch ended:", repr(problem), flush=True)
    put(None)


def main() -> None:
    """Serve what the JSON of the first argument says; ends with its process."""
    values = json.loads(sys.argv[1])
    server = Listener((values["host"], values["port"]), type("Lying", (Handler,), {"lens": Lens(values)}))
    server.serve_forever()


if __name__ == "__main__":
    main()
