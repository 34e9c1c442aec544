"""The cluster port over the official Kubernetes client, in the API's own wire form: nothing modelled or dropped."""

from __future__ import annotations

import json
import math
import re
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlencode

import tenacity
import urllib3
from websocket import WebSocketException

from svcproof import __version__
from svcproof.adapters import kubeconfig, pod_exec
from svcproof.adapters.kinds import KNOWN, Resource
from svcproof.cluster.api import (
    ApiTrouble,
    Cause,
    Change,
    Conflict,
    ExecTrouble,
    Forbidden,
    NotFound,
    Object,
    Ran,
    Refused,
    Reply,
    Unreachable,
)
from svcproof.problems import SetupProblem

if TYPE_CHECKING:
    from kubernetes.client.rest import RESTResponse

_CONNECT_SECONDS = 5.0
_READ_SECONDS = 30.0
_WATCH_SECONDS = 50  # the server ends a watch after this; a silent connection is given up a little later
_PAGE = 500
_MANAGER = "svcproof"
_FOR_A_WHILE = frozenset({429, 502, 503, 504})
_MERGE, _JSON_PATCH = "application/merge-patch+json", "application/json-patch+json"

_Result = TypeVar("_Result")
_Objects = list[Object]


class _Passing(Exception):  # noqa: N818 - trouble that may pass
    """The request may be sent again; *seen* is what came instead of an answer, *after* the wait the server asks for."""

    def __init__(self, seen: str, after: float = 0.0, reply: Reply | None = None) -> None:
        super().__init__(seen)
        self.after = after
        self.reply = reply


def connect(kubeconfig_path: str = "", context: str = "", *, patience: float = 15.0) -> Kube:
    """Return a cluster that has answered; raise SetupProblem that says what stands in the way, and the cure."""
    kube = Kube(kubeconfig.load(kubeconfig_path, context), patience=patience)
    kube.greet()
    return kube


