"""This machine answers as a backend does, where a scenario wants one outside the cluster."""

from __future__ import annotations

import pytest
import requests  # noqa: TID251 - asks as a stranger would

from svcproof.adapters.web import Machine


@pytest.fixture
def answering():
    one = Machine().answering("127.0.0.1")
    yield one
    one.close()


def ask(port):
    with requests.Session() as session:
        session.trust_env = False
        return session.get(f"http://127.0.0.1:{port}/", timeout=5)


def test_it_says_who_it_is_and_whom_it_saw(answering):
    told = ask(answering.port)
    assert told.status_code == 200
    assert told.headers["X-Pod"] == "outside"
    assert told.headers["X-Source"].startswith("127.0.0.1:")
    assert told.headers["X-Reached"] == f"127.0.0.1:{answering.port}"


def test_once_closed_nobody_answers():
    one = Machine().answering("127.0.0.1")
    one.close()
    with pytest.raises(requests.ConnectionError):
        ask(one.port)
