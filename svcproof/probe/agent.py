#!/usr/bin/env python3
"""The one program that stands at both ends of svcproof's traffic: it answers, and it asks.

    python3 agent.py witness --http 8080 --tcp 9000 --udp 9001   answers, and says which pod it is and what it saw
    python3 agent.py probe                                       asks as told on standard input, writes what came of it
    python3 agent.py fetch --http 8000 --upstream http://shop:8000/   answers with what another one answered
    python3 agent.py resume --name NAME                          speaks again to a prober whose listener was cut off
    python3 agent.py tell unready                                tells the witness of this pod: ready, unready
    python3 agent.py idle                                        waits to be ended: a pod to start probers in

It needs nothing but Python 3.9 or later, so that any small Python image can carry it.

How it works, from top to bottom:
  Loop                one thread, one selector; everything else is called from it
  Witness             listeners, and a conversation for each connection
  Answers             what a response says: HTTP, a line of JSON, DNS
  Prober              streams, which start exchange k at begin + k / rate whatever became of exchange k - 1
  Ways                how an exchange travels: over a connection, in a datagram, through the C library's resolver
  Command line

Times are seconds on this machine's monotonic clock. Standard output belongs to the prober's records; people are
told things on standard error.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import errno
import functools
import gc
import heapq
import itertools
import json
import os
import queue
import random
import resource
import select
import selectors
import signal
import socket
import struct
import sys
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

Address = tuple[Any, ...]

READ, WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE

STALL = 0.020
"""The prober says so when it stood still for longer than this: what it stamped in that time is late."""

TOO_LATE = 1.0
"""An exchange that could not be started so soon after its time is not started at all: "not sent".

One that starts a little late is still evidence, of the moment it did start at.
"""

TICK = 0.010
"""While exchanges are open the loop never sleeps longer, so that it notices its own stalls."""

FLUSH = 0.040
"""Records wait so long for company before they are written."""

RETURN_ADDRESS = "\0svcproof-"
"""Where a prober that lingers awaits the return of its listener: not a file, so nothing to leave behind."""

RESET_ON_CLOSE = struct.pack("ii", 1, 0)
RECEIVED = bytearray(256 * 1024)
RECEIVED_VIEW = memoryview(RECEIVED)

BLOCK = random.Random(20).randbytes(64 * 1024)
BLOCK_VIEW = memoryview(BLOCK)
"""Bodies are this block over and over, cut to size: both ends know every byte without sending a digest."""

clock = time.monotonic


def say(text: str) -> None:
    """Tell people something."""
    print(text, file=sys.stderr, flush=True)


@functools.lru_cache(maxsize=64)
def body_checksum(size: int) -> int:
    """Return the CRC-32 of the body of this size."""
    value = 0
    for start in range(0, size, len(BLOCK)):
        value = zlib.crc32(BLOCK_VIEW[: size - start], value)
    return value


def name_of(address: Address) -> str:
    """Return "10.1.2.3:80" or "[fd00::1]:80"; an IPv4 address that an IPv6 socket saw is shown as IPv4."""
    host, port = address[0], address[1]
    if host.startswith("::ffff:") and "." in host:
        host = host[7:]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def reset(sock: socket.socket) -> None:
    """Close a connection with a reset instead of a farewell."""
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
    sock.close()


# ---------------------------------------------------------------------------------------------------------- the loop


class Loop:
    """One thread, one selector, and two heaps of times: what is due, and what has lasted long enough.

    What has lasted long enough is given up only after the selector was asked once more after that time: an answer
    that lay in the kernel while this process stood still is an answer, not a time-out.
    """

    def __init__(self) -> None:
        self.selector = selectors.DefaultSelector()
        self.ended = False
        self.open = 0
        self.on_stall: Callable[[float, float], None] = lambda _since, _until: None
        self._order = itertools.count()
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._limits: list[tuple[float, int, Callable[[], None]]] = []
        self._calls: collections.deque[Callable[[], None]] = collections.deque()
        self._forgotten: set[Any] = set()
        self._wake_read, self._wake_write = socket.socketpair()
        self._wake_read.setblocking(False)
        self._wake_write.setblocking(False)
        self.selector.register(self._wake_read, READ, self._woken)

    def at(self, when: float, call: Callable[[], None]) -> None:
        """Call when it is time."""
        heapq.heappush(self._due, (when, next(self._order), call))

    def limit(self, when: float, call: Callable[[], None]) -> None:
        """Call when it is time and everything that came before has been handled."""
        heapq.heappush(self._limits, (when, next(self._order), call))

    def call(self, call: Callable[[], None]) -> None:
        """Call soon; may be used from any thread and from signal handlers."""
        self._calls.append(call)
        with contextlib.suppress(BlockingIOError):
            self._wake_write.send(b"!")

    def watch(self, sock: Any, events: int, call: Callable[[int], None]) -> None:
        """Call with the events that came, until told otherwise."""
        self.selector.register(sock, events, call)

    def change(self, sock: Any, events: int, call: Callable[[int], None]) -> None:
        self.selector.modify(sock, events, call)

    def forget(self, sock: Any) -> None:
        """Stop watching, what came already included; fine when it is not watched."""
        self._forgotten.add(sock)
        with contextlib.suppress(KeyError, ValueError):
            self.selector.unregister(sock)

    def run(self) -> None:
        """Go on until somebody sets *ended*."""
        while not self.ended:
            before = clock()
            patience = self._patience(before)
            self._forgotten.clear()
            ready = self.selector.select(patience)
            now = clock()
            if patience is not None and now - before - patience > STALL:
                self.on_stall(before + patience, now)
            for key, events in ready:
                if key.fileobj not in self._forgotten:
                    key.data(events)
            while self._calls:
                self._calls.popleft()()
            self._fire(self._due, clock(), 64)
            self._fire(self._limits, before, 1024)
            busy = clock()
            if busy - now > STALL:
                self.on_stall(now, busy)

    def _patience(self, now: float) -> float | None:
        times = [heap[0][0] for heap in (self._due, self._limits) if heap]
        patience = max(0.0, min(times) - now) if times else None
        if self.open and (patience is None or patience > TICK):
            return TICK
        return patience

    @staticmethod
    def _fire(heap: list[tuple[float, int, Callable[[], None]]], now: float, most: int) -> None:
        while heap and heap[0][0] <= now and most:
            most -= 1
            heapq.heappop(heap)[2]()

    def _woken(self, _events: int) -> None:
        with contextlib.suppress(BlockingIOError):
            self._wake_read.recv(4096)


# ------------------------------------------------------------------------------------------------------- the witness


class Witness:
    """Answers on all its ports, and says which pod it is, whom it saw and on which address it was reached."""

    def __init__(self, loop: Loop, options: argparse.Namespace | None = None) -> None:
        self.loop = loop
        self.pod = os.environ.get("POD_NAME") or socket.gethostname()
        self.node = os.environ.get("NODE_NAME", "")
        self.namespace = os.environ.get("POD_NAMESPACE", "")
        self.message: str | None = options.message if options else None
        self.upstreams: dict[str, str] = dict(options.upstream) if options else {}
        self.on_term: str = options.on_term if options else "now"
        self.ready = True
        self.draining = False
        self.farewell = False  # kept-alive connections are told to close with their next answer
        self.conversations: set[Conversation] = set()
        self._listeners: list[tuple[str, int, str, socket.socket]] = []
        self.word_headers = f"X-Pod: {self.pod}\r\nX-Node: {self.node}\r\nX-Namespace: {self.namespace}\r\n"
        self.word = {"pod": self.pod, "node": self.node, "namespace": self.namespace}

    # listening

    def listen(self, kind: str, port: int, host: str = "") -> int:
        """Listen on every address of both families (or on *host* alone); return the port."""
        if kind == "udp":
            return self._listen_for_datagrams(port, host)
        sock = listening_socket(port, host)
        port = int(sock.getsockname()[1])
        self._listeners.append((kind, port, host, sock))
        conversation = {"http": HttpConversation, "tcp": LineConversation, "control": ControlConversation}[kind]
        self.loop.watch(sock, READ, lambda _events: self._accept(sock, conversation))
        return port

    def _accept(self, sock: socket.socket, conversation: type[Conversation]) -> None:
        for _ in range(128):
            try:
                connection, peer = sock.accept()
            except (BlockingIOError, ConnectionAbortedError):
                return
            except OSError as problem:  # no descriptors left: the connection waits in the backlog
                say(f"witness {self.pod}: {problem}")
                return
            self.conversations.add(conversation(self, connection, peer))

    def _listen_for_datagrams(self, port: int, host: str) -> int:
        for family, any_address in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")):
            try:
                sock = socket.socket(family, socket.SOCK_DGRAM)
                if family == socket.AF_INET6:
                    sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                sock.bind((host or any_address, port))
            except OSError as problem:
                if family == socket.AF_INET:
                    raise
                say(f"witness {self.pod}: no IPv6 for UDP: {problem}")
                continue
            sock.setblocking(False)
            port = sock.getsockname()[1]
            answerer = DatagramAnswerer(self, sock, family, port)
            self._listeners.append(("udp", port, host, sock))
            self.loop.watch(sock, READ, answerer.readable)
            if host:
                break
        return port

    def where(self) -> str:
        """Return the ports as people read them: "http 8080, udp 9001"."""
        ports = dict.fromkeys(f"{kind} {port}" for kind, port, _, _ in self._listeners)
        return ", ".join(ports)

    def deafen(self, *kinds: str) -> list[tuple[str, int, str]]:
        """Stop listening on ports of these kinds, or on all; return them.

        Connections that already stand in a backlog are taken first: to close it would reset them.
        """
        closed = [listener for listener in self._listeners if not kinds or listener[0] in kinds]
        for listener in closed:
            self._listeners.remove(listener)
            sock = listener[3]
            if sock.type == socket.SOCK_STREAM:
                self.loop.selector.get_key(sock).data(READ)
            self.loop.forget(sock)
            sock.close()
        return [listener[:3] for listener in closed]

    def refuse_for(self, seconds: float, told: Callable[[float, float], None]) -> None:
        """Close the HTTP and TCP ports for so long, then open them again; *told* is given both moments."""
        ports = self.deafen("http", "tcp")
        since = clock()

        def again() -> None:
            for kind, port, host in ports:
                self.listen(kind, port, host)
            told(since, clock())

        self.loop.at(since + seconds, again)

    # ending

    def end(self) -> None:
        """End as told by *on_term*: now, rude, or drain:SECONDS."""
        if self.draining:
            return
        self.draining = True
        say(f"witness {self.pod}: told to end: {self.on_term}")
        if self.on_term == "rude":
            for conversation in list(self.conversations):
                reset(conversation.sock)
            say(f"witness {self.pod}: ends")
            os._exit(0)
        if self.on_term.startswith("drain:"):
            # Like a good backend: go on while proxies learn, and send kept connections elsewhere once they have learnt.
            seconds = float(self.on_term.partition(":")[2])
            self.loop.at(clock() + seconds / 2, self._say_farewell)
            self.loop.at(clock() + seconds, self._close)
            return
        self._close()

    def _say_farewell(self) -> None:
        self.farewell = True

    def _close(self) -> None:
        self.farewell = True
        self.deafen()
        for conversation in list(self.conversations):
            conversation.close_when_idle()
        self.loop.limit(clock() + 30.0, self._leave)
        self._leave_when_done()

    def _leave_when_done(self) -> None:
        if not self.conversations:
            self._leave()
        else:
            self.loop.at(clock() + 0.01, self._leave_when_done)

    def _leave(self) -> None:
        if not self.loop.ended:
            say(f"witness {self.pod}: ends")
        self.loop.ended = True


def listening_socket(port: int, host: str = "") -> socket.socket:
    """Return a listening TCP socket of both families, or of IPv4 alone where there is no IPv6."""
    families = [(socket.AF_INET6, "::"), (socket.AF_INET, "0.0.0.0")]
    if host:
        families = [(socket.AF_INET6 if ":" in host else socket.AF_INET, host)]
    for last, (family, address) in enumerate(families, start=1):
        sock: socket.socket | None = None
        try:
            sock = socket.socket(family, socket.SOCK_STREAM)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
            sock.bind((address, port))
            sock.listen(4096)
        except OSError as problem:
            if sock is not None:
                sock.close()
            if last == len(families) or problem.errno == errno.EADDRINUSE:
                raise
        else:
            sock.setblocking(False)
            return sock
    raise AssertionError("the last family returns or raises")


class Conversation:
    """One connection to the witness; a subclass says what a request is and what is answered."""

    def __init__(self, witness: Witness, sock: socket.socket, peer: Address) -> None:
        self.witness = witness
        self.sock = sock
        self.source = name_of(peer)
        self.reached = name_of(sock.getsockname())
        self.asked = b""
        self.busy = False  # an answer is awaited or under way
        self.closing = False
        self._out = memoryview(b"")
        self._body_left = 0
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        witness.loop.watch(sock, READ, self._readable)

    def next_request(self) -> bool:
        """Take one whole request from *asked* and answer it; False when there is none."""
        raise NotImplementedError

    def answer(self, head: bytes, body_left: int = 0, *, close: bool) -> None:
        """Send the answer, and so many bytes of the known body after it."""
        self._out = memoryview(head)
        self._body_left = body_left
        self.closing = self.closing or close
        self.busy = True
        self._send()

    def close_when_idle(self) -> None:
        """Close now, or after the answer that is under way."""
        self.closing = True
        if not self.busy:
            self._close()

    def _readable(self, _events: int) -> None:
        try:
            count = self.sock.recv_into(RECEIVED)
        except BlockingIOError:
            return
        except OSError:
            count = 0
        if not count:
            self._close()
            return
        self.asked += RECEIVED_VIEW[:count]
        self._go_on()

    def _go_on(self) -> None:
        try:
            while not self.busy and self.sock.fileno() >= 0 and self.next_request():
                pass
        except ValueError as problem:  # a number that is none
            say(f"witness {self.witness.pod}: {self.source} asks what cannot be read: {problem}")
            self._close()

    def _send(self) -> None:
        try:
            while self._out or self._body_left:
                if not self._out:
                    self._out = BLOCK_VIEW[: self._body_left]
                    self._body_left -= len(self._out)
                sent = self.sock.send(self._out)
                self._out = self._out[sent:]
        except BlockingIOError:
            self.witness.loop.change(self.sock, WRITE, self._writable)
            return
        except OSError:
            self._close()
            return
        self.busy = False
        if self.closing:
            self._close()

    def _writable(self, _events: int) -> None:
        self.witness.loop.change(self.sock, READ, self._readable)
        self._send()
        self._go_on()

    def _close(self) -> None:
        if self.sock.fileno() >= 0:
            self.witness.loop.forget(self.sock)
            self.sock.close()
        self.witness.conversations.discard(self)


class Request(NamedTuple):
    """One HTTP request, as far as the witness cares."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    def query(self, name: str, default: str) -> str:
        """Return the first value of a query parameter."""
        return parse_qs(urlsplit(self.target).query).get(name, [default])[0]


