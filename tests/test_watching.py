"""A watch that lags behind blames nobody: before a contract's last look it is brought up to date, or said to lag."""

from __future__ import annotations

import threading

import pytest
from memory_cluster import MemoryCluster, pod

from svcproof.cluster.api import ApiTrouble, Change, Object
from svcproof.cluster.waiting import Deadline, NotConverged, Sighting, TooLate, await_state
from svcproof.cluster.watching import Watches


class LateCluster(MemoryCluster):
    """Holds back what happens until it is let through."""

    def __init__(self) -> None:
        super().__init__()
        self.held: list[tuple[tuple[str, str, str], Change]] = []

    def _tell(self, key: tuple[str, str, str], change: Change) -> None:
        self.held.append((key, change))

    def let_through(self) -> None:
        for key, change in self.held:
            super()._tell(key, change)
        self.held.clear()


def versioned(name: str, version: int) -> Object:
    made = pod(name)
    made["metadata"]["resourceVersion"] = str(version)
    return made


@pytest.fixture
def cluster() -> LateCluster:
    made = LateCluster()
    made.put(versioned("web-1", 5))
    made.held.clear()
    return made


@pytest.fixture
def watches(cluster: LateCluster):
    made = Watches(cluster, "shop")
    made.objects("Pod")
    yield made
    made.close()


def names(watches: Watches) -> list[str]:
    return [item["metadata"]["name"] for item in watches.objects("Pod")]


def test_a_watch_that_has_everything_is_caught_up_at_once(watches: Watches) -> None:
    watches.catch_up(0.0)


@pytest.mark.parametrize("change", ["made", "changed", "deleted"])
def test_a_watch_that_lags_is_waited_for(cluster: LateCluster, watches: Watches, change: str) -> None:
    {
        "made": lambda: cluster.put(versioned("web-2", 6)),
        "changed": lambda: cluster.put(versioned("web-1", 6)),
        "deleted": lambda: cluster.delete("Pod", "web-1", "shop"),
    }[change]()
    with pytest.raises(ApiTrouble, match="watch Pod in shop lags behind"):
        watches.catch_up(0.05)
    threading.Timer(0.05, cluster.let_through).start()
    watches.catch_up(10.0)
    assert names(watches) == {"made": ["web-1", "web-2"], "changed": ["web-1"], "deleted": []}[change]


def test_what_came_in_time_is_met_though_the_watch_brought_it_late(cluster: LateCluster, watches: Watches) -> None:
    cluster.put(versioned("web-2", 6))
    threading.Timer(0.2, cluster.let_through).start()

    def look() -> Sighting[int]:
        seen = names(watches)
        return Sighting(", ".join(seen), len(seen) if len(seen) == 2 else None)

    with pytest.raises(TooLate):
        await_state("two pods", look, Deadline(0.01), watches.news, contract=True)
    assert await_state("two pods", look, Deadline(0.01), watches.news, contract=True, catch_up=watches.catch_up) == 2


def test_what_comes_late_after_the_api_server_was_away_is_nobodys_fault(cluster: LateCluster, watches: Watches) -> None:
    cluster.silence = 12.0

    with pytest.raises(NotConverged, match="nobody could connect to it 12 s ago"):
        await_state(
            "two pods",
            lambda: Sighting("one"),
            Deadline(0.01),
            watches.news,
            contract=True,
            catch_up=watches.catch_up,
        )
    cluster.silence = 3600.0
    watches.catch_up(0.0)
