"""Where the suite's own files lie: beside the package in a checkout, inside it in a wheel."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from svcproof.problems import SetupProblem

_PACKAGE = Path(__file__).resolve().parent


@cache
def suite_root() -> Path:
    """The folder that holds features/, steps/, environment.py and fixtures/."""
    for root in (_PACKAGE / "suite", _PACKAGE.parent):
        if (root / "features").is_dir() and (root / "fixtures").is_dir():
            return root
    raise SetupProblem(
        f"no features/ and fixtures/ lie in {_PACKAGE / 'suite'} or {_PACKAGE.parent}",
        "install svcproof anew, or run it from a whole checkout",
    )


def features() -> Path:
    """The feature files."""
    return suite_root() / "features"


def fixtures() -> Path:
    """The pinned Go modules, images, manifests and recorded histories."""
    return suite_root() / "fixtures"
