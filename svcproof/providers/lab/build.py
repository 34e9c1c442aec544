"""Everything a lab is made of that outlives it: programs, then images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from svcproof.providers.lab.images import Image, ensure_images
from svcproof.providers.lab.programs import Programs, ensure_programs
from svcproof.providers.lab.progress import Report

ALWAYS = ("pause", "coredns", "nginx", "busybox", "python", "redis")
"""The image roles of every lab."""

FOR_ADD_ON: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"metallb": ("metallb-controller", "metallb-speaker"), "traefik": ("traefik",)}
)
"""Add-on → the image roles that it adds."""


def build_everything(
    kubernetes: str, add_ons: Sequence[str], cache: Path, report: Report
) -> tuple[Programs, dict[str, Image]]:
    """Build the programs and make the images of a lab; what *cache* holds already is taken from there.

    Minutes the first time, then a tenth of a second. Raises SetupProblem, naming the cure.
    """
    programs = ensure_programs(kubernetes, add_ons, cache=cache, report=report)
    roles = (*ALWAYS, *(role for add_on in add_ons for role in FOR_ADD_ON[add_on]))
    return programs, ensure_images(programs, roles, cache=cache, report=report)
