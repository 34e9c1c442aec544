"""The law about content: an answer arrives whole."""

from __future__ import annotations

from svcproof.model import telling
from svcproof.model.evidence import conclude, open_case, unanswered, weigh
from svcproof.model.history import Exchange, History
from svcproof.model.verdict import Verdict, unknown


def body_arrives_whole(history: History, *, size: int, digest: str = "") -> Verdict:
    """Each answer's body has *size* bytes, and the sha256 *digest* (hexadecimal) where one is given.

    A wrong MTU on the path shows here: small answers pass, large ones stall or come short.
    """
    case = open_case(history, unsent=1.0)
    wanted = f"sha256:{digest.removeprefix('sha256:')}"

    def broken(exchange: Exchange) -> bool:
        return unanswered(exchange) or exchange.size != size or ("sha256:" in exchange.detail and _changed(exchange))

    def _changed(exchange: Exchange) -> bool:
        return bool(digest) and wanted not in exchange.detail

    def says(exchange: Exchange) -> str:
        if unanswered(exchange):
            return f"{telling.how_it_ended(exchange)} after {exchange.size:,} of {size:,} bytes"
        if exchange.size != size:
            return f"answered with {exchange.size:,} of {size:,} bytes"
        return "answered with other bytes than were sent (the digest differs)"

    evidence = weigh(case, broken)
    fine = f"{telling.count(len(case.judged), 'body').replace('bodys', 'bodies')} of {size:,} bytes arrived whole"
    if digest and case and not evidence.bad and any("sha256:" not in one.detail for one in case.judged):
        return unknown(f"some answers have no digest to compare; {fine} by size", **case.figures)
    return conclude(case, evidence, fine, says=says, bytes=size * len(case.judged))
