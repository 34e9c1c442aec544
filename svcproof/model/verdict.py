"""Three honest answers: met, violated, unknown; each with its reason."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum


class Violation(AssertionError):  # noqa: N818 - the cluster's fault, not this program's error
    """The cluster was seen to break a promise; behave reports the step as failed."""


class Inconclusive(Exception):  # noqa: N818 - an answer, not an error
    """It could not be told whether the promise is kept; behave reports the step as error."""


class Answer(Enum):
    """What a law says of a history, ordered by how loudly it must be heard."""

    MET = "met"
    UNKNOWN = "unknown"
    VIOLATED = "violated"


@dataclass(frozen=True)
class Verdict:
    """One law's answer: *because* is a sentence a colleague would write; *figures* are what was measured."""

    answer: Answer
    because: str
    figures: Mapping[str, float | int | str] = field(default_factory=dict)

    def require(self) -> Verdict:
        """Return the verdict when met; raise Violation when violated, Inconclusive when unknown."""
        if self.answer is Answer.VIOLATED:
            raise Violation(self.because)
        if self.answer is Answer.UNKNOWN:
            raise Inconclusive(self.because)
        return self


def met(because: str, **figures: float | str) -> Verdict:
    """Say that the promise is kept."""
    return Verdict(Answer.MET, because, figures)


def violated(because: str, **figures: float | str) -> Verdict:
    """Say that the promise was seen broken."""
    return Verdict(Answer.VIOLATED, because, figures)


def unknown(because: str, **figures: float | str) -> Verdict:
    """Say that it cannot be told."""
    return Verdict(Answer.UNKNOWN, because, figures)


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """Combine verdicts: violated beats unknown beats met; none at all is unknown.

    The reasons of the loudest answer are joined; the figures of all are kept.
    """
    every = list(verdicts)
    if not every:
        return unknown("no law was asked")
    order = [Answer.MET, Answer.UNKNOWN, Answer.VIOLATED]
    loudest = max((verdict.answer for verdict in every), key=order.index)
    figures: dict[str, float | int | str] = {}
    for verdict in every:
        figures.update(verdict.figures)
    return Verdict(loudest, "; ".join(v.because for v in every if v.answer is loudest), figures)
