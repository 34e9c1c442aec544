"""Laws about names: they resolve to exactly this, or do not exist."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

from svcproof.model import telling
from svcproof.model.evidence import conclude, open_case, weigh
from svcproof.model.history import Exchange, History, Outcome
from svcproof.model.verdict import Verdict, unknown

DENIALS = ("NXDOMAIN", "EAI_NONAME")
"""The words of a name server, and of a resolver, for a name that does not exist."""


def resolved(exchange: Exchange, type: str = "") -> frozenset[str]:  # noqa: A002 - the DNS word for it
    """Return what a query resolved to, as "TYPE value"; only of one type where it is given."""
    return frozenset(answer for answer in exchange.answers if not type or answer.partition(" ")[0] == type)


def resolves_otherwise(exchange: Exchange, records: Collection[str], type: str = "") -> bool:  # noqa: A002
    """Say whether a query did not resolve to exactly these records.

    A record is a value ("10.96.0.7") or a type with its value ("SRV 0 50 80 web.shop.svc.cluster.local.").
    """
    if exchange.outcome is not Outcome.ANSWERED:
        return True
    found = resolved(exchange, type)
    types = {"A", "AAAA", "CNAME", "SRV", "PTR", "TXT", "NS", "SOA", "MX"}
    typed = {record for record in records if record.partition(" ")[0] in types and " " in record}
    return {one if typed else one.partition(" ")[2] for one in found} != set(records)


def resolves_to_exactly(history: History, *, records: Sequence[str], type: str = "") -> Verdict:  # noqa: A002
    """Each query resolves to exactly these records: no more, no fewer, in any order.

    The form of the names is the Kubernetes DNS specification's. *type* leaves out answers of other types (the CNAME
    on the way to an address, say).
    """
    case = open_case(history)

    def says(exchange: Exchange) -> str:
        if exchange.outcome is not Outcome.ANSWERED:
            return telling.how_it_ended(exchange)
        return f"resolved to {telling.names(resolved(exchange, type))}, wanted {telling.names(records)}"

    evidence = weigh(case, lambda one: resolves_otherwise(one, records, type))
    fine = f"{telling.count(len(case.judged), 'query')} resolved to exactly {telling.names(records)}"
    return conclude(case, evidence, fine, says=says)


def points_to_exactly(history: History, *, targets: Sequence[str]) -> Verdict:
    """Each query for SRV records gives exactly these targets, as "PORT NAME"; weights are the DNS's own business.

    The form of the names is the Kubernetes DNS specification's (section 2.3.2 and 2.4.2).
    """
    case = open_case(history)

    def found(exchange: Exchange) -> set[str]:
        return {answer.split(" ", 3)[3] for answer in resolved(exchange, "SRV")}

    def says(exchange: Exchange) -> str:
        if exchange.outcome is not Outcome.ANSWERED:
            return telling.how_it_ended(exchange)
        return f"pointed to {telling.names(found(exchange))}, wanted {telling.names(targets)}"

    evidence = weigh(case, lambda one: one.outcome is not Outcome.ANSWERED or found(one) != set(targets))
    fine = f"{telling.count(len(case.judged), 'query')} pointed to exactly {telling.names(targets)}"
    return conclude(case, evidence, fine, says=says)


def no_such_name(history: History, *, codes: Sequence[str] = ("NXDOMAIN",)) -> Verdict:
    """Each query is told, definitely, that there is no such name; silence or a failing resolver proves nothing.

    *codes* are the response codes that say so (RFC 2308, section 2: NXDOMAIN for the name, NODATA for the type). Where
    only the type is to be missing, NXDOMAIN is a definite word, too, and wrong: the name exists.
    """
    case = open_case(history)

    def is_bad(exchange: Exchange) -> bool:
        found = exchange.outcome is Outcome.ANSWERED and bool(exchange.answers)
        return found or (not set(codes) & set(DENIALS) and _denied(exchange))

    def says(exchange: Exchange) -> str:
        if _denied(exchange):
            return f"was told {exchange.detail.split()[0].rstrip(';:,')}, wanted {telling.names(codes)}"
        return f"resolved to {telling.names(resolved(exchange))}"

    evidence = weigh(case, is_bad)
    told = Counter((one.detail.split() or ["nothing"])[0].rstrip(";:,") for one in case.judged)
    fine = f"{telling.count(len(case.judged), 'query')}: {telling.shares(told)}"
    unsaid = [one for one in case.judged if not one.detail.startswith(tuple(codes))]
    if case and not evidence.bad and not evidence.at_the_edge and unsaid:
        return unknown(
            f"{len(unsaid):,} of {telling.count(len(case.judged), 'query')} got no definite word "
            f"({telling.names(codes)} wanted): {telling.shares(told)}. {telling.pointer(unsaid[0], unsaid[-1])}",
            **case.figures,
        )
    return conclude(case, evidence, fine, says=says)


def name_never_denied(history: History) -> Verdict:
    """No query is told that the name does not exist: who hears that asks no more, however soon the next would be told.

    RFC 8020, section 2: NXDOMAIN is a word about the name, and resolvers go by it. Silence is another law's matter.
    """
    case = open_case(history)
    evidence = weigh(case, _denied)
    fine = f"{telling.count(len(case.judged), 'query')}: nobody was told that there is no such name"
    return conclude(case, evidence, fine)


def _denied(exchange: Exchange) -> bool:
    return exchange.outcome is Outcome.NO_NAME and exchange.detail.startswith(DENIALS)
