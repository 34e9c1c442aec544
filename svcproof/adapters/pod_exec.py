"""Commands in pods over a WebSocket: each ends with an exit code, or with the reason why its end is not known."""

from __future__ import annotations

import contextlib
import json
import select
import ssl
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping
from socket import SHUT_RDWR
from types import TracebackType
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

from websocket import ABNF, WebSocket, WebSocketBadStatusException, WebSocketException

from svcproof.cluster.api import ExecTrouble

if TYPE_CHECKING:
    from kubernetes.client.configuration import Configuration

_STDIN, _STDOUT, _STDERR, _STATUS, _CLOSE = 0, 1, 2, 3, 255
_V5, _V4 = "v5.channel.k8s.io", "v4.channel.k8s.io"
_HANDSHAKE_SECONDS = 15.0
_STALL_SECONDS = 30.0


class HandshakeRefused(Exception):  # noqa: N818 - the server's answer
    """The API server answered the upgrade with another status than 101."""

    def __init__(self, status: int, body: str, retry_after: str = "") -> None:
        super().__init__(f"{status}: {body}")
        self.status = status
        self.body = body
        self.retry_after = retry_after


def connect(configuration: Configuration, url: str, headers: Mapping[str, str]) -> WebSocket:
    """Open the stream; raise HandshakeRefused for an answer that refuses, OSError or WebSocketException for none."""
    socket = WebSocket(sslopt=_tls(configuration, url), enable_multithread=True, skip_utf8_validation=True)
    target = url.replace("http", "ws", 1)
    try:
        socket.connect(  # type: ignore[no-untyped-call]
            target,
            header=[f"{name}: {value}" for name, value in headers.items()],
            subprotocols=[_V5, _V4],
            timeout=_HANDSHAKE_SECONDS,
            suppress_origin=True,
            **_proxy(configuration),
        )
    except WebSocketBadStatusException as refusal:
        body = (refusal.resp_body or b"").decode("utf-8", "replace")
        after = (refusal.resp_headers or {}).get("retry-after", "")
        raise HandshakeRefused(refusal.status_code, body, after) from refusal
    socket.settimeout(_STALL_SECONDS)
    return socket


def _tls(configuration: Configuration, url: str) -> dict[str, object]:
    if not url.startswith("https"):
        return {}
    options: dict[str, object] = {"cert_reqs": ssl.CERT_REQUIRED if configuration.verify_ssl else ssl.CERT_NONE}
    if not configuration.verify_ssl:
        options["check_hostname"] = False
    elif configuration.assert_hostname is not None:
        options["check_hostname"] = configuration.assert_hostname
    named = {
        "ca_certs": configuration.ssl_ca_cert if configuration.verify_ssl else None,
        "certfile": configuration.cert_file,
        "keyfile": configuration.key_file,
        "server_hostname": configuration.tls_server_name,
    }
    return options | {option: value for option, value in named.items() if value}


def _proxy(configuration: Configuration) -> dict[str, object]:
    """Use the kubeconfig's proxy and no other: the library's own reading of the environment is switched off by '*'."""
    if not configuration.proxy:
        return {"http_no_proxy": ["*"]}
    proxy = urlsplit(configuration.proxy)
    bypass = (configuration.no_proxy or "").split(",")
    return {
        "http_proxy_host": proxy.hostname,
        "http_proxy_port": proxy.port,
        "proxy_type": proxy.scheme if proxy.scheme.startswith("socks") else "http",
        "http_no_proxy": [entry.strip() for entry in bypass if entry.strip()],
    }