class Kube:
    """A Kubernetes API server (svcproof.cluster.api.ClusterApi); safe to use from many threads.

    *patience* bounds the time spent on one request that meets 429, 502, 503, 504 or a broken connection (seconds).
    """

    def __init__(self, access: kubeconfig.Access, *, patience: float = 15.0) -> None:
        from kubernetes.client.api_client import ApiClient  # noqa: PLC0415 - half a second that --help need not wait

        configuration = access.configuration
        configuration.retries = False  # this class decides what may be sent twice
        configuration.connection_pool_maxsize = 32
        self._configuration = configuration
        self._client = ApiClient(configuration)
        self._access = access
        self._patience = patience
        self._count = 0
        self._silent = -math.inf
        self._ahead = 0.0  # of the API server's clock (seconds); answers say it to the second
        self._lock = threading.Lock()
        self._discovered: dict[tuple[str, str], Resource] = {}
        self.speak_for()

    @property
    def server(self) -> str:
        """The API server's URL."""
        return str(self._configuration.host)

    @property
    def requests_made(self) -> int:
        """How many API requests have been sent so far."""
        with self._lock:
            return self._count

    def silent_ago(self) -> float:
        """Return how long ago no connection could be made; see the port."""
        return time.monotonic() - self._silent

    def now(self) -> float:
        """Return the API server's clock (Unix time): what its last answer said, and what has passed since."""
        return time.time() + self._ahead

    def speak_for(self, run: str = "", scenario: str = "") -> None:
        """Name run and scenario in every User-Agent from now on, so that audit logs explain themselves."""
        about = "".join(f" {key}={value}" for key, value in (("run", run), ("scenario", scenario)) if value)
        self._client.default_headers["User-Agent"] = f"svcproof/{__version__}{about}"

    def greet(self) -> Object:
        """Return /version, or raise SetupProblem that says why the cluster cannot be used."""
        try:
            return self._patient("GET", "/version", patience=min(self._patience, 3.0))
        except Unreachable as trouble:
            raise SetupProblem(f"{self._access.said}: {trouble}", _cure(str(trouble))) from trouble
        except Forbidden as trouble:
            raise SetupProblem(
                f"{self._access.said}: {trouble}", "use credentials that this API server knows; they may have expired"
            ) from trouble
        except ApiTrouble as trouble:
            raise SetupProblem(
                f"{self._access.said}: {trouble}", "check that the address is a Kubernetes API server"
            ) from trouble

    def version(self) -> Object:
        """Return /version."""
        return self._patient("GET", "/version")

    # objects

    def get(self, kind: str, name: str, namespace: str = "") -> Object:
        """Return one object; raise NotFound."""
        return self._patient("GET", self._resource(kind).path(namespace, name))

    def list(self, kind: str, namespace: str = "", *, labels: str = "", fields: str = "") -> _Objects:
        """Return objects, in all namespaces when *namespace* is empty."""
        return self._list(self._resource(kind), namespace, labels, fields)[0]

    def create(self, body: Object) -> Object:
        """Create an object (namespace from its metadata); raise Conflict, Refused."""
        path = self._of(body).path(body["metadata"].get("namespace", ""))
        return self._patient("POST", path, body, query={"fieldManager": _MANAGER}, repeatable=False)

    def apply(self, body: Object) -> Object:
        """Create or update by server-side apply."""
        meta = body["metadata"]
        path = self._of(body).path(meta.get("namespace", ""), meta["name"])
        query = {"fieldManager": _MANAGER, "force": "true"}
        return self._patient("PATCH", path, body, query=query, content="application/apply-patch+yaml")

    def patch(
        self, kind: str, name: str, namespace: str, patch: Mapping[str, Any] | Sequence[Any], *, subresource: str = ""
    ) -> Object:
        """Patch an object: a mapping is a merge patch, a sequence a JSON patch."""
        merge = isinstance(patch, Mapping)
        body: Any = dict(patch) if isinstance(patch, Mapping) else [*patch]
        path = self._resource(kind).path(namespace, name, subresource)
        query = {"fieldManager": _MANAGER}
        return self._patient(
            "PATCH", path, body, query=query, content=_MERGE if merge else _JSON_PATCH, repeatable=merge
        )

    def delete(self, kind: str, name: str, namespace: str = "", *, grace_seconds: int | None = None) -> None:
        """Ask for deletion; absent objects are fine; returns without waiting for the end."""
        options: Object = {"kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": "Background"}
        if grace_seconds is not None:
            options["gracePeriodSeconds"] = grace_seconds
        try:
            self._patient("DELETE", self._resource(kind).path(namespace, name), options)
        except NotFound:
            return

    def delete_pods(self, namespace: str, *, grace_seconds: int) -> None:
        """Ask for the deletion of every pod of a namespace; see the port."""
        if not namespace:
            raise ValueError("name a namespace: the pods of all of them are not ours")
        options: Object = {"kind": "DeleteOptions", "apiVersion": "v1", "gracePeriodSeconds": grace_seconds}
        self._patient("DELETE", self._resource("Pod").path(namespace), options)

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
        """Send one request as it is and return the server's answer, also when it refuses; raise Unreachable only."""
        try:
            return self._once(method, path, body, query, content, accept)
        except _Passing as trouble:
            if trouble.reply is not None:
                return trouble.reply
            raise Unreachable(f"{method} {path}: wanted an answer from {self.server}; seen: {trouble}") from trouble

    def watch(self, kind: str, namespace: str = "", *, labels: str = "", until: float = 0.0) -> Watching:
        """Return the changes from now on; see the port. close() ends it from any thread."""
        return Watching(self, self._resource(kind), namespace, labels, until)

    # pods

    def run(
        self, namespace: str, pod: str, container: str, argv: Sequence[str], *, stdin: str = "", timeout: float = 30.0
    ) -> Ran:
        """Run a command in a pod to its end; raise ExecTrouble when its end is not known."""
        deadline = time.monotonic() + timeout
        conversation = self._converse(namespace, pod, container, argv, stdin=bool(stdin), patience=timeout)
        left = max(1.0, deadline - time.monotonic())
        return Ran(tuple(argv), *pod_exec.run_to_its_end(conversation, stdin, left))

    def start(self, namespace: str, pod: str, container: str, argv: Sequence[str]) -> pod_exec.Conversation:
        """Start a command in a pod that the caller converses with."""
        return self._converse(namespace, pod, container, argv, stdin=True, patience=self._patience)

    def logs(self, namespace: str, pod: str, container: str = "", *, lines: int = 100, previous: bool = False) -> str:
        """Return the last lines a container wrote."""
        query = {"tailLines": str(lines)}
        query.update({"container": container} if container else {})
        query.update({"previous": "true"} if previous else {})
        reply = self._patiently("GET", KNOWN["Pod"].path(namespace, pod, "log"), None, query, "", repeatable=True)
        return str(reply.body.get("text", ""))

    def _converse(
        self, namespace: str, pod: str, container: str, argv: Sequence[str], *, stdin: bool, patience: float
    ) -> pod_exec.Conversation:
        """Open an exec stream; an upgrade that was refused for a while or never answered started nothing: try again."""
        said = f"{namespace}/{pod}{f'/{container}' if container else ''}: {' '.join(argv)[:120]}"
        path = KNOWN["Pod"].path(namespace, pod, "exec")
        query = [("command", word) for word in argv]
        query += [("container", container)] if container else []
        query += [("stdin", "true")] if stdin else []
        query += [("stdout", "true"), ("stderr", "true"), ("tty", "false")]

        def attempt() -> pod_exec.Conversation:
            self._counted()
            _, url, headers, _, _ = self._client.param_serialize(
                method="GET", resource_path=path, header_params={}, auth_settings=["BearerToken"]
            )
            try:
                socket = pod_exec.connect(self._configuration, f"{url}?{urlencode(query)}", headers)
            except pod_exec.HandshakeRefused as refusal:
                reply = _reply(refusal.status, refusal.body, ())
                if refusal.status in _FOR_A_WHILE:
                    raise _Passing(f"{refusal.status} {reply.message}", _seconds(refusal.retry_after)) from refusal
                if refusal.status in (401, 403):
                    raise _translated("exec", path, reply) from refusal
                raise ExecTrouble(f"{said}: it was not started: {refusal.status} {reply.message}") from refusal
            except (OSError, WebSocketException) as problem:
                raise _Passing(f"{type(problem).__name__}: {problem}") from problem
            return pod_exec.Conversation(socket, said)

        return self._again(attempt, patience, lambda seen: ExecTrouble(f"{said}: it was not started: {seen}"))

    # requests

    def _patient(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        query: Mapping[str, str] | None = None,
        content: str = "",
        repeatable: bool = True,
        patience: float | None = None,
    ) -> Object:
        reply = self._patiently(method, path, body, query, content, repeatable=repeatable, patience=patience)
        return reply.body

    def _patiently(
        self,
        method: str,
        path: str,
        body: Any,
        query: Mapping[str, str] | None,
        content: str,
        *,
        repeatable: bool,
        patience: float | None = None,
    ) -> Reply:
        """Send until there is an answer; raise it translated when it refuses."""

        def attempt() -> Reply:
            try:
                reply = self._once(method, path, body, query, content)
            except _Passing as trouble:
                surely_undone = trouble.reply is not None and trouble.reply.status == 429
                if not (
                    repeatable or surely_undone or isinstance(trouble.__cause__, urllib3.exceptions.NewConnectionError)
                ):
                    raise Unreachable(f"{method} {path}: {trouble}; it may or may not have happened") from trouble
                raise
            if not reply.accepted:
                raise _translated(method, path, reply)
            return reply

        return self._again(
            attempt,
            self._patience if patience is None else patience,
            lambda seen: Unreachable(f"{method} {path}: wanted an answer from {self.server}; {seen}"),
        )

    @staticmethod
    def _again(attempt: Callable[[], _Result], patience: float, give_up: Callable[[str], Exception]) -> _Result:
        """Attempt until it is not _Passing, for *patience* seconds; the last observation goes into what is raised."""
        backoff = tenacity.wait_random_exponential(multiplier=0.1, max=2.0)

        def wait(state: tenacity.RetryCallState) -> float:
            trouble = state.outcome.exception() if state.outcome else None
            return max(backoff(state), trouble.after if isinstance(trouble, _Passing) else 0.0)

        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(_Passing),
            stop=tenacity.stop_before_delay(patience),
            wait=wait,
            reraise=True,
        )
        try:
            return retrying(attempt)
        except _Passing as trouble:
            attempts = retrying.statistics.get("attempt_number", 1)
            raise give_up(f"last seen: {trouble} ({attempts} attempts in {patience:g} s)") from trouble

    def _once(  # noqa: PLR0917 - the parts of a request, in the order they are sent
        self, method: str, path: str, body: Any, query: Mapping[str, str] | None, content: str, accept: str = ""
    ) -> Reply:
        """Send one request; return the server's answer; raise _Passing for one that may pass or for none."""
        response = self._send(method, path, body, query, content, (_CONNECT_SECONDS, _READ_SECONDS), accept)
        try:
            data = response.read()  # type: ignore[no-untyped-call]
        except (urllib3.exceptions.HTTPError, OSError) as problem:
            raise _Passing(f"the answer was cut: {type(problem).__name__}: {problem}") from problem
        self._ahead = _ahead(response.headers.get("Date", ""), self._ahead)
        warnings = tuple(_warnings(response.headers.getlist("Warning")))
        reply = _reply(response.status, data.decode("utf-8", "replace"), warnings)
        if response.status in _FOR_A_WHILE:
            seen = f"{response.status} {reply.message or response.reason}"
            raise _Passing(seen, _seconds(response.headers.get("Retry-After", "")), reply)
        return reply

    def _send(  # noqa: PLR0917 - the parts of a request, in the order they are sent
        self,
        method: str,
        path: str,
        body: Any,
        query: Mapping[str, str] | None,
        content: str,
        timeout: tuple[float, float],
        accept: str = "",
    ) -> RESTResponse:
        from kubernetes.client.exceptions import ApiException  # noqa: PLC0415 - loaded with the client, not before

        headers = {"Accept": accept or "application/json"}
        if body is not None:
            headers["Content-Type"] = content or "application/json"
        self._counted()
        try:
            request = self._client.param_serialize(
                method=method,
                resource_path=path,
                query_params=list((query or {}).items()),
                header_params=headers,
                body=body,
                auth_settings=["BearerToken"],
            )
            return self._client.call_api(*request, _request_timeout=timeout)
        except (urllib3.exceptions.HTTPError, OSError) as problem:
            if isinstance(problem, (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError)):
                self._silent = time.monotonic()
            raise _Passing(_plainly(problem)) from problem
        except ApiException as problem:  # the client wraps TLS trouble so
            raise _Passing(_plainly(problem.reason)) from problem

    def _open_watch(self, path: str, query: Mapping[str, str], limit: float) -> Any:
        """Open a watch, with patience; None when the server wants the list first (410)."""

        def attempt() -> Any:
            answer = self._send("GET", path, None, query, "", (_CONNECT_SECONDS, limit))
            if answer.status == 200:
                return answer.response
            data = answer.read()  # type: ignore[no-untyped-call]
            reply = _reply(answer.status, data.decode("utf-8", "replace"), ())
            if answer.status in _FOR_A_WHILE:
                raise _Passing(f"{answer.status} {reply.message}", _seconds(answer.headers.get("Retry-After", "")))
            if answer.status == 410:
                return None
            raise _translated("watch", path, reply)

        return self._again(attempt, self._patience, lambda seen: Unreachable(f"watch {path}: {seen}"))

    def _counted(self) -> None:
        with self._lock:
            self._count += 1

    def _list(self, resource: Resource, namespace: str, labels: str, fields: str) -> tuple[_Objects, str]:
        """Return every object and the resource version they were read at."""
        query = {"limit": str(_PAGE)}
        query.update({"labelSelector": labels} if labels else {})
        query.update({"fieldSelector": fields} if fields else {})
        found: _Objects = []
        while True:
            page = self._patient("GET", resource.path(namespace), query=query)
            found += page.get("items") or []
            meta = page.get("metadata") or {}
            if not meta.get("continue"):
                break
            query["continue"] = meta["continue"]
        for item in found:  # lists leave out what every item would repeat
            item.setdefault("apiVersion", resource.group_version)
            item.setdefault("kind", resource.kind)
        return found, meta.get("resourceVersion", "")

    # kinds

    def _of(self, body: Object) -> Resource:
        known = KNOWN.get(body["kind"])
        if known is not None and known.group_version == body["apiVersion"]:
            return known
        return self._discover(body["apiVersion"], body["kind"])

    def _resource(self, kind: str) -> Resource:
        """Return where *kind* lives: a kind the suite knows, "group/version/Kind", or one the API server knows."""
        if kind in KNOWN:
            return KNOWN[kind]
        group_version, _, name = kind.rpartition("/")
        return self._discover(group_version, name)

    def _discover(self, group_version: str, kind: str) -> Resource:
        with self._lock:
            found = self._discovered.get((group_version, kind))
        if found is not None:
            return found
        versions = (group_version,) if group_version else self._preferred_versions()
        for version in versions:
            prefix = "/apis/" if "/" in version else "/api/"
            for entry in self._patient("GET", prefix + version).get("resources") or []:
                if entry["kind"] == kind and "/" not in entry["name"]:
                    found = Resource(version, kind, entry["name"], entry["namespaced"])
                    with self._lock:
                        self._discovered[(group_version, kind)] = found
                    return found
        raise NotFound(f"{self.server} serves no kind {kind!r}{f' in {group_version}' if group_version else ''}")

    def _preferred_versions(self) -> Iterable[str]:
        groups = self._patient("GET", "/apis").get("groups") or []
        return [group["preferredVersion"]["groupVersion"] for group in groups]