class HttpConversation(Conversation):
    """HTTP/1.1: any path is answered with the witness's word; some paths do more."""

    def next_request(self) -> bool:
        end = self.asked.find(b"\r\n\r\n")
        if end < 0:
            return False
        first, *lines = self.asked[:end].decode("latin-1").split("\r\n")
        headers = {}
        for line in lines:
            name, _, value = line.partition(":")
            headers[name.strip().lower()] = value.strip()
        length = int(headers.get("content-length") or 0)
        if len(self.asked) < end + 4 + length:
            return False
        words = first.split(" ")
        if len(words) != 3:
            self.asked = b""
            self.closing = True
            self.reply(400, {"message": f"not a request line: {first!r}"})
            return True
        request = Request(words[0], words[1], headers, self.asked[end + 4 : end + 4 + length])
        self.asked = self.asked[end + 4 + length :]
        connection = headers.get("connection", "").lower()
        if "close" in connection or (words[2] == "HTTP/1.0" and "keep-alive" not in connection):
            self.closing = True
        self.serve(request)
        return True

    def serve(self, request: Request) -> None:
        """Answer one request."""
        path = request.path
        witness = self.witness
        if path == "/ready":
            self.reply(200 if witness.ready else 503, {"ready": witness.ready})
        elif path == "/body":
            size = int(request.query("size", "0"))
            self.answer(self._head(200, size, "application/octet-stream"), size, close=witness.farewell)
        elif path == "/echo":
            self.answer(
                self._head(200, len(request.body), "application/octet-stream") + request.body, close=witness.farewell
            )
        elif path == "/slow":
            self.busy = True
            witness.loop.at(clock() + float(request.query("seconds", "1")), lambda: self._later(request))
        elif path.startswith("/fetch/"):
            self._fetch([path[7:]])
        elif path == "/" and witness.upstreams:
            self._fetch(["/"] if "/" in witness.upstreams else sorted(witness.upstreams))
        else:
            self._say_who(request)

    def reply(self, status: int, content: dict[str, Any]) -> None:
        """Answer with a status and JSON."""
        body = json.dumps(content).encode()
        self.answer(self._head(status, len(body), "application/json") + body, close=self.witness.farewell)

    def _later(self, request: Request) -> None:
        if self.sock.fileno() >= 0:
            self._say_who(request)
            self._go_on()

    def _say_who(self, request: Request) -> None:
        witness = self.witness
        content: dict[str, Any] = {} if witness.message is None else {"message": witness.message}
        content.update(witness.word)
        content.update(source=self.source, reached=self.reached, method=request.method, path=unquote(request.target))
        content.update(host=request.headers.get("host", ""), headers=request.headers)
        self.reply(int(request.query("code", "200")) if request.path == "/status" else 200, content)

    def _head(self, status: int, length: int, kind: str) -> bytes:
        reason = {200: "OK", 400: "Bad Request", 502: "Bad Gateway", 503: "Service Unavailable"}.get(status, "-")
        manner = "close" if self.closing or self.witness.farewell else "keep-alive"
        return (
            f"HTTP/1.1 {status} {reason}\r\n{self.witness.word_headers}X-Source: {self.source}\r\n"
            f"X-Reached: {self.reached}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n"
            f"Connection: {manner}\r\n\r\n"
        ).encode("latin-1")

    def _fetch(self, names: list[str]) -> None:
        """Answer with what an upstream says, or with what several say, joined."""
        strange = [name for name in names if name not in self.witness.upstreams]
        if strange:
            self.reply(502, {"message": f"no upstream is called {strange[0]!r}"})
            return
        self.busy = True

        def fetch() -> None:
            said = {name: fetched(self.witness.upstreams[name], self.witness.message or "") for name in names}
            status = max(status for status, _ in said.values())
            if len(names) > 1:
                text = "; ".join(f"{name}: {text}" for name, (_, text) in said.items())
            else:
                text = f"Fetched: {said[names[0]][1]}" if status == 200 else said[names[0]][1]
            self.witness.loop.call(lambda: done(status, {"message": text}))

        def done(status: int, content: dict[str, Any]) -> None:
            if self.sock.fileno() >= 0:
                self.reply(status, content)
                self._go_on()

        threading.Thread(target=fetch, daemon=True).start()


