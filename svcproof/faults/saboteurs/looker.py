"""Looks for itself: opens sockets, says how each ended; and answers those who look. One file, Python 3.9 and newer.

`looker.py ask JSON` makes the exchanges of a list and prints a list of what became of each. `looker.py answer` is the
other side: TCP and UDP on 8080 and 8081, each answer one line of JSON; "unready" and "ready" switch its readiness.
"""

from __future__ import annotations

import json
import os
import secrets
import selectors
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

PORTS = (8080, 8081)
READY = 8082
BEGAN = time.monotonic()


def ask(asked: dict[str, Any]) -> dict[str, Any]:
    """Make one exchange; *asked* is {"to": [host, port]}, and what else the functions below look for."""
    time.sleep(max(0.0, BEGAN + asked.get("after", 0.0) - time.monotonic()))
    began = time.monotonic()
    try:
        ended = {"tcp": _tcp, "udp": _udp, "dns": _dns}[asked.get("protocol", "tcp")](asked)
    except ConnectionRefusedError:
        ended = {"end": "refused"}
    except ConnectionResetError:
        ended = {"end": "reset"}
    except TimeoutError:
        ended = {"end": "lost"}
    except OSError as problem:
        ended = {"end": "unreachable", "why": str(problem)}
    except ValueError:
        ended = {"end": "wrong"}
    ended["seconds"] = round(time.monotonic() - began, 4)
    return ended


def _connect(asked: dict[str, Any]) -> socket.socket:
    limit = asked.get("limit", 1.0)
    source = ("", asked["from_port"]) if asked.get("from_port") else None
    return socket.create_connection(tuple(asked["to"]), timeout=limit, source_address=source)


def _tcp(asked: dict[str, Any]) -> dict[str, Any]:
    with _connect(asked) as connection:
        connection.settimeout(asked.get("limit", 1.0))
        return _converse(connection, asked)


def _converse(connection: socket.socket, asked: dict[str, Any]) -> dict[str, Any]:
    line = b"{}"
    for turn in range(asked.get("turns", 1)):
        if turn:
            time.sleep(asked.get("pause", 0.1))
        connection.sendall((json.dumps({"size": asked.get("size", 0), "word": asked.get("word", "")}) + "\n").encode())
        line = b""
        while not line.endswith(b"\n"):
            data = connection.recv(65536)
            if not data:
                return {"end": "reset", "turn": turn}
            line += data
    return {"end": "answered", **json.loads(line), "length": len(line)}


def _udp(asked: dict[str, Any]) -> dict[str, Any]:
    family = socket.AF_INET6 if ":" in asked["to"][0] else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as sender:
        sender.settimeout(asked.get("limit", 1.0))
        if asked.get("from_port"):
            sender.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sender.bind(("", asked["from_port"]))
        sender.connect(tuple(asked["to"]))
        sender.send(json.dumps({"size": asked.get("size", 0), "word": ""}).encode() + b"\n")
        return {"end": "answered", **json.loads(sender.recv(65536))}


TYPES = {"A": 1, "CNAME": 5, "PTR": 12, "AAAA": 28, "SRV": 33}


