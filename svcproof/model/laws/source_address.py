"""Laws about the source address that a backend sees: the vantage's own, or a node's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from ipaddress import IPv4Address, IPv6Address, ip_address

from svcproof.model import telling
from svcproof.model.evidence import conclude, open_case, weigh
from svcproof.model.history import Exchange, History, Outcome
from svcproof.model.verdict import Verdict, unknown

Addresses = Collection[str] | Mapping[str, Collection[str]]
"""Addresses, or addresses by the vantage they belong to."""


def source_address_preserved(history: History, *, addresses: Addresses) -> Verdict:
    """Each backend saw a request come from one of its vantage's own addresses: nobody rewrote the source.

    Promised between pods (Kubernetes network model) and with ``externalTrafficPolicy: Local`` from outside.
    """
    return _seen_from(history, addresses, whose="its own")


def source_address_is_a_nodes(history: History, *, addresses: Addresses) -> Verdict:
    """Each backend saw a request come from one of these node addresses: the source was rewritten on the way.

    The complement, as with ``externalTrafficPolicy: Cluster`` for traffic from outside (Kubernetes docs, Using
    Source IP); CNIs may legitimately preserve it there, so ask only where rewriting is what is studied.
    """
    return _seen_from(history, addresses, whose="a node's")


def host(endpoint: str) -> IPv4Address | IPv6Address | None:
    """Return the address of "ip", "ip:port" or "[ip]:port", with IPv4 in IPv6 unwrapped; None when it is none."""
    bare = endpoint.strip()
    if bare.startswith("["):
        bare = bare[1:].partition("]")[0]
    elif bare.count(":") == 1:
        bare = bare.partition(":")[0]
    try:
        found = ip_address(bare)
    except ValueError:
        return None
    return (found.ipv4_mapped or found) if isinstance(found, IPv6Address) else found


def _seen_from(history: History, addresses: Addresses, *, whose: str) -> Verdict:
    case = open_case(history, unsent=1.0)
    allowed = {
        stream.vantage: {host(one) for one in _of_vantage(addresses, stream.vantage)}
        for stream in case.streams.values()
    }
    known: dict[str, IPv4Address | IPv6Address | None] = {}
    for exchange in case.judged:
        if exchange.source not in known:
            known[exchange.source] = host(exchange.source)

    def vantage(exchange: Exchange) -> str:
        return case.streams[exchange.stream].vantage

    answered = [one for one in case.judged if one.outcome is Outcome.ANSWERED]
    signed = [one for one in answered if known[one.source] is not None]
    seen = Counter(str(known[one.source]) for one in signed)
    if not signed:
        return unknown(f"no answer says which source it saw. {case.tally() if case else ''}".strip(), **case.figures)
    evidence = weigh(
        case,
        lambda one: (
            one.outcome is Outcome.ANSWERED
            and known[one.source] is not None
            and known[one.source] not in allowed[vantage(one)]
        ),
    )
    fine = f"{telling.count(len(signed), 'answer')} saw {whose} address as the source: {telling.shares(seen)}"
    if not evidence.bad and len(signed) < len(answered):
        silent = len(answered) - len(signed)
        return unknown(
            f"{silent:,} of {telling.count(len(answered), 'answer')} do not say which source they saw. {fine}"
        )

    def says(exchange: Exchange) -> str:
        wanted = telling.names({str(one) for one in allowed[vantage(exchange)] if one}, most=3)
        return f"seen by backends as coming from {known[exchange.source]}, wanted {whose} {wanted}"

    return conclude(case, evidence, fine, says=says, sources_seen=len(seen))


def _of_vantage(addresses: Addresses, vantage: str) -> Collection[str]:
    return addresses.get(vantage, ()) if isinstance(addresses, Mapping) else addresses
