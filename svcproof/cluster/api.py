"""The port: what the suite needs of a cluster, and what can go wrong, in our own words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Protocol, Self

from svcproof.model.verdict import Inconclusive

Object = dict[str, Any]
"""A Kubernetes object in its wire form (camelCase keys), as the API server sent it: nothing dropped or renamed."""


@dataclass(frozen=True)
class Cause:
    """One field that the API server objects to."""

    field: str
    reason: str
    message: str


@dataclass(frozen=True)
class Reply:
    """The API server's own answer to one request, whatever it was: for scenarios whose subject is the answer."""

    status: int
    reason: str
    message: str
    causes: tuple[Cause, ...] = ()
    warnings: tuple[str, ...] = ()
    body: Object = field(default_factory=dict)

    @property
    def accepted(self) -> bool:
        """Whether the request was granted (2xx)."""
        return 200 <= self.status < 300


class ApiTrouble(Inconclusive):
    """The API server's answer is missing or says nothing about the contract: never a violation by itself."""


class NotFound(ApiTrouble):
    """The object does not exist (404)."""


class Conflict(ApiTrouble):
    """The object exists already or has changed meanwhile (409)."""


class Refused(ApiTrouble):
    """The API server understood the request and refuses it (400, 413, 422); *reply* says why."""

    def __init__(self, message: str, reply: Reply) -> None:
        super().__init__(message)
        self.reply = reply


class Forbidden(ApiTrouble):
    """The credentials may not do this (401, 403): the message names verb, resource and namespace."""


class Unreachable(ApiTrouble):
    """No answer came: connection refused or cut, time ran out, 429 and 5xx past their patience."""


class ExecTrouble(ApiTrouble):
    """A command in a pod has no trustworthy end: it never started, or its stream was cut before the exit status."""


@dataclass(frozen=True)
class Ran:
    """A command in a pod that ended by itself."""

    argv: tuple[str, ...]
    code: int
    out: str
    err: str


class Running(Protocol):
    """A command in a pod that goes on while its streams are read and written; close() ends it."""

    def send(self, text: str) -> None:
        """Write to its standard input; raise ExecTrouble when the stream is gone."""

    def half_close(self) -> bool:
        """End its standard input; False where the API server's protocol cannot (before Kubernetes 1.30)."""

    def lines(self, timeout: float) -> Iterator[str]:
        """Yield its standard output line by line until it ends; raise ExecTrouble when the stream is cut.

        *timeout* bounds the wait for each next line (seconds); on expiry the iterator returns without error.
        """

    @property
    def code(self) -> int | None:
        """The exit code once it has ended by itself, else None."""

    @property
    def err(self) -> str:
        """What it has written to standard error so far."""

    def close(self) -> None:
        """End it; safe to call twice."""

    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None: ...


@dataclass(frozen=True)
class Change:
    """One watch event: *type* is ADDED, MODIFIED, DELETED, RELISTED or LISTED.

    A watch begins, and after a loss begins anew, with a list: each object as RELISTED, then one LISTED without object:
    what was not RELISTED before it does not exist.
    """

    type: str
    object: Object


class Watch(Protocol):
    """The changes of one kind, from now on; an iterator that another thread may end with close()."""

    def __iter__(self) -> Iterator[Change]: ...
    def __next__(self) -> Change: ...
    def close(self) -> None:
        """End it: a reader that waits for its next change ends at once; safe to call twice."""


class Conversing(Protocol):
    """What traffic wants of an API server: to talk with probers in pods, and to know when it was away itself."""

    def start(self, namespace: str, pod: str, container: str, argv: Sequence[str]) -> Running:
        """Start a command in a pod that the caller converses with."""

    def silent_ago(self) -> float:
        """Return how long ago no connection to the server could be made (seconds); infinite where that never was."""


class ClusterApi(Conversing, Protocol):
    """A Kubernetes API server as the suite sees it.

    Reads are retried within a short patience on 429, 5xx and broken connections; writes only when they cannot have
    happened twice. Kinds are named as Kubernetes names them ("Service", "EndpointSlice"); the adapter knows group,
    version and plural. Every request carries a User-Agent naming run and scenario; `requests_made` counts them.
    """

    @property
    def server(self) -> str:
        """The API server's URL."""

    @property
    def requests_made(self) -> int:
        """How many API requests have been sent so far."""

    def now(self) -> float:
        """Return the API server's clock (Unix time), as far as it has told; this machine's may be another."""

    def speak_for(self, run: str = "", scenario: str = "") -> None:
        """Name run and scenario in every request's User-Agent from now on."""

    def version(self) -> Object:
        """Return /version."""

    def get(self, kind: str, name: str, namespace: str = "") -> Object:
        """Return one object; raise NotFound."""

    def list(self, kind: str, namespace: str = "", *, labels: str = "", fields: str = "") -> list[Object]:
        """Return objects, in all namespaces when *namespace* is empty."""

    def create(self, body: Object) -> Object:
        """Create an object (namespace from its metadata); raise Conflict, Refused."""

    def apply(self, body: Object) -> Object:
        """Create or update by server-side apply."""

    def patch(
        self, kind: str, name: str, namespace: str, patch: Mapping[str, Any] | Sequence[Any], *, subresource: str = ""
    ) -> Object:
        """Patch an object: a mapping is a merge patch, a sequence a JSON patch."""

    def delete(self, kind: str, name: str, namespace: str = "", *, grace_seconds: int | None = None) -> None:
        """Ask for deletion; absent objects are fine; returns without waiting for the end."""

    def delete_pods(self, namespace: str, *, grace_seconds: int) -> None:
        """Ask for the deletion of every pod of a namespace, in one request; returns without waiting for the end."""

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        query: Mapping[str, str] | None = None,
        content: str = "",
        accept: str = "",
    ) -> Reply:
        """Send one request as it is and return the server's answer, also when it refuses; raise Unreachable only.

        *accept* asks for another form than the object's own, such as the table that kubectl prints.
        """

    def watch(self, kind: str, namespace: str = "", *, labels: str = "", until: float = 0.0) -> Watch:
        """Return the changes from now on, without end unless closed or *until* (monotonic seconds) passes.

        Starts with the existing objects (see Change); survives 410 and broken connections by listing again.
        """

    def run(
        self, namespace: str, pod: str, container: str, argv: Sequence[str], *, stdin: str = "", timeout: float = 30.0
    ) -> Ran:
        """Run a command in a pod to its end; raise ExecTrouble when its end is not known."""

    def logs(self, namespace: str, pod: str, container: str = "", *, lines: int = 100, previous: bool = False) -> str:
        """Return the last lines a container wrote."""
