"""One fault put in and taken out again: each time seen, from outside the suite."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass

from svcproof.cluster.api import ApiTrouble
from svcproof.cluster.waiting import Deadline, NotConverged, Rounds, Sighting, await_state
from svcproof.faults.fault import Evidence, Fault
from svcproof.faults.ground import Ground

BETWEEN_LOOKS = 0.25


@dataclass(frozen=True)
class Look:
    """What in_effect said, *seconds* after the deed that it was to see."""

    evidence: Evidence
    seconds: float


def look_until(fault: Fault, ground: Ground, holds: bool, within: float) -> Look:
    """Look until the fault is (not) in effect, or time is over: the last look either way.

    A look that cannot be made, because of what else is wrong, counts as no evidence.
    """
    began = time.monotonic()
    last: list[Evidence] = []

    def look() -> Sighting[Evidence]:
        try:
            evidence = fault.in_effect(ground)
        except (ApiTrouble, NotConverged) as trouble:
            evidence = Evidence(not holds, f"it cannot be seen: {trouble}")
        last[:] = [evidence]
        return Sighting(evidence.because, evidence if evidence.holds is holds else None)

    with suppress(NotConverged):  # the last look says so
        await_state(f"{fault.name} {'in effect' if holds else 'gone'}", look, Deadline(within), Rounds(BETWEEN_LOOKS))
    return Look(last[0], time.monotonic() - began)