def fetched(url: str, word: str = "") -> tuple[int, str]:
    """Return what the upstream at this URL says: 200 and its message, or 502 and the reason.

    A Redis (redis://HOST:PORT/) says the *word* that was written into it just before.
    """
    import http.client  # noqa: PLC0415 - only front ends need it, and every prober would pay for it
    import urllib.request  # noqa: PLC0415

    try:
        if url.startswith("redis:"):
            return 200, kept(url, word)
        with urllib.request.urlopen(url, timeout=5.0) as answer:  # noqa: S310 - the URL is the operator's own
            text = answer.read().decode("utf-8", "replace")
    except (OSError, http.client.HTTPException, ValueError) as problem:
        return 502, f"{url}: {problem}"
    with contextlib.suppress(ValueError):
        content = json.loads(text)
        if isinstance(content, dict) and "message" in content:
            text = str(content["message"])
    return 200, text.strip()


def kept(url: str, word: str) -> str:
    """Write a word into a Redis and return what it reads back over another connection; raise OSError."""
    key = f"svcproof:{os.urandom(8).hex()}"
    if redis(url, "SET", key, word, "EX", "60") != "OK":
        raise OSError("SET was not answered with OK")
    return redis(url, "GET", key)


def redis(url: str, *words: str) -> str:
    """Send one command to a Redis over a connection of its own and return its answer (RESP2); raise OSError."""
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname or "", parts.port or 6379), timeout=5.0) as connection:
        texts = [word.encode() for word in words]
        body = b"".join(b"$%d\r\n%s\r\n" % (len(text), text) for text in texts)
        connection.sendall(b"*%d\r\n%s" % (len(texts), body))
        with connection.makefile("rb") as answer:
            line = answer.readline()
            kind, rest = line[:1], line[1:].strip()
            if kind == b"$" and rest != b"-1":
                return answer.read(int(rest)).decode("utf-8", "replace")
    if kind != b"+":
        raise OSError(f"the Redis answered {line!r}")
    return rest.decode("utf-8", "replace")


ENDINGS = {"/control/succeed": 0, "/control/fail": 1}
ENDS_IN = 2.0
"""A witness that is told to end says so first: whoever told it hears it before the pod is gone (seconds)."""


class ControlConversation(HttpConversation):
    """The port for `tell`: on 127.0.0.1 only, so that whoever speaks to it is in the pod."""

    def serve(self, request: Request) -> None:
        witness = self.witness
        if request.path in ("/control/ready", "/control/unready"):
            witness.ready = request.path == "/control/ready"
            say(f"witness {witness.pod}: told to be {request.path[9:]}")
            self.reply(200, {"ready": witness.ready})
        elif request.path in ENDINGS:
            say(f"witness {witness.pod}: told to {request.path[9:]}")
            self.reply(200, {"ends in": ENDS_IN})
            witness.loop.at(clock() + ENDS_IN, functools.partial(os._exit, ENDINGS[request.path]))
        elif request.path == "/control/refuse":
            self.busy = True
            witness.refuse_for(
                float(request.query("seconds", "1")),
                lambda since, until: self.reply(200, {"since": since, "until": until}),
            )
        else:
            self._say_who(request)


class LineConversation(Conversation):
    """Raw TCP: a line of JSON for each line that comes."""

    def next_request(self) -> bool:
        line, newline, rest = self.asked.partition(b"\n")
        if not newline:
            return False
        self.asked = rest
        witness = self.witness
        text = line.decode("utf-8", "replace").strip()
        word = {**witness.word, "source": self.source, "reached": self.reached, "asked": text}
        self.answer(json.dumps(word).encode() + b"\n", close=witness.farewell or text.startswith("last"))
        return True


class DatagramAnswerer:
    """UDP: a datagram of JSON for each that comes, sent from the address that was reached."""

    LEVEL_AND_TYPE = {  # noqa: RUF012 - Linux's numbers; the module socket names them from Python 3.12 on
        socket.AF_INET: (socket.IPPROTO_IP, 8, 8),
        socket.AF_INET6: (socket.IPPROTO_IPV6, 49, 50),
    }

    def __init__(self, witness: Witness, sock: socket.socket, family: int, port: int) -> None:
        self.witness = witness
        self.sock = sock
        self.family = family
        self.port = port
        self.level, wanted, self.kind = self.LEVEL_AND_TYPE[socket.AddressFamily(family)]
        sock.setsockopt(self.level, wanted, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)

    def readable(self, _events: int) -> None:
        for _ in range(256):
            try:
                data, ancillary, _flags, peer = self.sock.recvmsg(65535, 256)
            except OSError:  # nothing more, or a late ICMP error of an earlier answer
                return
            self._answer(data, ancillary, peer)

    def _answer(self, data: bytes, ancillary: list[tuple[int, int, bytes]], peer: Address) -> None:
        reached, back = "", []
        for level, kind, content in ancillary:
            if (level, kind) != (self.level, self.kind):
                continue
            if self.family == socket.AF_INET:
                _interface, _local, address = struct.unpack("i4s4s", content[:12])
                back = [(level, kind, struct.pack("i4s4s", 0, address, b"\0\0\0\0"))]
            else:
                address = content[:16]
                back = [(level, kind, address + struct.pack("i", 0))]
            reached = name_of((socket.inet_ntop(self.family, address), self.port))
        text = data.decode("utf-8", "replace").strip()
        word: dict[str, Any] = {**self.witness.word, "source": name_of(peer), "reached": reached, "asked": text}
        answer = json.dumps(word).encode()
        _, _, size = text.partition(" size=")
        answer += b" " * (int(size) - len(answer) if size.isdigit() else 0)
        with contextlib.suppress(OSError):
            self.sock.sendmsg([answer], back, 0, peer)


# ------------------------------------------------------------------------------------------------------- the answers

ANSWERED, REFUSED, RESET, TIMED_OUT = "answered", "refused", "reset", "timed out"
WRONG, NO_NAME, UNREACHABLE, NOT_SENT = "wrong answer", "name not found", "unreachable", "not sent"


class Word(NamedTuple):
    """What the one who answered says of itself."""

    backend: str = ""
    node: str = ""
    source: str = ""
    reached: str = ""


class Result(NamedTuple):
    """How an exchange ended; *keep* says whether its connection may carry the next."""

    outcome: str
    detail: str = ""
    word: Word = Word()
    size: int = 0
    answers: tuple[str, ...] = ()
    keep: bool = False


OWN_FAULT = {
    errno.EMFILE, errno.ENFILE, errno.EADDRNOTAVAIL, errno.EADDRINUSE, errno.ENOBUFS, errno.ENOMEM, errno.EAFNOSUPPORT,
}  # fmt: skip
OUTCOME_OF = {
    errno.ECONNREFUSED: REFUSED,
    errno.ECONNRESET: RESET,
    errno.ECONNABORTED: RESET,
    errno.EPIPE: RESET,
    errno.ETIMEDOUT: TIMED_OUT,
}


def result_of(problem: int) -> Result:
    """Return what an error number says of the exchange: what is not our own fault and not known is "no way there"."""
    detail = f"{errno.errorcode.get(problem, problem)}: {os.strerror(problem)}"
    return Result(NOT_SENT if problem in OWN_FAULT else OUTCOME_OF.get(problem, UNREACHABLE), detail)


