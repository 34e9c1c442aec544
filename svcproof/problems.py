"""What stops a command before it can answer: said once, with the cure."""

from __future__ import annotations


class SetupProblem(Exception):  # noqa: N818 - it is a problem to solve, not a defect of this program
    """Something outside the cluster's contract stands in the way; the command ends with exit code 2.

    *what* says what was wanted and what was seen; *cure* says what to do next.
    """

    def __init__(self, what: str, cure: str = "") -> None:
        super().__init__(f"{what}\n  cure: {cure}" if cure else what)
        self.what = what
        self.cure = cure
