"""An API server in one file for tests of the adapter: answers what a test tells it to, and speaks exec's WebSocket."""

from __future__ import annotations

import base64
import hashlib
import json
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

Answer = Callable[["Handler"], None]


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    headers: dict[str, str]
    body: Any


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: KubeServer

    def log_message(self, *_: Any) -> None:
        pass

    def do(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        self.body = json.loads(self.rfile.read(length)) if length else None
        headers = {name.title(): value for name, value in self.headers.items()}
        self.server.seen.append(Request(self.command, self.path, headers, self.body))
        answers = self.server.answers
        (answers.pop(0) if len(answers) > 1 else answers[0])(self)

    do_GET = do_POST = do_PATCH = do_DELETE = do_PUT = do  # noqa: N815 - the library's names

    def say(self, status: int, body: Any, **headers: str) -> None:
        data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(data)

    def chunk(self, body: Any) -> None:
        data = json.dumps(body).encode() + b"\n"
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()

    def begin_chunks(self) -> None:
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def upgrade(self, protocol: str = "v5.channel.k8s.io") -> None:
        key = self.headers["Sec-WebSocket-Key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        self.send_response(101)
        self.send_header("Upgrade", "websocket")
        self.send_header("Connection", "Upgrade")
        self.send_header("Sec-WebSocket-Protocol", protocol)
        self.send_header("Sec-WebSocket-Accept", base64.b64encode(hashlib.sha1(key.encode()).digest()).decode())
        self.end_headers()
        self.close_connection = True

    def frame(self, channel: int, data: bytes, *, opcode: int = 2) -> None:
        payload = bytes([channel]) + data if opcode == 2 else data
        size = struct.pack("!BB", 0x80 | opcode, len(payload)) if len(payload) < 126 else struct.pack(
            "!BBH", 0x80 | opcode, 126, len(payload)
        )  # fmt: skip
        self.wfile.write(size + payload)
        self.wfile.flush()

    def receive(self) -> bytes:
        """Return the next frame's payload, unmasked."""
        first = self.rfile.read(2)
        size = first[1] & 0x7F
        if size == 126:
            size = struct.unpack("!H", self.rfile.read(2))[0]
        mask = self.rfile.read(4)
        return bytes(byte ^ mask[index % 4] for index, byte in enumerate(self.rfile.read(size)))


class KubeServer(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers: list[Answer] = []
        self.seen: list[Request] = []

    def handle_error(self, *_: Any) -> None:
        pass  # a client that hangs up is part of the tests

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def kubeconfig(self, folder: Path, **cluster: Any) -> Path:
        file = folder / "kubeconfig"
        file.write_text(
            json.dumps(
                {
                    "apiVersion": "v1",
                    "kind": "Config",
                    "current-context": "test",
                    "contexts": [{"name": "test", "context": {"cluster": "test", "user": "me"}}],
                    "clusters": [{"name": "test", "cluster": {"server": self.url, **cluster}}],
                    "users": [{"name": "me", "user": {"token": "secret"}}],
                }
            )
        )
        return file


@contextmanager
def serving(*answers: Answer) -> Iterator[KubeServer]:
    server = KubeServer()
    server.answers = list(answers)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


def json_answer(status: int, body: Any, **headers: str) -> Answer:
    return lambda handler: handler.say(status, body, **headers)


def failure(status: int, reason: str, message: str, causes: list[dict[str, str]] | None = None) -> Answer:
    details = {"causes": causes or []}
    body = {"kind": "Status", "status": "Failure", "reason": reason, "message": message, "details": details}
    return json_answer(status, body)