class HttpAnswer:
    """One HTTP/1.1 response, read as it comes."""

    KEPT_BODY = 65536

    def __init__(self, wanted: Wanted) -> None:
        self.wanted = wanted
        self.head = b""
        self.body = b""
        self.size = 0
        self.status = 0
        self.checksum = 0
        self.length: int | None = None
        self.in_body = self.chunked = self.keep = False

    def feed(self, data: bytes | memoryview) -> Result | None:
        """Take what came; return the result when the answer is whole."""
        if self.in_body:
            return self._feed_body(data)
        self.head += data
        end = self.head.find(b"\r\n\r\n")
        if end < 0:
            return Result(WRONG, f"a head of {len(self.head)} bytes") if len(self.head) > 65536 else None
        body, self.head = self.head[end + 4 :], self.head[: end + 2]
        if not self._read_head():
            return Result(WRONG, f"not HTTP: {self.head[:60]!r}")
        if 100 <= self.status < 200:
            self.head = b""
            return self.feed(body) if body else None
        self.in_body = True
        return self._feed_body(body)

    def cut(self) -> Result | None:
        """Return the result of an answer whose end is the end of the connection; None when it was cut short."""
        if self.in_body and self.length is None and not self.chunked:
            return self._whole()
        return None

    def _read_head(self) -> bool:
        self._lower = self.head.lower()
        if not self._lower.startswith(b"http/1.") or not self._lower[9:12].isdigit():
            return False
        self.status = int(self._lower[9:12])
        self.chunked = "chunked" in self._header(b"transfer-encoding").lower()
        length = self._header(b"content-length")
        if self.status in (204, 304):
            length = "0"
        self.length = int(length) if length.isdigit() and not self.chunked else None
        self.keep = self._lower[:8] == b"http/1.1" and "close" not in self._header(b"connection").lower()
        return True

    def _header(self, name: bytes) -> str:
        start = self._lower.find(b"\r\n" + name + b":")
        if start < 0:
            return ""
        start += len(name) + 3
        return self.head[start : self.head.find(b"\r\n", start)].strip().decode("latin-1")

    def _feed_body(self, data: bytes | memoryview) -> Result | None:
        self.size += len(data)
        if self.chunked or len(self.body) < self.KEPT_BODY:
            self.body += data
        if self.wanted.size and not self.chunked:
            self.checksum = zlib.crc32(data, self.checksum)
        if self.chunked:
            return self._whole() if self._unchunk() else None
        if self.length is not None and self.size >= self.length:
            return self._whole()
        return None

    def _unchunk(self) -> bool:
        whole, at = b"", 0
        while True:
            end = self.body.find(b"\r\n", at)
            if end < 0:
                return False
            count = int(self.body[at:end].partition(b";")[0] or b"0", 16)
            if count == 0:
                if not self.body.endswith(b"\r\n\r\n"):
                    return False
                self.body, self.size, self.checksum = whole, len(whole), zlib.crc32(whole)
                return True
            if len(self.body) < end + 4 + count:
                return False
            whole += self.body[end + 2 : end + 2 + count]
            at = end + 4 + count

    def _whole(self) -> Result:
        wrong = self._wrong()
        return Result(WRONG if wrong else ANSWERED, wrong, self._word(), self.size, (), self.keep)

    def _wrong(self) -> str:
        wanted = self.wanted
        if self.status != wanted.status:
            return f"status {self.status}, wanted {wanted.status}: {self.body[:120].decode('utf-8', 'replace').strip()}"
        if wanted.size and self.size != wanted.size:
            return f"a body of {self.size} bytes, wanted {wanted.size}"
        if wanted.size and self.checksum != body_checksum(wanted.size):
            return f"a body of {self.size} bytes whose checksum is {self.checksum:08x}"
        if wanted.text and wanted.text.encode() not in self.body:
            return f"{self.body[:120].decode('utf-8', 'replace')!r} does not contain {wanted.text!r}"
        return ""

    def _word(self) -> Word:
        pod = self._header(b"x-pod")
        if pod:
            return Word(pod, self._header(b"x-node"), self._header(b"x-source"), self._header(b"x-reached"))
        return word_in(self.body) or Word()


def word_in(text: bytes) -> Word | None:
    """Return the word in a JSON answer, or None when it is not JSON."""
    try:
        content = json.loads(text)
    except ValueError:
        return None
    if not isinstance(content, dict):
        return None
    return Word(*(str(content.get(name, "")) for name in ("pod", "node", "source", "reached")))


class LineAnswer:
    """One line (or one datagram) of JSON that repeats what was asked."""

    def __init__(self, asked: str, *, keep: bool) -> None:
        self.asked = asked
        self.keep = keep
        self.line = b""

    def feed(self, data: bytes | memoryview) -> Result | None:
        """Take what came; return the result when the line is whole."""
        self.line += data
        return self.read(self.line) if self.line.endswith(b"\n") else None

    def cut(self) -> Result | None:
        """Return None: a line without its end was cut short."""
        return None

    def read(self, line: bytes) -> Result:
        """Read the whole line."""
        word = word_in(line)
        if word is None or json.loads(line).get("asked") != self.asked:
            return Result(WRONG, f"asked {self.asked!r}, got {line[:120]!r}")
        return Result(ANSWERED, "", word, len(line), (), self.keep)


