"""The laws, by name: each a pure function of a history and JSON-able arguments that gives a verdict."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from svcproof.model.laws.affinity import (
    not_the_same_backend_for_ever,
    one_backend_per_connection,
    same_backend_for_one_source,
)
from svcproof.model.laws.availability import unavailable_for_at_most
from svcproof.model.laws.bodies import body_arrives_whole
from svcproof.model.laws.convergence import converged_within, new_backends_answer_within
from svcproof.model.laws.delivery import (
    every_exchange_answered,
    kept_connections_not_cut,
    no_connection_held_up,
    no_exchange_answered,
    none_lost,
    prober_kept_schedule,
    refused_not_lost,
)
from svcproof.model.laws.names import name_never_denied, no_such_name, points_to_exactly, resolves_to_exactly
from svcproof.model.laws.reached import reached_at_own_address
from svcproof.model.laws.readiness import none_answered_before_ready
from svcproof.model.laws.selection import (
    every_address_reached,
    every_backend_answered,
    none_of_these_answered,
    only_these_answered,
)
from svcproof.model.laws.source_address import source_address_is_a_nodes, source_address_preserved
from svcproof.model.laws.spread import spread_over_backends
from svcproof.model.verdict import Verdict

Law = Callable[..., Verdict]

_EVERY: tuple[Law, ...] = (
    every_exchange_answered,
    none_lost,
    refused_not_lost,
    no_exchange_answered,
    no_connection_held_up,
    kept_connections_not_cut,
    prober_kept_schedule,
    only_these_answered,
    every_backend_answered,
    every_address_reached,
    none_of_these_answered,
    none_answered_before_ready,
    spread_over_backends,
    same_backend_for_one_source,
    not_the_same_backend_for_ever,
    one_backend_per_connection,
    source_address_preserved,
    source_address_is_a_nodes,
    reached_at_own_address,
    converged_within,
    new_backends_answer_within,
    unavailable_for_at_most,
    resolves_to_exactly,
    points_to_exactly,
    no_such_name,
    name_never_denied,
    body_arrives_whole,
)

LAWS: Mapping[str, Law] = MappingProxyType({getattr(law, "__name__", ""): law for law in _EVERY})
