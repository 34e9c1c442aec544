"""Pages over TLS: taken only from whoever shows the one certificate that is trusted."""

from __future__ import annotations

import http.server
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from svcproof.adapters import keys, web
from svcproof.model.pages import Trust

HOST = "shop.example"


class _Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(f"the page of {self.headers['Host']}".encode())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def shown(tmp_path: Path) -> Iterator[tuple[str, str]]:
    """Serve a page over TLS; give its URL and the certificate that it shows."""
    certificate, key = keys.self_signed(HOST)
    (tmp_path / "both").write_text(certificate + key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "both")
    listener = http.server.HTTPServer(("127.0.0.1", 0), _Page)
    listener.socket = context.wrap_socket(listener.socket, server_side=True)
    thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"https://127.0.0.1:{listener.server_port}/", certificate
    listener.shutdown()
    thread.join()
    listener.server_close()


def test_a_page_is_taken_from_who_shows_the_certificate(shown: tuple[str, str]) -> None:
    url, certificate = shown
    seen = web.fetch_from_here(url, 5.0, 0.0, Trust(HOST, certificate))

    assert (seen.status, seen.body, seen.problem) == (200, f"the page of {HOST}", "")


@pytest.mark.parametrize("host", [HOST, "other.example"])
def test_another_certificate_or_name_is_a_problem_and_no_page(shown: tuple[str, str], host: str) -> None:
    url, certificate = shown
    other = keys.self_signed(HOST)[0] if host == HOST else certificate
    seen = web.fetch_from_here(url, 5.0, 0.0, Trust(host, other))

    assert seen.status == 0
    assert "certificate" in seen.problem
    assert not seen.not_sent


def test_a_closed_port_is_refused_over_tls_too(shown: tuple[str, str]) -> None:
    assert web.fetch_from_here("https://127.0.0.1:1/", 5.0, 0.0, Trust(HOST, shown[1])).problem == "connection refused"