DNS_TYPES = {"A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "PTR": 12, "TXT": 16, "AAAA": 28, "SRV": 33}
DNS_TYPE_NAMES = {number: name for name, number in DNS_TYPES.items()}
DNS_CODES = {0: "NOERROR", 1: "FORMERR", 2: "SERVFAIL", 3: "NXDOMAIN", 4: "NOTIMP", 5: "REFUSED"}


def dns_question(identity: int, name: str, kind: str) -> bytes:
    """Return a query packet, recursion desired (RFC 1035 §4)."""
    labels = [label.encode() for label in name.rstrip(".").split(".") if label]
    if any(len(label) > 63 for label in labels):
        raise ValueError(f"{name!r} has a label of more than 63 bytes")
    encoded = b"".join(bytes([len(label)]) + label for label in labels) + b"\0"
    return struct.pack(">HHHHHH", identity, 0x0100, 1, 0, 0, 0) + encoded + struct.pack(">HH", DNS_TYPES[kind], 1)


def dns_name(packet: bytes, at: int) -> tuple[str, int]:
    """Return the name at an offset, and the offset after it; follows compression (RFC 1035 §4.1.4)."""
    labels: list[str] = []
    after = 0
    for _ in range(128):
        length = packet[at]
        if length >= 0xC0:
            after = after or at + 2
            at = ((length & 0x3F) << 8) | packet[at + 1]
        elif length:
            labels.append(packet[at + 1 : at + 1 + length].decode("latin-1"))
            at += 1 + length
        else:
            return ".".join(labels) + ".", after or at + 1
    raise ValueError("a name that never ends")


def dns_data(packet: bytes, kind: int, at: int, length: int) -> str:
    """Return a record's data as zone files write it."""
    data = packet[at : at + length]
    if kind == DNS_TYPES["A"]:
        return socket.inet_ntop(socket.AF_INET, data)
    if kind == DNS_TYPES["AAAA"]:
        return socket.inet_ntop(socket.AF_INET6, data)
    if kind in (DNS_TYPES["CNAME"], DNS_TYPES["PTR"], DNS_TYPES["NS"]):
        return dns_name(packet, at)[0]
    if kind == DNS_TYPES["SRV"]:
        priority, weight, port = struct.unpack(">HHH", data[:6])
        return f"{priority} {weight} {port} {dns_name(packet, at + 6)[0]}"
    return data.hex()


class DnsAnswer:
    """One DNS response; over TCP it comes after its length."""

    def __init__(self, identity: int, kind: str) -> None:
        self.identity = identity
        self.kind = kind
        self.packet = b""

    def feed(self, data: bytes | memoryview) -> Result | None:
        """Take what came over TCP; return the result when the packet is whole."""
        self.packet += data
        if len(self.packet) < 2 or len(self.packet) < 2 + int.from_bytes(self.packet[:2], "big"):
            return None
        return self.read(self.packet[2:])

    def cut(self) -> Result | None:
        """Return None: a packet without its end was cut short."""
        return None

    def read(self, packet: bytes) -> Result | None:
        """Read the whole packet; None when it belongs to another question."""
        try:
            identity, flags, questions, records = struct.unpack(">HHHH", packet[:8])
            if identity != self.identity or not flags & 0x8000:
                return None
            answers = sorted(self._records(packet, questions, records))
        except (ValueError, IndexError, struct.error) as problem:
            return Result(WRONG, f"not DNS ({problem}): {packet[:60].hex()}")
        outcome, detail = ANSWERED, DNS_CODES.get(flags & 0xF, str(flags & 0xF))
        if flags & 0x0200:
            outcome, detail = WRONG, f"{detail}: truncated; ask over TCP"
        elif detail == "NXDOMAIN":
            outcome = NO_NAME
        elif detail != "NOERROR":
            outcome = WRONG
        elif not answers:
            outcome, detail = NO_NAME, f"NOERROR: no {self.kind} record"
        return Result(outcome, detail, Word(), len(packet), tuple(answers))

    @staticmethod
    def _records(packet: bytes, questions: int, records: int) -> Iterator[str]:
        at = 12
        for _ in range(questions):
            at = dns_name(packet, at)[1] + 4
        for _ in range(records):
            at = dns_name(packet, at)[1]
            kind, _class, _ttl, length = struct.unpack(">HHIH", packet[at : at + 10])
            yield f"{DNS_TYPE_NAMES.get(kind, kind)} {dns_data(packet, kind, at + 10, length)}"
            at += 10 + length


# -------------------------------------------------------------------------------------------------------- the prober


class Wanted(NamedTuple):
    """What a stream asks for, as its command says."""

    stream: str
    protocol: str = "http"  # http, tcp, udp, dns, resolver, connect
    host: str = ""
    port: int = 0
    lane: str = "new"  # new, kept-alive
    rate: float = 1.0
    limit: float = 1.0
    count: int = 0  # type: ignore[assignment] # hides tuple.count, which nobody asks; 0: until told to close
    connections: int = 1  # a kept-alive stream goes round so many
    path: str = "/"
    host_header: str = ""
    status: int = 200
    text: str = ""
    size: int = 0
    sends: bool = False  # http: a body of this size is sent, and comes back
    name: str = ""  # dns, resolver: what is looked up
    type: str = "A"
    transport: str = "udp"  # dns
    resolve: str = "each"  # a host that is a name: each time, or once
    family: int = 0  # 4, 6, or 0 for either


class Exchange:
    """One request under way."""

    __slots__ = ("connected", "connection", "first_byte", "late", "number", "over", "start", "stream", "way")

    def __init__(self, stream: Stream, number: int, start: float, late: float) -> None:
        self.stream = stream
        self.number = number
        self.start = start
        self.late = late
        self.connected: float | None = None
        self.first_byte: float | None = None
        self.connection = 0
        self.over = False
        self.way: Any = None

    def end(self, result: Result) -> None:
        """Write down how it ended; only the first end counts."""
        if self.over:
            return
        self.over = True
        self.way = None
        self.stream.ended(self, result, clock())

    def expire(self) -> None:
        """Give up: its own limit is over."""
        if self.over:
            return
        way, self.way = self.way, None
        self.end(way.abandon(self) if way else Result(TIMED_OUT))


class Stream:
    """Starts exchange k at begin + k / rate, whatever became of the one before."""

    def __init__(self, prober: Prober, wanted: Wanted, begin: float) -> None:
        self.prober = prober
        self.loop = prober.loop
        self.wanted = wanted
        self.begin = begin
        self.pause = 1.0 / wanted.rate
        self.next = 0
        self.open = 0
        self.closed = False
        self.told_end = False
        self.cpu = time.process_time()
        self.way = WAYS[wanted.protocol](self)
        self.loop.at(begin, self._turn)

    def close(self) -> None:
        """Start no more; it has ended when the last open exchange has."""
        self.closed = True
        self._end_when_done()

    def ended(self, exchange: Exchange, result: Result, now: float) -> None:
        """Take the end of one exchange."""
        self.open -= 1
        self.loop.open -= 1
        detail = result.detail
        if exchange.late > STALL:
            detail = f"{detail}; started {exchange.late * 1000:.0f} ms late".lstrip("; ")
        word = result.word
        self.prober.record(
            [
                self.wanted.stream,
                exchange.number,
                round(exchange.start, 6),
                round(now, 6),
                result.outcome,
                exchange.connected and round(exchange.connected, 6),
                exchange.first_byte and round(exchange.first_byte, 6),
                exchange.connection,
                result.size,
                word.backend,
                word.node,
                word.source,
                word.reached,
                detail,
                result.answers,
            ]
        )
        self._end_when_done()

    def _turn(self) -> None:
        if self.closed:
            return
        number = self.next
        self.next += 1
        if self.wanted.count and self.next >= self.wanted.count:
            self.closed = True
        else:
            self.loop.at(self.begin + self.next * self.pause, self._turn)
        start = clock()
        late = start - (self.begin + number * self.pause)
        exchange = Exchange(self, number, start, late)
        self.open += 1
        self.loop.open += 1
        if late > TOO_LATE:
            exchange.end(Result(NOT_SENT, "the prober stood still"))
            return
        self.loop.limit(start + self.wanted.limit, exchange.expire)
        self.way.begin(exchange)

    def _end_when_done(self) -> None:
        if self.closed and not self.open and not self.told_end:
            self.told_end = True
            self.way.close()
            self.prober.stream_ended(self)


class Prober:
    """Takes commands, keeps streams, writes records.

    Told to *linger* it outlives whoever listens by so many seconds: it goes on unheard, keeps what nobody has said to
    have heard, and says it to the one who comes back.
    """

    def __init__(self, loop: Loop) -> None:
        self.loop = loop
        self.linger = 0.0
        self.streams: dict[str, Stream] = {}
        self.resolver = Resolver(loop)
        self.ports = SourcePorts()
        self.heard = clock()
        self._out = Outbox(loop)
        self._caller = 1  # the descriptor of whoever speaks to us
        self._unheard_since = 0.0
        self._records: list[list[Any]] = []
        self._control_port = 0
        self._opened = 0
        loop.on_stall = self._stalled

    def command(self, line: bytes) -> None:
        """Do what one line of standard input says; an unreadable one is answered with a problem."""
        self.heard = clock()
        try:
            order = json.loads(line)
            what = order.pop("do")
            if what == "clock":
                now = clock()
                self._out.heard(order.get("heard", 0))
                self.say({"clock": order.get("id"), "now": now})
            elif what == "open":
                self._open(**order)
            elif what == "close":
                self._close(order["stream"])
            elif what == "linger":
                self._linger_on(order["name"], float(order["seconds"]))
            elif what == "resume":
                self._out.heard(order["heard"])
                self._out.speak_to(self._caller)
            elif what == "end":
                self.end("told to")
            else:
                raise ValueError(f"{what!r} is no command")  # noqa: TRY301 - one place answers all that is unreadable
        except (ValueError, TypeError, KeyError, AttributeError) as problem:
            self._out.say({"problem": f"{type(problem).__name__}: {problem}", "line": line[:200].decode("latin-1")})

    def record(self, fields: list[Any]) -> None:
        """Write down one exchange, soon."""
        self._records.append(fields)
        if len(self._records) == 1:
            self.loop.at(clock() + FLUSH, self._flush)
        elif len(self._records) >= 200:
            self._flush()

    def say(self, content: dict[str, Any]) -> None:
        """Write something else, after the records before it."""
        self._flush()
        self._out.say(content)

    def stream_ended(self, stream: Stream) -> None:
        self.streams.pop(stream.wanted.stream, None)
        now = clock()
        cpu = (time.process_time() - stream.cpu) / max(now - stream.begin, 0.001)
        self.say({"ended": stream.wanted.stream, "started": stream.next, "at": now, "cpu": round(cpu, 3)})

    def end(self, why: str) -> None:
        """Stop everything and leave."""
        self.say({"bye": why, "at": clock()})
        self._out.drain()
        self.loop.ended = True

    def listen_to(self, caller: int) -> None:
        """Take commands from a descriptor, in a thread of its own, until it ends."""
        self._caller = caller
        self._unheard_since = 0.0

        def listen() -> None:
            for line in lines_of(0 if caller == 1 else caller):
                if line.strip():
                    self.loop.call(functools.partial(self.command, line))
            self.loop.call(lambda: self.unheard() if caller == self._caller else None)

        threading.Thread(target=listen, daemon=True).start()

    def _linger_on(self, name: str, seconds: float) -> None:
        """From now on let whoever is cut off come back by this name (an abstract socket of the network namespace)."""
        if not self.linger:
            door = socket.socket(socket.AF_UNIX)
            door.bind(RETURN_ADDRESS + name)
            door.listen(1)
            self.loop.watch(door, READ, lambda _events: self.listen_to(door.accept()[0].detach()))
            self._flush()
            self._out.on_cut = self.unheard
        self.linger = seconds
        self.say({"lingers": name})

    def unheard(self) -> None:
        """Take note that nobody listens any more: end, or linger."""
        if not self.linger:
            self.end("standard input ended")
            return
        if not self._unheard_since:
            self._out.cut()
            self._unheard_since = since = clock()
            self.loop.at(since + self.linger, lambda: self._give_up(since))

    def _give_up(self, since: float) -> None:
        if self._unheard_since == since:
            self.end(f"nobody came back within {self.linger:g} s")

    def watch_lifeline(self, seconds: float) -> None:
        """End when nobody has spoken for so long: whoever started this is gone, and nothing may stay behind."""
        if clock() - self.heard > max(seconds, self.linger):
            self.end(f"nobody spoke for {seconds:g} s")
        else:
            self.loop.at(clock() + min(5.0, seconds / 4), lambda: self.watch_lifeline(seconds))

    def _open(self, *, at: float | None = None, **order: Any) -> None:
        wanted = Wanted(**order)
        if wanted.stream in self.streams:
            raise ValueError(f"stream {wanted.stream!r} is open already")
        if wanted.rate <= 0 or wanted.limit <= 0:
            raise ValueError("rate and limit are more than 0")
        if wanted.host == "@self":
            wanted = wanted._replace(host="127.0.0.1", port=self._loopback_witness())
        # Streams opened together start at different moments of their period: the golden ratio spreads any number.
        self._opened += 1
        begin = clock() if at is None else at
        begin += (self._opened * 0.6180339887 % 1.0) / wanted.rate if wanted.count != 1 else 0.0
        self.streams[wanted.stream] = Stream(self, wanted, begin)
        self.say({"began": wanted.stream, "at": begin})

    def _close(self, name: str) -> None:
        stream = self.streams.get(name)
        if stream:
            stream.close()

    def _loopback_witness(self) -> int:
        """Return the port of a witness in this very process, reached through the pod's own kernel."""
        if not self._control_port:
            self._control_port = Witness(self.loop).listen("http", 0, "127.0.0.1")
        return self._control_port

    def _stalled(self, since: float, until: float) -> None:
        if self.streams:
            self.say({"stalled": [round(since, 6), round(until, 6)]})

    def _flush(self) -> None:
        if self._records:
            records, self._records = self._records, []
            self._out.say({"x": records})


def lines_of(descriptor: int) -> Iterator[bytes]:
    """Yield whole lines until the other side ends; the descriptor may be one that does not block."""
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    rest = b""
    while True:
        poll.poll()
        try:
            piece = os.read(descriptor, 65536)
        except BlockingIOError:
            continue
        except OSError:
            return
        if not piece:
            return
        *lines, rest = (rest + piece).split(b"\n")
        yield from lines


class Outbox:
    """Output that never blocks the loop: what the reader does not take yet waits here.

    With *on_cut* (called when nobody reads any more) every line is numbered and kept until it is said to be heard.
    """

    def __init__(self, loop: Loop) -> None:
        self.loop = loop
        self.on_cut: Callable[[], None] | None = None
        self._waiting = bytearray()
        self._watched = False
        self._unheard: collections.deque[tuple[int, bytes]] = collections.deque()
        self._numbers = itertools.count(1)
        self._reader: int | None = None
        self.speak_to(1)

    def say(self, content: dict[str, Any]) -> None:
        """Write one line of JSON."""
        if self.on_cut:
            content["n"] = next(self._numbers)
        line = json.dumps(content, separators=(",", ":")).encode() + b"\n"
        if self.on_cut:
            self._unheard.append((content["n"], line))
        if self._reader is not None:
            self._waiting += line
            self._write()

    def heard(self, number: int) -> None:
        """Forget what was heard up to this number."""
        while self._unheard and self._unheard[0][0] <= number:
            self._unheard.popleft()

    def speak_to(self, reader: int) -> None:
        """Write to this descriptor from now on, first of all what was not heard."""
        self.cut()
        if not os.isatty(reader):
            os.set_blocking(reader, False)
        self._reader = reader
        self._waiting = bytearray(b"".join(line for _, line in self._unheard))
        self._write()

    def cut(self) -> None:
        """Write to nobody."""
        if self._watched:
            self.loop.forget(self._reader)
            self._watched = False
        self._reader = None
        self._waiting.clear()

    def drain(self) -> None:
        """Write all that waits, even if that takes a while."""
        if self._reader is not None:
            os.set_blocking(self._reader, True)
            self._write()

    def _write(self, _events: int = 0) -> None:
        while self._waiting and self._reader is not None:
            try:
                del self._waiting[: os.write(self._reader, self._waiting)]
            except BlockingIOError:
                if not self._watched:
                    self._watched = True
                    self.loop.watch(self._reader, WRITE, self._write)
                return
            except OSError:  # nobody reads any more
                if not self.on_cut:
                    os._exit(1)
                self.on_cut()
        if self._watched:
            self.loop.forget(self._reader)
            self._watched = False


# ---------------------------------------------------------------------------------------------------------- the ways


class SourcePorts:
    """Source ports in turn: a tuple comes back only after the whole range, not by chance within conntrack's memory.

    A tuple that conntrack still remembers (UDP: 30 s, 120 s once it was answered twice; TCP: 120 s where the first
    packet was never answered) goes where it went before, whatever the proxy would choose now. Left to itself the kernel
    begins anew in another part of the range every 10 s: connections would be lost to a dead backend for a minute after
    the proxies have let go of it.
    """

    def __init__(self) -> None:
        low, high = 32768, 60999
        with contextlib.suppress(OSError, ValueError), open("/proc/sys/net/ipv4/ip_local_port_range") as file:  # noqa: PTH123
            low, high = map(int, file.read().split())
        self._ports = itertools.cycle(range(low, high + 1))
        for _ in range(random.randrange(high - low)):
            next(self._ports)

    def bind(self, sock: socket.socket) -> None:
        """Bind to the next port that is free."""
        for _ in range(64):
            try:
                sock.bind(("", next(self._ports)))
            except OSError as problem:
                if problem.errno != errno.EADDRINUSE:
                    raise
            else:
                return
        raise OSError(errno.EADDRINUSE, "no source port is free")


class Resolver:
    """The C library's resolver in threads, as many as there are look-ups: one that hangs delays no other."""

    MOST = 512

    def __init__(self, loop: Loop) -> None:
        self.loop = loop
        self.waiting = 0
        self.threads = 0
        self._orders: queue.SimpleQueue[tuple[str, int, int, Callable[[Any], None]]] = queue.SimpleQueue()

    def look_up(self, host: str, port: int, family: int, done: Callable[[Any], None]) -> bool:
        """Call *done* with addresses, or with the error; False when too many look-ups hang already."""
        if self.waiting >= self.MOST:
            return False
        self.waiting += 1
        self._orders.put((host, port, family, done))
        if self.waiting > self.threads:
            self.threads += 1
            threading.Thread(target=self._work, daemon=True).start()
        return True

    def _work(self) -> None:
        families = {0: socket.AF_UNSPEC, 4: socket.AF_INET, 6: socket.AF_INET6}
        while True:
            host, port, family, done = self._orders.get()
            found: Any
            try:
                # Not AI_ADDRCONFIG: glibc asks the kernel for its addresses then, and where interfaces come and go
                # meanwhile (on a node they do) it may see none and say that there is no such name.
                found = socket.getaddrinfo(host, port, families[family], socket.SOCK_STREAM)
            except (OSError, UnicodeError) as problem:
                found = problem
            self.loop.call(functools.partial(self._done, done, found))

    def _done(self, done: Callable[[Any], None], found: Any) -> None:
        self.waiting -= 1
        done(found)


def no_name(problem: Exception) -> Result:
    """Return the result for what getaddrinfo raised."""
    for code in ("EAI_NONAME", "EAI_AGAIN", "EAI_NODATA", "EAI_FAIL", "EAI_ADDRFAMILY", "EAI_MEMORY", "EAI_SYSTEM"):
        if isinstance(problem, socket.gaierror) and problem.errno == getattr(socket, code, None):
            outcome = NOT_SENT if code in ("EAI_MEMORY", "EAI_SYSTEM") else NO_NAME
            return Result(outcome, f"{code}: {problem.strerror}")
    return Result(NO_NAME, str(problem))


class Way:
    """How the exchanges of one stream travel. Finds the address; a subclass goes there."""

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self.wanted = stream.wanted
        self.loop = stream.loop
        self._address: tuple[int, Address] | None = self._literal(self.wanted.host, self.wanted.port)

    def begin(self, exchange: Exchange) -> None:
        """Send one exchange on its way."""
        if self._address:
            self.go(exchange, *self._address)
            return
        exchange.way = self
        wanted = self.wanted
        done = functools.partial(self._resolved, exchange)
        if not self.stream.prober.resolver.look_up(wanted.host, wanted.port, wanted.family, done):
            exchange.end(Result(NOT_SENT, f"{Resolver.MOST} look-ups are open"))

    def go(self, exchange: Exchange, family: int, address: Address) -> None:
        """Take the exchange to an address."""
        raise NotImplementedError

    def abandon(self, exchange: Exchange) -> Result:  # noqa: ARG002 - subclasses' ways need it
        """Give up an exchange whose name is still being looked up."""
        return Result(NO_NAME, f"the resolver said nothing within {self.wanted.limit:g} s")

    def close(self) -> None:
        """Let go of what the stream kept."""

    def _resolved(self, exchange: Exchange, found: Any) -> None:
        if exchange.over:
            return
        if isinstance(found, Exception):
            exchange.end(no_name(found))
            return
        family, address = found[0][0], found[0][4]
        if self.wanted.resolve == "once":
            self._address = (family, address)
        self.go(exchange, family, address)

    @staticmethod
    def _literal(host: str, port: int) -> tuple[int, Address] | None:
        for family in (socket.AF_INET, socket.AF_INET6):
            with contextlib.suppress(OSError):
                socket.inet_pton(family, host)
                return family, (host, port)
        return None


class ConnectionWay(Way):
    """TCP: a new connection for each exchange, or a few that are kept. A subclass says what is asked."""

    SPARE = 1.0
    """Connections beyond those wanted are closed when they were idle for so long."""

    def __init__(self, stream: Stream) -> None:
        super().__init__(stream)
        self.kept = self.wanted.lane == "kept-alive"
        self._idle: collections.deque[Connection] = collections.deque()
        self._opened = self._standing = 0

    def request(self, number: int) -> tuple[bytes, Any]:
        """Return what is sent, and what reads the answer."""
        raise NotImplementedError

    def begin(self, exchange: Exchange) -> None:
        # A kept stream whose connections are all busy opens one more: the next exchange waits for nobody. It takes
        # its connections in turn; while there are more than wanted, the last one used, so that others fall idle.
        if self.kept and self._idle and self._standing >= self.wanted.connections:
            wanted = self._standing == self.wanted.connections
            (self._idle.popleft() if wanted else self._idle.pop()).ask(exchange)
        else:
            super().begin(exchange)

    def go(self, exchange: Exchange, family: int, address: Address) -> None:
        self._opened += 1
        self._standing += 1
        Connection(self, self._opened).open(exchange, family, address)

    def idle(self, connection: Connection) -> bool:
        """Keep a connection for the next exchange; False when there will be none."""
        if self.stream.closed and not self.stream.open:
            return False
        connection.idle_since = now = clock()
        self._idle.append(connection)
        while self._standing > self.wanted.connections and self._idle[0].idle_since < now - self.SPARE:
            self._idle.popleft().close()
        return True

    def gone(self, connection: Connection, how: str = "") -> None:
        """Take note that a connection has ended; *how* when it fell while idle."""
        self._standing -= 1
        if how:
            self._idle.remove(connection)
            self.stream.prober.say(
                {"fell": self.wanted.stream, "connection": connection.number, "at": clock(), "how": how}
            )

    def close(self) -> None:
        while self._idle:
            self._idle.pop().close()


class Connection:
    """One TCP connection of a stream; carries one exchange at a time.

    How it is closed: after the whole answer, a new-lane connection waits for the other side's FIN (we asked for
    "Connection: close") and then ends with a reset. The one who closes first keeps TIME_WAIT for a minute: if we did,
    1,000 connections a second would use up the 28,000 source ports in half a minute; if only the witness did, a source
    port that comes back within the minute would meet the old connection there, and behind a rewritten source address
    its SYN may be dropped for its timestamp: a loss of our own making. The reset, sent after both sides have all they
    wanted, lets both forget at once, and conntrack within 10 s instead of 120.
    """

    __slots__ = ("answer", "exchange", "idle_since", "number", "sock", "unsent", "way")

    def __init__(self, way: ConnectionWay, number: int) -> None:
        self.way = way
        self.number = number
        self.exchange: Exchange | None = None
        self.answer: Any = None
        self.sock: Any = None
        self.idle_since = 0.0
        self.unsent = memoryview(b"")

    def open(self, exchange: Exchange, family: int, address: Address) -> None:
        """Connect, then ask."""
        self.exchange = exchange
        exchange.way = self
        exchange.connection = self.number if self.way.kept else 0
        try:
            self.sock = sock = socket.socket(family, socket.SOCK_STREAM)
            sock.setblocking(False)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.way.stream.prober.ports.bind(sock)
            problem = sock.connect_ex(address)
        except OSError as raised:
            problem = raised.errno or errno.EIO
        if problem in (0, errno.EINPROGRESS):
            self.way.loop.watch(self.sock, WRITE, self._connected)
        else:
            self._over(result_of(problem))

    def ask(self, exchange: Exchange) -> None:
        """Send one request; the connection stands."""
        self.exchange = exchange
        exchange.way = self
        exchange.connection = self.number if self.way.kept else 0
        request, self.answer = self.way.request(exchange.number)
        self.unsent = memoryview(request)
        self._send(READ)

    def _send(self, events: int) -> None:
        """Send what is left of a request; one that is larger than the kernel takes at once waits for its turn."""
        try:
            while self.unsent:
                self.unsent = self.unsent[self.sock.send(self.unsent) :]
        except BlockingIOError:
            self.way.loop.change(self.sock, WRITE, self._send)
            return
        except OSError as problem:
            self._broke(problem)
            return
        if events != READ:
            self.way.loop.change(self.sock, READ, self._readable)

    def abandon(self, exchange: Exchange) -> Result:
        """Give up: nobody answered in time."""
        limit = f"{self.way.wanted.limit:g} s"
        if exchange.first_byte is not None:
            detail = f"the answer began and was not whole within {limit}"
        elif exchange.connected is not None:
            detail = f"connected, and no answer within {limit}"
        elif self.answer is not None:
            detail = f"no answer within {limit} on a connection kept from before"
        else:
            detail = f"no connection within {limit}"
        self.exchange = None
        self.close()
        return Result(TIMED_OUT, detail)

    def close(self) -> None:
        """End the connection, whatever state it is in."""
        if self.sock is not None:
            self.way.loop.forget(self.sock)
            reset(self.sock)
            self.sock = None
            self.way.gone(self)

    def _connected(self, _events: int) -> None:
        exchange = self.exchange
        if exchange is None:
            return
        problem = self.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if problem:
            self._over(result_of(problem))
            return
        exchange.connected = clock()
        if self.way.wanted.protocol == "connect":
            self._over(Result(ANSWERED))
            return
        self.way.loop.change(self.sock, READ, self._readable)
        self.ask(exchange)

    def _readable(self, _events: int) -> None:
        try:
            count = self.sock.recv_into(RECEIVED)
        except BlockingIOError:
            return
        except OSError as problem:
            self._broke(problem)
            return
        exchange = self.exchange
        if exchange is None:
            self._fell("closed" if not count else "spoke unasked")
            return
        if not count:
            self._over(self.answer.cut() or self._short("the connection was closed"))
            return
        if exchange.first_byte is None:
            exchange.first_byte = clock()
        try:
            result = self.answer.feed(RECEIVED_VIEW[:count])
        except ValueError as problem:
            result = Result(WRONG, f"cannot be read: {problem}")
        if result is not None:
            self._answered(exchange, result)

    def _answered(self, exchange: Exchange, result: Result) -> None:
        self.exchange = None
        exchange.end(result)
        if self.sock is None:
            return
        if self.way.kept and result.keep and self.way.idle(self):
            return
        if result.keep:  # the other side means to keep it, and we do not
            self.close()
            return
        self.way.loop.change(self.sock, READ, self._last)
        self.way.loop.at(clock() + 1.0, self.close)
        self._last(READ)

    def _last(self, _events: int) -> None:
        """Wait for the other side's farewell; see the class."""
        if self.sock is None:
            return
        try:
            if self.sock.recv_into(RECEIVED):
                return
        except BlockingIOError:
            return
        except OSError:
            pass  # it was reset: that is an end as well
        self.close()

    def _broke(self, problem: OSError) -> None:
        if self.exchange is None:
            self._fell("reset")
            return
        result = result_of(problem.errno or errno.EIO)
        self._over(self._short(result.detail) if result.outcome == RESET else result)

    def _short(self, how: str) -> Result:
        """Return the result of an answer that was cut short; *how* says by what."""
        exchange = self.exchange
        if exchange is not None and exchange.connected is None and exchange.first_byte is None:
            return Result(RESET, f"{how} before any answer on a connection kept from before")
        return Result(RESET, f"{how} {'in mid-answer' if exchange and exchange.first_byte else 'before any answer'}")

    def _fell(self, how: str) -> None:
        self.way.loop.forget(self.sock)
        reset(self.sock)
        self.sock = None
        self.way.gone(self, how)

    def _over(self, result: Result) -> None:
        exchange, self.exchange = self.exchange, None
        if self.sock is not None:
            self.close()
        else:
            self.way.gone(self)
        if exchange is not None:
            exchange.end(result)


class HttpWay(ConnectionWay):
    """HTTP/1.1 GET, or POST where a body is sent."""

    def __init__(self, stream: Stream) -> None:
        super().__init__(stream)
        wanted = self.wanted
        path = wanted.path if not wanted.size else "/echo" if wanted.sends else f"/body?size={wanted.size}"
        host = f"[{wanted.host}]" if ":" in wanted.host else wanted.host
        host = wanted.host_header or (host if wanted.port == 80 else f"{host}:{wanted.port}")
        manner = "keep-alive" if self.kept else "close"
        body = (BLOCK * (wanted.size // len(BLOCK) + 1))[: wanted.size] if wanted.sends else b""
        verb, length = ("POST", f"Content-Length: {len(body)}\r\n") if wanted.sends else ("GET", "")
        head = f"{verb} {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: svcproof\r\nConnection: {manner}\r\n{length}\r\n"
        self._request = head.encode("latin-1") + body

    def request(self, number: int) -> tuple[bytes, Any]:  # noqa: ARG002
        return self._request, HttpAnswer(self.wanted)


class LineWay(ConnectionWay):
    """Raw TCP: a line for a line; the word "last" asks the witness to close after it."""

    def request(self, number: int) -> tuple[bytes, Any]:
        text = f"{'ask' if self.kept else 'last'} {number}"
        return text.encode() + b"\n", LineAnswer(text, keep=self.kept)


class ConnectWay(ConnectionWay):
    """TCP without a word: it counts as answered when the connection stands."""


class DatagramWay(Way):
    """UDP: a new socket (and source port) for each exchange, or one for all, as programs with a fixed port have it."""

    def __init__(self, stream: Stream) -> None:
        super().__init__(stream)
        self._kept: Datagrams | None = None
        self._opened = 0

    def question(self, number: int) -> tuple[bytes, Any]:
        """Return what is sent, and what reads the answer."""
        size = f" size={self.wanted.size}" if self.wanted.size else ""
        text = f"ask {number}{size}"
        return text.encode(), LineAnswer(text, keep=True)

    def go(self, exchange: Exchange, family: int, address: Address) -> None:
        way = self._kept
        if way is None:
            self._opened += 1
            try:
                way = Datagrams(self, family, address, self._opened)
            except OSError as problem:
                exchange.end(result_of(problem.errno or errno.EIO))
                return
            if self.wanted.lane == "kept-alive":
                self._kept = way
        way.ask(exchange)

    def close(self) -> None:
        if self._kept:
            self._kept.close()


class Datagrams:
    """One connected UDP socket, and the exchanges that wait for an answer on it."""

    IP_RECVERR, IPV6_RECVERR = 11, 25

    def __init__(self, way: DatagramWay, family: int, address: Address, number: int) -> None:
        self.way = way
        self.number = number
        self.waiting: dict[int, tuple[Exchange, Any]] = {}
        self.sock = sock = socket.socket(family, socket.SOCK_DGRAM)
        try:
            sock.setblocking(False)
            # Linux keeps "no route to host" from a connected UDP socket unless asked to tell.
            with contextlib.suppress(OSError):
                if family == socket.AF_INET:
                    sock.setsockopt(socket.IPPROTO_IP, self.IP_RECVERR, 1)
                else:
                    sock.setsockopt(socket.IPPROTO_IPV6, self.IPV6_RECVERR, 1)
            way.stream.prober.ports.bind(sock)
            sock.connect(address)
        except OSError:
            sock.close()
            raise
        way.loop.watch(sock, READ, self._readable)

    def ask(self, exchange: Exchange) -> None:
        """Send one request."""
        exchange.way = self
        exchange.connection = self.number if self.way.wanted.lane == "kept-alive" else 0
        question, answer = self.way.question(exchange.number)
        self.waiting[exchange.number] = (exchange, answer)
        try:
            self.sock.send(question)
        except OSError as problem:
            self._broke(problem)

    def abandon(self, exchange: Exchange) -> Result:
        """Give up: nobody answered in time."""
        self.waiting.pop(exchange.number, None)
        self._close_when_new()
        return Result(TIMED_OUT, f"no answer within {self.way.wanted.limit:g} s")

    def close(self) -> None:
        if self.sock.fileno() >= 0:
            self.way.loop.forget(self.sock)
            self.sock.close()

    def _readable(self, _events: int) -> None:
        try:
            packet = bytes(RECEIVED_VIEW[: self.sock.recv_into(RECEIVED)])
        except BlockingIOError:
            return
        except OSError as problem:
            self._broke(problem)
            return
        wrong: tuple[int, Result] | None = None
        for number, (_, answer) in list(self.waiting.items()):
            result = answer.read(packet)
            if result is not None and result.outcome != WRONG:
                self._answered(number, result)
                return
            wrong = wrong or (number, result) if result is not None else wrong
        if wrong and len(self.waiting) == 1:  # a late answer to an earlier question cannot be told from a wrong one
            self._answered(*wrong)

    def _answered(self, number: int, result: Result) -> None:
        exchange, _ = self.waiting.pop(number)
        exchange.first_byte = clock()
        exchange.end(result)
        self._close_when_new()

    def _broke(self, problem: OSError) -> None:
        if self.waiting:
            number = next(iter(self.waiting))
            exchange, _ = self.waiting.pop(number)
            exchange.end(result_of(problem.errno or errno.EIO))
        with contextlib.suppress(OSError):  # what is queued here would wake the loop for ever
            self.sock.recvmsg(0, 512, socket.MSG_ERRQUEUE)
        self._close_when_new()

    def _close_when_new(self) -> None:
        if self.way.wanted.lane == "new" and not self.waiting:
            self.close()


class DnsWay(DatagramWay):
    """A DNS query of our own, to the given server or to the first that resolv.conf names."""

    def __init__(self, stream: Stream) -> None:
        wanted = stream.wanted
        stream.wanted = wanted._replace(host=wanted.host or first_nameserver(), port=wanted.port or 53, lane="new")
        super().__init__(stream)
        self._identity = random.randrange(65536)

    def question(self, number: int) -> tuple[bytes, Any]:
        identity = (self._identity + number) % 65536
        return dns_question(identity, self.wanted.name, self.wanted.type), DnsAnswer(identity, self.wanted.type)


class DnsOverTcpWay(ConnectionWay):
    """The same query over TCP."""

    def __init__(self, stream: Stream) -> None:
        wanted = stream.wanted
        stream.wanted = wanted._replace(host=wanted.host or first_nameserver(), port=wanted.port or 53, lane="new")
        super().__init__(stream)

    def request(self, number: int) -> tuple[bytes, Any]:
        identity = (number * 7919 + 1) % 65536
        question = dns_question(identity, self.wanted.name, self.wanted.type)
        return struct.pack(">H", len(question)) + question, DnsAnswer(identity, self.wanted.type)


class ResolverWay(Way):
    """The C library's resolver as programs use it: search domains, /etc/hosts and all."""

    def begin(self, exchange: Exchange) -> None:
        exchange.way = self
        family = {"A": 4, "AAAA": 6}.get(self.wanted.type, 0)
        done = functools.partial(self._found, exchange)
        if not self.stream.prober.resolver.look_up(self.wanted.name, 0, family, done):
            exchange.end(Result(NOT_SENT, f"{Resolver.MOST} look-ups are open"))

    @staticmethod
    def _found(exchange: Exchange, found: Any) -> None:
        if isinstance(found, Exception):
            exchange.end(no_name(found))
            return
        kinds = {socket.AF_INET: "A", socket.AF_INET6: "AAAA"}
        answers = sorted({f"{kinds[entry[0]]} {entry[4][0]}" for entry in found if entry[0] in kinds})
        exchange.end(Result(ANSWERED, "NOERROR", answers=tuple(answers)))


def first_nameserver() -> str:
    """Return the first name server of resolv.conf, or loopback as the C library does."""
    with contextlib.suppress(OSError), open("/etc/resolv.conf") as file:  # noqa: PTH123
        for line in file:
            words = line.split()
            if len(words) > 1 and words[0] == "nameserver":
                return words[1]
    return "127.0.0.1"


def dns_way(stream: Stream) -> Way:
    """Return the way of a DNS stream, by its transport; raise ValueError or KeyError for what cannot be asked."""
    dns_question(0, stream.wanted.name, stream.wanted.type)
    return DnsOverTcpWay(stream) if stream.wanted.transport == "tcp" else DnsWay(stream)


WAYS: dict[str, Callable[[Stream], Way]] = {
    "http": HttpWay,
    "tcp": LineWay,
    "connect": ConnectWay,
    "udp": DatagramWay,
    "dns": dns_way,
    "resolver": ResolverWay,
}


# --------------------------------------------------------------------------------------------------- the command line


def run_witness(options: argparse.Namespace) -> int:
    """Answer until told to end."""
    loop = Loop()
    witness = Witness(loop, options)
    for signum in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, lambda _signum, _frame: loop.call(witness.end))
    if options.delay_ready:
        witness.ready = False
        loop.at(clock() + options.delay_ready, functools.partial(setattr, witness, "ready", True))
    for kind in ("http", "tcp", "udp"):
        for port in getattr(options, kind):
            witness.listen(kind, port)
    if options.control is not None:
        witness.listen("control", options.control, "127.0.0.1")
    say(f"witness {witness.pod}: answers on {witness.where()}")
    gc.freeze()
    loop.run()
    return 0


def go_first() -> None:
    """Ask for our turn before others, where we may (root may): a prober that waits for it measures the machine.

    Linux weighs sessions first and the processes within one after; a session is only touched when it is ours alone.
    """
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, -20)
        if os.getsid(0) == os.getpid():
            with open("/proc/self/autogroup", "w") as file:  # noqa: PTH123
                file.write("-20")


def go_apart() -> None:
    """Go on in a child, and stay behind as one who waits for it and ends as it does.

    A container runtime whose stream is cut may kill what it has started (containerd does, now and then, where the
    other side resets it): then it is the one that waits, and the child lives to tell.
    """
    if child := os.fork():
        os._exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) & 0xFF)


