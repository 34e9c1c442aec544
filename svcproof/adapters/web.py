"""Fetches pages from this machine, one connection each: the vantage outside the cluster, for single requests."""

from __future__ import annotations

import shutil
import socket
import ssl
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from urllib.parse import urlsplit

import requests

from svcproof.adapters import shell
from svcproof.model.pages import Fetch, Trust


def fetch_from_here(url: str, limit: float, since: float, trust: Trust | None = None) -> Fetch:
    """Request a page over a new connection, within *limit* seconds; *since* is the monotonic moment to count from.

    Whatever comes instead of an answer is told, not raised. No proxy of this machine is used: it is no way to a node.
    With *trust* it is asked for over TLS under that name, and taken only from whoever shows that certificate.
    """
    began = time.monotonic()
    if trust is not None:
        try:
            status, body = _over_tls(url, limit, trust)
        except (OSError, HTTPException) as trouble:
            return Fetch(began - since, time.monotonic() - began, problem=_reason(trouble) or type(trouble).__name__)
        return Fetch(began - since, time.monotonic() - began, status, body)
    with requests.Session() as session:
        session.trust_env = False
        try:
            answer = session.get(url, timeout=limit, headers={"Connection": "close"}, allow_redirects=False)
        except requests.exceptions.ConnectTimeout:
            problem = f"no connection within {limit:g} s"
        except requests.exceptions.ReadTimeout:
            problem = f"a connection, and no answer within {limit:g} s"
        except requests.exceptions.ConnectionError as trouble:
            problem = _reason(trouble)
        except requests.exceptions.RequestException as trouble:
            problem = f"{type(trouble).__name__}: {trouble}"
        else:
            return Fetch(began - since, time.monotonic() - began, answer.status_code, answer.text)
    mine = "cannot assign" in problem.lower() or "too many open files" in problem.lower()
    return Fetch(began - since, time.monotonic() - began, problem=problem, not_sent=mine)


def _over_tls(url: str, limit: float, trust: Trust) -> tuple[int, str]:
    """Return the status and body of a page; raise OSError (that of a certificate is one) or HTTPException."""
    parts = urlsplit(url)
    context = ssl.create_default_context(cadata=trust.certificate)
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # the certificate itself is trusted, and no authority
    with (
        socket.create_connection((parts.hostname or "", parts.port or 443), timeout=limit) as plain,
        context.wrap_socket(plain, server_hostname=trust.host) as sock,
    ):
        sock.sendall(f"GET {parts.path or '/'} HTTP/1.1\r\nHost: {trust.host}\r\nConnection: close\r\n\r\n".encode())
        answer = HTTPResponse(sock)
        answer.begin()
        return answer.status, answer.read().decode("utf-8", "replace")


def _reason(trouble: BaseException) -> str:
    """Find the system's own word for why no connection stood."""
    cause: BaseException | None = trouble
    while cause is not None:
        if isinstance(cause, OSError) and cause.errno and cause.strerror:
            return cause.strerror.lower()
        inner = [one for one in cause.args if isinstance(one, BaseException)]
        cause = getattr(cause, "reason", None) or (inner[-1] if inner else cause.__cause__ or cause.__context__)
        cause = cause if isinstance(cause, BaseException) else None
    said = str(trouble)
    return said.rpartition("] ")[2].rstrip("')\"").lower() if "[Errno" in said else said


def knock(host: str, port: int, limit: float) -> tuple[bool, str]:
    """Try a TCP connection: (whether anything there answered, what came of it). A refusal is an answer."""
    try:
        with socket.create_connection((host, port), timeout=limit):
            return True, f"port {port} accepts"
    except ConnectionRefusedError:
        return True, f"port {port} refuses"
    except OSError as trouble:
        return False, f"port {port}: {trouble.strerror or trouble}"


class Machine:
    """What this machine can do beside asking the cluster: the detectors' own eyes and ears."""

    def knock(self, host: str, port: int, limit: float) -> tuple[bool, str]:
        """Try a TCP connection: whether anything there answered, and what came of it."""
        return knock(host, port, limit)

    def status(self, url: str, host: str, limit: float) -> tuple[int, str]:
        """Request a page under a host name: its status (0 where none came), and who answered or what came of it."""
        with requests.Session() as session:
            session.trust_env = False
            try:
                answer = session.get(url, timeout=limit, headers={"Host": host, "Connection": "close"})
            except requests.exceptions.RequestException as trouble:
                return 0, _reason(trouble)
            return answer.status_code, answer.headers.get("X-Pod", "")

    def owns(self, address: str) -> bool:
        """Whether an address is this machine's own: a socket can be bound to it."""
        try:
            with socket.socket(_family(address), socket.SOCK_DGRAM) as sock:
                sock.bind((address, 0))
        except OSError:
            return False
        return True

    def address_towards(self, host: str) -> str:
        """This machine's own address on the way to another; empty where there is no way. Nothing is sent."""
        try:
            with socket.socket(_family(host), socket.SOCK_DGRAM) as sock:
                sock.connect((host, 9))
                return str(sock.getsockname()[0])
        except OSError:
            return ""

    def listening(self, address: str) -> Listening:
        """Accept connections on a free port of an address until closed."""
        return Listening(socket.create_server((address, 0), family=_family(address)))

    def answering(self, address: str) -> Answering:
        """Answer requests for pages on a free port of an address until closed, as a backend does."""
        return Answering(address)

    def kubectl(self) -> tuple[bool, str]:
        """Whether kubectl can be run here, and its version or what came of it."""
        if not shutil.which("kubectl"):
            return False, "kubectl is not on PATH"
        try:
            told = shell.run(["kubectl", "version", "--client"], timeout=10.0).stdout.strip()
        except shell.CommandFailed as trouble:
            return False, str(trouble)
        return True, told.splitlines()[0] if told else "kubectl runs"


@dataclass
class Listening:
    """A port of this machine that accepts connections, says nothing and closes them."""

    sock: socket.socket

    def __post_init__(self) -> None:
        self.port = int(self.sock.getsockname()[1])
        threading.Thread(target=self._accept, name=f"port {self.port}", daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):  # closed: the end of it
            while True:
                self.sock.accept()[0].close()

    def close(self) -> None:
        """Close it."""
        with suppress(OSError):  # never connected, so some systems object
            self.sock.shutdown(socket.SHUT_RDWR)
        self.sock.close()


class Answering:
    """A port of this machine that answers as a backend called "outside", and says whom it saw."""

    NAME = "outside"

    def __init__(self, address: str) -> None:
        class Server(ThreadingHTTPServer):
            address_family = _family(address)
            daemon_threads = True
            request_queue_size = 256  # a burst of connections is no reason to drop one

            def server_bind(self) -> None:  # without asking the DNS for our own name
                TCPServer.server_bind(self)

        self._server = Server((address, 0), _Answerer)
        self.port = int(self._server.server_address[1])
        threading.Thread(target=self._server.serve_forever, name=f"answers at {self.port}", daemon=True).start()

    def close(self) -> None:
        """Answer nobody any more."""
        self._server.shutdown()
        self._server.server_close()


class _Answerer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer with who we are."""
        self.send_response(200)
        for name, value in (
            ("X-Pod", Answering.NAME),
            ("X-Source", "{}:{}".format(*self.client_address)),
            ("X-Reached", "{}:{}".format(*self.connection.getsockname())),
            ("Content-Length", "0"),
        ):
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name that callers use
        """Say nothing: what was asked is in the asker's history."""


def _family(address: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in address else socket.AF_INET
