"""What a law about losses takes for granted: backends that nobody touched stay ready and do not restart."""

from __future__ import annotations

from collections.abc import Collection

from svcproof.model.history import Event, History, Kind
from svcproof.model.verdict import Answer, Verdict, unknown


def gave_up(history: History, touched: Collection[str], *, since: float = 0.0) -> list[Event]:
    """Return the moments at which pods turned unready or restarted by themselves; *touched* are the scenario's doing.

    A backend that terminates is not unready by itself: the API server was asked to end it.
    """
    return [
        event
        for event in history.events
        if event.kind is Kind.POD
        and event.at >= since
        and event.subject not in touched
        and (event.says == "is not ready" or event.says.startswith("restarted"))
    ]


def unless_backends_gave_up(verdict: Verdict, history: History, touched: Collection[str], *, since: float) -> Verdict:
    """Turn a violation into unknown where backends gave up by themselves while the traffic ran.

    Where a backend fails its readiness probe (on a starved machine, say) connections to it are lost on the way to it,
    and no data plane can help that.
    """
    found = gave_up(history, touched, since=since) if verdict.answer is Answer.VIOLATED else []
    if not found:
        return verdict
    first = found[0]
    others = f" (and {len(found) - 1} more such moments)" if len(found) > 1 else ""
    return unknown(
        f"backend {first.subject} {first.says} at {first.at:.2f} s, and nobody had touched it{others}: what was lost "
        f"may be its doing. What was seen: {verdict.because}",
        **verdict.figures,
    )
