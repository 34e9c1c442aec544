"""What a namespace holds, kept up to date by watches that the waits and the history share."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from svcproof.cluster.api import ApiTrouble, Change, ClusterApi, Object, Unreachable, Watch
from svcproof.cluster.waiting import Bell, Deadline
from svcproof.model.evidence import RECOVERY_SECONDS

Listener = Callable[[str, Object | None, Object | None], None]
"""Is told each change as (kind, before, after); None where the object was not there, or is no more."""


@dataclass
class _Followed:
    watch: Watch
    thread: threading.Thread
    objects: dict[str, Object] = field(default_factory=dict)
    synced: threading.Event = field(default_factory=threading.Event)
    relisted: set[str] = field(default_factory=set)
    trouble: str = ""


class Watches:
    """The objects of one namespace, by kind and name; a kind is watched from the first time it is asked for.

    Costs one connection and one thread a kind. `close()` ends them all.
    """

    def __init__(self, api: ClusterApi, namespace: str, listener: Listener | None = None) -> None:
        self.namespace = namespace
        self.news = Bell()
        self._api = api
        self._listener = listener
        self._lock = threading.Lock()
        self._followed: dict[str, _Followed] = {}
        self._closed = False

    def objects(self, kind: str, sync_seconds: float = 20.0) -> list[Object]:
        """Return the namespace's objects of this kind, by name; raise ApiTrouble when the watch has no first list."""
        followed = self._follow(kind)
        if not followed.synced.wait(Deadline(sync_seconds).left) or followed.trouble:
            raise ApiTrouble(f"watch {kind} in {self.namespace}: {followed.trouble or 'no first list came'}")
        with self._lock:
            return [followed.objects[name] for name in sorted(followed.objects)]

    def get(self, kind: str, name: str) -> Object | None:
        """Return one object, or None."""
        return next((item for item in self.objects(kind) if item["metadata"]["name"] == name), None)

    def catch_up(self, seconds: float = 10.0) -> None:
        """Return once the watches have brought all that the API server holds now; raise ApiTrouble where they lag.

        A runner that is short of processor time hears of a change late, which is no fault of the cluster's; nor is it
        when an API server was away: Unreachable for a while after. Costs a list for each kind that is watched.
        Resource versions of one kind compare as numbers (KEP-5504).
        """
        within = Deadline(seconds)
        for kind, followed in list(self._followed.items()):
            while True:
                number = self.news.number
                now = {item["metadata"]["name"]: _version(item) for item in self._api.list(kind, self.namespace)}
                if self._has(followed, now):
                    break
                if within.passed or followed.trouble:
                    raise ApiTrouble(f"watch {kind} in {self.namespace} lags behind by more than {seconds:g} s")
                self.news.wait(number, within.left)
        if (ago := self._api.silent_ago()) < RECOVERY_SECONDS:
            raise Unreachable(f"nobody could connect to it {ago:.0f} s ago, and controllers may still be coming back")

    def _has(self, followed: _Followed, now: dict[str, int]) -> bool:
        """Whether a kind's objects are those of a list, or later ones."""
        with self._lock:
            known = {name: _version(item) for name, item in followed.objects.items()}
        return now.keys() == known.keys() and all(known[name] >= version for name, version in now.items())

    def close(self) -> None:
        """End every watch."""
        with self._lock:
            self._closed = True
            every = list(self._followed.values())
        for followed in every:
            followed.watch.close()
        for followed in every:
            followed.thread.join(timeout=2.0)

    def _follow(self, kind: str) -> _Followed:
        with self._lock:
            if kind in self._followed:
                return self._followed[kind]
            thread = threading.Thread(target=self._read, args=(kind,), name=f"watch {kind}", daemon=True)
            followed = _Followed(self._api.watch(kind, self.namespace), thread)
            self._followed[kind] = followed
        thread.start()
        return followed

    def _read(self, kind: str) -> None:
        followed = self._followed[kind]
        try:
            for change in followed.watch:
                if self._closed:
                    return
                self._take(kind, followed, change)
        except ApiTrouble as trouble:
            followed.trouble = str(trouble)
        finally:
            followed.synced.set()
            self.news.ring()

    def _take(self, kind: str, followed: _Followed, change: Change) -> None:
        if change.type == "LISTED":
            for name in set(followed.objects) - followed.relisted:
                self._replace(kind, followed, name, None)
            followed.relisted = set()
            followed.synced.set()
        else:
            name = change.object["metadata"]["name"]
            if change.type == "RELISTED":
                followed.relisted.add(name)
            self._replace(kind, followed, name, None if change.type == "DELETED" else change.object)
        self.news.ring()

    def _replace(self, kind: str, followed: _Followed, name: str, after: Object | None) -> None:
        with self._lock:
            before = followed.objects.get(name)
            if after is None:
                followed.objects.pop(name, None)
            else:
                followed.objects[name] = after
        if self._listener is not None and before != after:
            self._listener(kind, before, after)


def _version(item: Object) -> int:
    number = item["metadata"].get("resourceVersion", "")
    return int(number) if number.isdigit() else 0