class Watching:
    """The changes of one kind; an iterator that close() ends from any thread.

    Lists first, then watches; begins anew after 410, a cut connection or a lost server.
    """

    def __init__(self, kube: Kube, resource: Resource, namespace: str, labels: str, until: float) -> None:
        self._kube = kube
        self._resource = resource
        self._namespace = namespace
        self._labels = labels
        self._until = until
        self._response: Any = None
        self._closed = threading.Event()
        self._changes = self._follow()

    def __iter__(self) -> Iterator[Change]:
        return self

    def __next__(self) -> Change:
        return next(self._changes)

    def close(self) -> None:
        """End the watch; a reader that waits for its next change ends at once."""
        self._closed.set()
        response = self._response
        if response is not None:
            try:
                response.shutdown()
            except (ValueError, RuntimeError, OSError):
                return  # it has ended by itself meanwhile

    def _over(self) -> bool:
        return self._closed.is_set() or bool(self._until and time.monotonic() >= self._until)

    def _follow(self) -> Iterator[Change]:
        while not self._over():
            items, version = self._kube._list(self._resource, self._namespace, self._labels, "")  # noqa: SLF001 - two halves of one adapter
            yield from (Change("RELISTED", item) for item in items)
            yield Change("LISTED", {})
            while version and not self._over():
                version = yield from self._one_watch(version)

    def _one_watch(self, version: str) -> Generator[Change, None, str]:
        """Yield the changes of one request; return the version to go on from, or "" to list anew."""
        seconds = _WATCH_SECONDS
        if self._until:
            seconds = max(1, min(seconds, int(self._until - time.monotonic()) + 1))
        query = {"watch": "1", "resourceVersion": version, "timeoutSeconds": str(seconds)}
        query.update({"allowWatchBookmarks": "true", **({"labelSelector": self._labels} if self._labels else {})})
        path = self._resource.path(self._namespace)
        self._response = self._kube._open_watch(path, query, seconds + 10.0)  # noqa: SLF001 - two halves of one adapter
        if self._response is None:
            return ""
        try:
            for line in self._lines():
                event = json.loads(line)
                item = event["object"]
                if event["type"] == "ERROR":
                    return ""  # 410 and every other trouble of a watch: what was missed is in the next list
                version = item["metadata"]["resourceVersion"]
                if event["type"] != "BOOKMARK":
                    yield Change(event["type"], item)
        except (urllib3.exceptions.HTTPError, OSError, ValueError):
            return version  # the connection is gone: the next request says whether the server is, too
        finally:
            self._response.close()
        return version

    def _lines(self) -> Iterator[bytes]:
        rest = b""
        for chunk in self._response.stream(amt=None, decode_content=False):
            if self._over():
                return
            *whole, rest = (rest + chunk).split(b"\n")
            yield from whole