def run_probe(options: argparse.Namespace) -> int:
    """Ask as told on standard input until told to end, or until standard input ends."""
    if options.apart:
        go_apart()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    go_first()
    loop = Loop()
    prober = Prober(loop)
    signal.signal(signal.SIGTERM, lambda _signum, _frame: loop.call(lambda: prober.end("terminated")))
    prober.listen_to(1)
    prober.watch_lifeline(options.lifeline)
    prober.say({"hello": "svcproof prober", "python": sys.version.split()[0], "at": clock()})
    gc.freeze()
    loop.run()
    os._exit(0)  # look-ups that hang in the C library would hold up an ordinary exit


def run_resume(options: argparse.Namespace) -> int:
    """Speak again to a prober that lingers: what comes here goes there, and back."""
    there = socket.socket(socket.AF_UNIX)
    try:
        there.connect(RETURN_ADDRESS + options.name)
    except OSError as problem:
        say(f"no prober lingers by the name {options.name}: {problem}")
        return 1

    def forward() -> None:
        with contextlib.suppress(OSError):
            while True:
                piece = os.read(0, 65536)
                if not piece:
                    break
                there.sendall(piece)
        os._exit(0)

    threading.Thread(target=forward, daemon=True).start()
    with contextlib.suppress(OSError):
        while True:
            piece = memoryview(there.recv(65536))
            if not piece:
                break
            while piece:
                piece = piece[os.write(1, piece) :]
    return 0