class Conversation:
    """A command in a pod that goes on while its streams are read and written (the port's Running).

    One thread reads; reading and writing share one lock, because a TLS connection is not safe to use from both sides.
    """

    def __init__(self, socket: WebSocket, said: str) -> None:
        self._socket = socket
        self._said = said
        self._turn = threading.Lock()
        self._news = threading.Condition()
        self._lines: deque[str] = deque()
        self._rest = b""
        self._err = bytearray()
        self._status: dict[str, object] | None = None
        self._cut = ""
        self._ended = False
        self._closing = False
        self._reader = threading.Thread(target=self._read, name=f"exec {said}", daemon=True)
        self._reader.start()

    # what the port promises

    def send(self, text: str) -> None:
        """Write to its standard input; raise ExecTrouble when the stream is gone."""
        try:
            with self._turn:
                self._socket.send(bytes([_STDIN]) + text.encode(), opcode=ABNF.OPCODE_BINARY)
        except (OSError, WebSocketException, ValueError) as problem:
            raise ExecTrouble(
                f"{self._said}: its input cannot be written: {problem or type(problem).__name__}"
            ) from problem

    def half_close(self) -> bool:
        """End its standard input; False when the server speaks a protocol that cannot (before Kubernetes 1.30)."""
        if self._socket.getsubprotocol() != _V5:
            return False
        try:
            with self._turn:
                self._socket.send(bytes([_CLOSE, _STDIN]), opcode=ABNF.OPCODE_BINARY)
        except (OSError, WebSocketException, ValueError) as problem:
            raise ExecTrouble(
                f"{self._said}: its input cannot be ended: {problem or type(problem).__name__}"
            ) from problem
        return True

    def lines(self, timeout: float) -> Iterator[str]:
        """Yield standard output line by line; see the port."""
        while True:
            with self._news:
                if not self._news.wait_for(lambda: self._lines or self._ended, timeout):
                    return
                if not self._lines:
                    break
                line = self._lines.popleft()
            yield line
        if not self._closing:
            self._conclude()

    @property
    def code(self) -> int | None:
        """The exit code once it has ended by itself, else None."""
        with self._news:
            return self._exit_code() if self._ended and self._status is not None else None

    @property
    def err(self) -> str:
        """What it has written to standard error so far."""
        with self._news:
            return self._err.decode("utf-8", "replace")

    def close(self) -> None:
        """End it; safe to call twice."""
        self._closing = True
        with contextlib.suppress(OSError, WebSocketException, ValueError), self._turn:  # it is gone already: as wanted
            self._socket.send_close()
        with contextlib.suppress(OSError, AttributeError):
            self._socket.sock.shutdown(SHUT_RDWR)  # type: ignore[union-attr]  # wakes the reader
        self._socket.shutdown()  # type: ignore[no-untyped-call]
        if threading.current_thread() is not self._reader:
            self._reader.join(timeout=2.0)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # what the adapter adds

    def finish(self, timeout: float) -> tuple[int, str, str]:
        """Wait for its end; return exit code, output and errors; raise ExecTrouble when its end is not known."""
        with self._news:
            done = self._news.wait_for(lambda: self._ended, timeout)
        if not done:
            seen = self._seen()
            self.close()
            raise ExecTrouble(f"{self._said}: wanted its end within {timeout:g} s; it was still running{seen}")
        code = self._conclude()
        with self._news:
            out = "".join(line + "\n" for line in self._lines)
            out = out[:-1] if self._unfinished_line else out
        return code, out, self.err

    def _conclude(self) -> int:
        with self._news:
            if self._status is None:
                raise ExecTrouble(f"{self._said}: its stream was cut before its exit status: {self._cut}{self._seen()}")
            code = self._exit_code()
        if code is None:
            raise ExecTrouble(f"{self._said}: it was not started: {self._status.get('message', self._status)}")
        return code

    def _seen(self) -> str:
        lines = list(self._lines)[-1:]
        errors = bytes(self._err[-200:]).decode("utf-8", "replace").strip()
        said = [*(f"last line {line!r}" for line in lines), *([f"errors {errors!r}"] if errors else [])]
        return f" ({', '.join(said)})" if said else ""

    def _exit_code(self) -> int | None:
        """Read the Status of the error channel; None when it says that the command never ran."""
        status = self._status or {}
        if status.get("status") == "Success":
            return 0
        details = status.get("details") or {}
        if status.get("reason") == "NonZeroExitCode" and isinstance(details, dict):
            for cause in details.get("causes") or []:
                if cause.get("reason") == "ExitCode" and str(cause.get("message", "")).isdigit():
                    return int(cause["message"])
        return None

    # the reading thread

    def _read(self) -> None:
        try:
            while self._pump():
                pass
        except (OSError, WebSocketException, ValueError, AttributeError) as problem:
            # AttributeError: the library drops its socket while another thread closes it
            self._cut = self._cut or f"{type(problem).__name__}: {problem}"
        with self._news:
            self._unfinished_line = bool(self._rest)
            if self._rest:
                self._lines.append(self._rest.decode("utf-8", "replace"))
                self._rest = b""
            self._cut = self._cut or "the server closed it"
            self._ended = True
            self._news.notify_all()
        self._socket.shutdown()  # type: ignore[no-untyped-call]

    def _pump(self) -> bool:
        """Take in one frame when there is one; return False when the stream has ended."""
        raw = self._socket.sock
        if raw is None:
            return False
        if not (isinstance(raw, ssl.SSLSocket) and raw.pending()):
            poll = select.poll()
            poll.register(raw.fileno(), select.POLLIN | select.POLLHUP | select.POLLERR)
            if not poll.poll(500):
                return not self._closing
        with self._turn:
            code, frame = self._socket.recv_data_frame(control_frame=True)
        if code == ABNF.OPCODE_CLOSE:
            return False
        if code in (ABNF.OPCODE_BINARY, ABNF.OPCODE_TEXT) and frame.data:
            self._take(frame.data[0], frame.data[1:])
        return True

    def _take(self, channel: int, data: bytes) -> None:
        with self._news:
            if channel == _STDOUT:
                *whole, self._rest = (self._rest + data).split(b"\n")
                self._lines.extend(line.decode("utf-8", "replace") for line in whole)
            elif channel == _STDERR:
                self._err += data
            elif channel == _STATUS and data:
                self._take_status(data)
            self._news.notify_all()

    def _take_status(self, data: bytes) -> None:
        try:
            status = json.loads(data)
        except ValueError:
            status = {"message": data.decode("utf-8", "replace")}
        self._status = status if isinstance(status, dict) else {"message": str(status)}


def run_to_its_end(conversation: Conversation, stdin: str, timeout: float) -> tuple[int, str, str]:
    """Write *stdin*, end it where the protocol can, and wait for the command's end within *timeout* (seconds)."""
    deadline = time.monotonic() + timeout
    with conversation:
        if stdin:
            # it may end without reading: its status, or the lack of one, says what happened
            with contextlib.suppress(ExecTrouble):
                conversation.send(stdin)
                conversation.half_close()
        return conversation.finish(max(0.0, deadline - time.monotonic()))