def _reply(status: int, text: str, warnings: tuple[str, ...]) -> Reply:
    """Read an answer: an object, a Status, or plain text (kept under "text")."""
    try:
        body = json.loads(text)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        return Reply(status, "", "" if status < 300 else text.strip()[:300], (), warnings, {"text": text})
    if body.get("kind") != "Status" or status < 300:
        return Reply(status, "", "", (), warnings, body)
    details = body.get("details") or {}
    causes = tuple(
        Cause(cause.get("field", ""), cause.get("reason", ""), cause.get("message", ""))
        for cause in details.get("causes") or []
    )
    return Reply(status, body.get("reason", ""), body.get("message", ""), causes, warnings, body)


def _translated(method: str, path: str, reply: Reply) -> ApiTrouble:
    """Say a refusal in the port's words."""
    said = f"{method} {path}: {reply.status} {reply.reason}: {reply.message}".replace(" : ", ": ")
    if reply.status == 404:
        return NotFound(said)
    if reply.status == 409:
        return Conflict(said)
    if reply.status in (400, 413, 422):
        return Refused(said, reply)
    if reply.status in (401, 403):
        return Forbidden(said)
    return Unreachable(said) if reply.status >= 500 else ApiTrouble(said)


def _warnings(headers: Iterable[str]) -> Iterator[str]:
    """Read the texts out of Warning headers (RFC 7234 §5.5: code, agent, quoted text)."""
    for header in headers:
        for text in re.findall(r'\d{3} \S+ "((?:[^"\\]|\\.)*)"', header):
            yield re.sub(r"\\(.)", r"\1", text)