def run_tell(options: argparse.Namespace) -> int:
    """Tell the witness in this pod something."""
    import urllib.error  # noqa: PLC0415
    import urllib.request  # noqa: PLC0415

    url = f"http://127.0.0.1:{options.control}/control/{options.what}"
    if options.seconds is not None:
        url += f"?seconds={options.seconds}"
    try:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(url, timeout=10 + (options.seconds or 0)) as answer:
            print(answer.read().decode())
    except (OSError, urllib.error.URLError) as problem:
        say(f"{url}: {problem}")
        return 1
    return 0


def run_idle(_options: argparse.Namespace) -> int:
    """Wait to be ended."""
    signal.signal(signal.SIGTERM, lambda _signum, _frame: os._exit(0))
    while True:
        signal.pause()


def upstream(text: str) -> tuple[str, str]:
    """Read NAME=URL; a URL alone is what the root path answers with."""
    name, equals, url = text.partition("=")
    return (name, url) if equals and "/" not in name else ("/", text)


def command_line() -> argparse.ArgumentParser:
    """Return what may be said on the command line."""
    parser = argparse.ArgumentParser(description="svcproof's witness and prober")
    modes = parser.add_subparsers(dest="mode", required=True)
    for name, run in (("witness", run_witness), ("fetch", run_witness)):
        mode = modes.add_parser(name, help=(run.__doc__ or "").strip())
        for kind in ("http", "tcp", "udp"):
            mode.add_argument(f"--{kind}", metavar="PORT", type=int, action="append", default=[])
        mode.add_argument("--control", metavar="PORT", type=int, default=9901, help="on 127.0.0.1")
        mode.add_argument("--delay-ready", metavar="SECONDS", type=float, default=0.0)
        mode.add_argument("--on-term", metavar="now|drain:SECONDS|rude", default="now")
        mode.add_argument("--message", help='said as "message" in every answer')
        mode.add_argument("--upstream", metavar="NAME=URL", type=upstream, action="append", default=[])
        mode.set_defaults(run=run)
    probe = modes.add_parser("probe", help=run_probe.__doc__)
    probe.add_argument("--lifeline", metavar="SECONDS", type=float, default=120.0)
    probe.add_argument("--apart", action="store_true", help="outlive whoever is killed as the one that was started")
    probe.set_defaults(run=run_probe)
    resume = modes.add_parser("resume", help=run_resume.__doc__)
    resume.add_argument("--name", required=True)
    resume.set_defaults(run=run_resume)
    tell = modes.add_parser("tell", help=run_tell.__doc__)
    tell.add_argument("what", choices=["ready", "unready", "refuse", "succeed", "fail"])
    tell.add_argument("--seconds", type=float)
    tell.add_argument("--control", metavar="PORT", type=int, default=9901)
    tell.set_defaults(run=run_tell)
    modes.add_parser("idle", help=run_idle.__doc__).set_defaults(run=run_idle)
    return parser


if __name__ == "__main__":
    arguments = command_line().parse_args()
    sys.exit(arguments.run(arguments))
