"""The layers a connection goes through on its way to a backend, what was found at each, and which is to blame."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

HINT = "; by now every layer is in order"
"""What a cause line says that only hints give."""


class Layer(Enum):
    """Where trouble may lie, in the order in which one depends on the one before."""

    SERVICE = "Service object"
    SLICES = "EndpointSlice"
    POD = "pod"
    POLICY = "network policy"
    PROXY = "proxy"
    BALANCER = "load balancer"
    DNS = "DNS"
    PROBER = "prober"


@dataclass(frozen=True)
class Finding:
    """What was found at one layer; *node* where the layer has a part on each, *well* None where nobody could look.

    *weak* marks what hints at a layer and proves nothing: it only counts where nothing else was found.
    """

    layer: Layer
    says: str
    well: bool | None = False
    node: str = ""
    weak: bool = False

    @property
    def where(self) -> str:
        """The layer as people call it: "proxy on node-2"."""
        return f"{self.layer.value} on {self.node}" if self.node else self.layer.value

    def __str__(self) -> str:
        return f"{self.where}: {self.says}"


_ALL = tuple(Layer)
_API = (Layer.SERVICE,)
_LISTING = (Layer.SERVICE, Layer.SLICES)
_NAMES = (Layer.SERVICE, Layer.SLICES, Layer.DNS, Layer.PROBER)
_PODS = (Layer.SERVICE, Layer.POD)
_LAST = {_ALL: Layer.PROXY, _API: Layer.SERVICE, _LISTING: Layer.SLICES, _NAMES: Layer.DNS, _PODS: Layer.POD}
"""The layer whose own promise it is, when all that it depends on is in order."""

_API_LAWS = (
    "accepted", "added_range_goes", "added_range_stays", "as_it_was", "given_what_it_asked_for", "granted_or_held",
    "has", "is_given", "keeps", "none_appeared", "none_left", "nothing_left", "refused_as", "spec",
    "stays_without_address", "stored_alike", "tell_addresses",
)  # fmt: skip
_LISTING_LAWS = (
    "endpoints_are_the_ready_backends", "hints_name_nodes", "legacy_agrees", "lists_one_that_is", "slices_gone",
    "tells_pods_as_they_are",
)  # fmt: skip
_NAME_LAWS = (
    "asks_cluster_dns", "name_never_denied", "no_such_name", "points_to_exactly", "resolves_to_exactly", "searches",
)  # fmt: skip
_POD_LAWS = ("addresses_of_their_own", "every_pod_has", "no_pod_knows", "no_pod_knows_others", "same_pods")

CONCERNED = {
    **dict.fromkeys(_API_LAWS, _API),
    **dict.fromkeys(_LISTING_LAWS, _LISTING),
    **dict.fromkeys(_NAME_LAWS, _NAMES),
    **dict.fromkeys(_POD_LAWS, _PODS),
}
"""Which layers the promise behind a law goes through; the laws of traffic go through all of them."""


def cause(findings: Sequence[Finding], law: str = "") -> str:
    """Return the one line that says which layer is to blame for a broken *law*.

    The first layer in order that is not well: what comes after it cannot be better. On several nodes the same trouble
    is said once. Where every layer is well by now, it is the one whose own promise the law is.
    """
    concerned = CONCERNED.get(law, _ALL)
    bad = [one for one in findings if one.well is False and one.layer in concerned]
    hints = [one for one in bad if not law or one.layer in (Layer.POLICY, Layer.PROXY, Layer.PROBER)]
    for candidates, more in (([one for one in bad if not one.weak], ""), (hints, HINT)):
        for layer in concerned:
            if here := [one for one in candidates if one.layer is layer]:
                return f"{_together(here)}{more}"
    if not law:
        return ""
    last = _LAST[concerned]
    fine = {one.layer for one in findings if one.well}
    before = [layer.value for layer in concerned[: concerned.index(last)] if layer in fine]
    others = f"; in order as they stand now: {', '.join(before)}" if before else ""
    return f"{last.value}: what broke is its own promise{others}"


def _together(findings: list[Finding]) -> str:
    first = findings[0]
    others = [one.node for one in findings[1:] if one.node and one.node != first.node]
    also = f"; likewise on {', '.join(dict.fromkeys(others))}" if others else ""
    return f"{first}{also}"


def table(findings: Iterable[Finding]) -> str:
    """Return every layer with what was found there, in order, for people to read."""
    marks = {True: "in order", False: "NOT", None: "unseen"}
    ordered = sorted(findings, key=lambda one: list(Layer).index(one.layer))
    width = max((len(one.where) for one in ordered), default=0)
    return "".join(f"{one.where:<{width}}  {marks[one.well]:<8}  {one.says}\n" for one in ordered)
