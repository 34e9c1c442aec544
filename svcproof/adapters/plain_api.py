"""Talks to an API server in plain JSON: as much as bringing up a cluster needs before the cluster can be used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import requests

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

PATIENCE = 10.0
"""Seconds for one request."""


class ApiRefused(Exception):  # noqa: N818 - it says what came to pass
    """The API server answered with an error, or did not answer: then *status* is 0."""

    def __init__(self, what: str, status: int = 0) -> None:
        super().__init__(what)
        self.status = status


class PlainApi:
    """An API server at *url*, spoken to with a client certificate."""

    def __init__(self, url: str, *, authority: Path, certificate: Path, key: Path) -> None:
        self._url = url
        self._session = requests.Session()
        self._session.trust_env = False  # a proxy of the machine has no way into the lab
        self._session.verify = str(authority)
        self._session.cert = (str(certificate), str(key))

    def status(self, path: str) -> int | None:
        """The HTTP status of *path*; None where nobody answers."""
        try:
            return self._session.get(self._url + path, timeout=PATIENCE).status_code
        except requests.RequestException:
            return None

    def get(self, path: str) -> dict[str, Any]:
        """The object at *path*. Raises ApiRefused."""
        return self._send("GET", path, None)

    def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Create *body* under *path*; an object that is there already is left as it is. Raises ApiRefused."""
        return self._send("POST", path, body)

    def _send(self, method: str, path: str, body: Mapping[str, Any] | None) -> dict[str, Any]:
        try:
            answer = self._session.request(method, self._url + path, json=body, timeout=PATIENCE)
        except requests.RequestException as silence:
            raise ApiRefused(f"{method} {path}: {silence}") from silence
        if not answer.ok and answer.status_code != requests.codes.conflict:
            raise ApiRefused(f"{method} {path}: {answer.status_code}: {answer.text[:500]}", answer.status_code)
        result: dict[str, Any] = answer.json()
        return result
