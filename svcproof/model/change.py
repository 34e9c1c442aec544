"""What may become of backends, as values."""

from __future__ import annotations

from enum import Enum


class Some(Enum):
    """Which backends of a Service."""

    ONE = "one backend"
    EVERY = "every backend"


class Transition(Enum):
    """What becomes of a backend."""

    UNREADY = "turns unready"
    READY = "turns ready"
    DELETED = "is deleted"
    FORCED = "is deleted by force"
    UNLABELLED = "loses its label"
    LABELLED = "regains its label"
    SUCCEEDED = "succeeds"  # of a bare pod: its program ends, and nobody starts it anew
    FAILED = "fails"

    @property
    def followed(self) -> bool:
        """Whether EndpointSlices follow it by itself.

        A pod that has ended may stay listed until another change: the EndpointSlice controller heeds a pod's readiness
        at once, and not the phase that is told after it.
        """
        return self not in (Transition.SUCCEEDED, Transition.FAILED)
