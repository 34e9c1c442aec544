"""The law about where a backend sees itself reached: at its own address and target port, never the Service's."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from svcproof.model import telling
from svcproof.model.evidence import conclude, open_case, weigh
from svcproof.model.history import Exchange, History, Outcome
from svcproof.model.verdict import Verdict, unknown


def reached_at_own_address(history: History, *, addresses: Mapping[str, Collection[str]]) -> Verdict:
    """Each backend that answered saw itself reached at one of its own addresses and ports.

    *addresses* is what a backend may see, by its name, as "10.1.2.3:8080". A Service's address is virtual and its
    port is translated (Kubernetes docs, Virtual IPs and Service Proxies): behind it a pod only knows its own.
    """
    case = open_case(history, unsent=1.0)
    signed = [one for one in case.judged if one.outcome is Outcome.ANSWERED and one.backend and one.reached]
    if not signed:
        return unknown(f"no answer says where it was reached. {case.tally() if case else ''}".strip(), **case.figures)
    known = {id(one) for one in signed}
    evidence = weigh(case, lambda one: id(one) in known and one.reached not in addresses.get(one.backend, ()))
    fine = f"{telling.count(len(signed), 'answer')} came from backends reached at {telling.names(_seen(signed))}"

    def says(exchange: Exchange) -> str:
        wanted = telling.names(addresses.get(exchange.backend, ())) or "nothing that is known"
        return f"answered by {exchange.backend}, reached at {exchange.reached}, wanted {wanted}"

    return conclude(case, evidence, fine, says=says)


def _seen(signed: Collection[Exchange]) -> set[str]:
    return {one.reached for one in signed}