def _ahead(date: str, known: float) -> float:
    """Return how far a Date header is ahead of this machine's clock; *known* where it says nothing."""
    try:
        return parsedate_to_datetime(date).timestamp() - time.time()
    except ValueError:
        return known


def _seconds(header: str) -> float:
    """Read a Retry-After header; dates and nonsense count as no wish."""
    return float(header) if header.isdigit() else 0.0


def _plainly(problem: object) -> str:
    """Say a transport problem without the library's wrapping."""
    said = re.sub(r"^\S*(?:Connection|Pool)\(host=[^)]*\): ", "", str(problem).replace("\n", ": "))
    kind = type(problem).__name__
    return said if isinstance(problem, str) or kind in said else f"{kind}: {said}"


def _cure(seen: str) -> str:
    """Name the likeliest cure for a server that gives no answer."""
    if "certificate" in seen.lower() or "ssl" in seen.lower():
        return "the kubeconfig's certificate authority does not fit this server: is it from an older cluster?"
    if "refused" in seen.lower():
        return "nothing listens there: is the cluster up? (svcproof lab status, kind get clusters)"
    if "resolve" in seen.lower() or "name" in seen.lower():
        return "the server's name is not known here: check the kubeconfig's server and this machine's DNS"
    return "check that this machine has a route to the server and that the context is the one you mean"