def _dns(asked: dict[str, Any]) -> dict[str, Any]:
    name, kind = asked["dns"]
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.rstrip(".").split(".")) + b"\0"
    question = (
        struct.pack(">HHHHHH", secrets.randbelow(65536), 0x0100, 1, 0, 0, 0)
        + labels
        + struct.pack(">HH", TYPES[kind], 1)
    )
    if asked.get("transport") == "tcp":
        with _connect(asked) as connection:
            connection.sendall(struct.pack(">H", len(question)) + question)
            data = _exactly(connection, struct.unpack(">H", _exactly(connection, 2))[0])
    else:
        with socket.socket(socket.AF_INET6 if ":" in asked["to"][0] else socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.settimeout(asked.get("limit", 1.0))
            sender.connect(tuple(asked["to"]))
            sender.send(question)
            data = sender.recv(4096)
    return {"end": "answered", **_read(data)}


def _exactly(connection: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        more = connection.recv(size - len(data))
        if not more:
            raise ConnectionResetError
        data += more
    return data


def _read(data: bytes) -> dict[str, Any]:
    flags, _, answers = struct.unpack(">HHH", data[2:8])
    at = _name(data, 12)[1] + 4
    found = []
    for _ in range(answers):
        _, at = _name(data, at)
        kind, _, ttl, length = struct.unpack(">HHIH", data[at : at + 10])
        at += 10
        if kind in (1, 28):
            family = socket.AF_INET if kind == 1 else socket.AF_INET6
            found.append({"value": socket.inet_ntop(family, data[at : at + length]), "ttl": ttl})
        elif kind in (5, 12):
            found.append({"value": _name(data, at)[0], "ttl": ttl})
        elif kind == 33:
            _, _, port = struct.unpack(">HHH", data[at : at + 6])
            found.append({"value": f"{port} {_name(data, at + 6)[0]}", "ttl": ttl})
        at += length
    return {"code": flags & 15, "answers": found}


def _name(data: bytes, at: int) -> tuple[str, int]:
    labels, after = [], None
    while data[at]:
        if data[at] >= 192:
            after = after or at + 2
            at = ((data[at] & 63) << 8) + data[at + 1]
        else:
            labels.append(data[at + 1 : at + 1 + data[at]].decode())
            at += data[at] + 1
    return ".".join(labels) + ".", after or at + 1


class Answerer:
    """Says who it is and what it sees."""

    def __init__(self) -> None:
        self.ready = True
        self.name = os.environ.get("POD_NAME") or socket.gethostname()
        self.node = os.environ.get("NODE_NAME", "")

    def answer(self, asked: bytes, peer: tuple[Any, ...], reached: tuple[Any, ...]) -> bytes:
        """Return one line about an exchange."""
        wanted = json.loads(asked)
        if wanted.get("word") in ("ready", "unready"):
            self.ready = wanted["word"] == "ready"
        said = {"pod": self.name, "node": self.node, "source": peer[0], "source_port": peer[1], "reached": reached[1]}
        return (json.dumps({**said, "body": "x" * wanted.get("size", 0)}) + "\n").encode()

    def converse(self, connection: socket.socket) -> None:
        """Answer line after line until the caller has enough."""
        with connection, connection.makefile("rb") as asked:
            try:
                for line in asked:
                    connection.sendall(self.answer(line, connection.getpeername(), connection.getsockname()))
            except OSError:
                return

    def tell_readiness(self, connection: socket.socket) -> None:
        """Answer the kubelet's HTTP probe."""
        with connection:
            connection.recv(4096)
            code = "200 OK" if self.ready else "503 Unready"
            connection.sendall(f"HTTP/1.1 {code}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())

    def serve(self) -> None:
        """Answer until the process ends."""
        chooser = selectors.DefaultSelector()
        for port in (*PORTS, READY):
            work = self.tell_readiness if port == READY else self.converse
            listening = _listening(port)
            chooser.register(listening, selectors.EVENT_READ, (self._accept, listening, work))
        for port in PORTS:
            bound = _bound(port)
            chooser.register(bound, selectors.EVENT_READ, (self._reply, bound))
        while True:
            for key, _ in chooser.select():
                act, *given = key.data
                act(*given)

    def _reply(self, bound: socket.socket) -> None:
        data, peer = bound.recvfrom(65536)
        bound.sendto(self.answer(data, peer, bound.getsockname()), peer)

    def _accept(self, listening: socket.socket, work: Callable[[socket.socket], None]) -> None:
        connection, _ = listening.accept()
        threading.Thread(target=work, args=(connection,), daemon=True).start()


def _listening(port: int) -> socket.socket:
    return socket.create_server(("", port), family=socket.AF_INET6, dualstack_ipv6=True, backlog=256)


def _bound(port: int) -> socket.socket:
    bound = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    bound.bind(("", port))
    return bound


def main() -> None:
    """Ask or answer."""
    if sys.argv[1] == "answer":
        Answerer().serve()
        return
    asked = json.loads(sys.argv[2])
    with ThreadPoolExecutor(min(20, max(1, len(asked)))) as pool:
        print(json.dumps(list(pool.map(ask, asked))))


if __name__ == "__main__":
    main()
