"""What one run is told: which cluster, which images, how long to look, where to write."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from svcproof.problems import SetupProblem

IMAGES: Mapping[str, str] = {
    "nginx": "nginx:1.29-alpine",
    "busybox": "busybox:1.37",
    "python": "python:3-alpine",
    "redis": "redis:8-alpine",
}
"""The image of each role, unless told otherwise (-D image.ROLE=REFERENCE)."""

_LAB_IMAGES = "svcproof.lab/"

_SWITCHES = {"true": True, "yes": True, "1": True, "on": True, "false": False, "no": False, "0": False, "off": False}


@dataclass(frozen=True)
class Settings:
    """One run's settings.

    *budget* is the contract's convergence time: how soon the data plane must follow a change (seconds). *patience*
    scales every other wait, which only bounds how long we are willing to look. *capabilities* names a file that says
    which capabilities are settled already. *first_look_only*: who is to blame for what is not met is not looked into.
    """

    kubeconfig: str = ""
    context: str = ""
    run: str = ""
    worker: str = ""
    images: Mapping[str, str] = field(default_factory=dict)
    image_registry: str = ""
    budget: float = 10.0
    patience: float = 1.0
    node_control: str = ""
    keep_on_failure: bool = False
    first_look_only: bool = False
    report: str = ""
    events: str = ""
    capabilities: str = ""

    def image(self, role: str) -> str:
        """Return the reference of a role's image, from the registry that replaces all others where one is named."""
        if role in self.images:
            return self.images[role]
        reference = IMAGES[role]
        return f"{self.image_registry.rstrip('/')}/{reference}" if self.image_registry else reference

    def with_images_of(self, nodes: Iterable[Mapping[str, Any]]) -> Settings:
        """Return settings that use the lab's own images where every node has one of the role: a lab pulls none."""
        common: dict[str, str] | None = None
        for node in nodes:
            entries = node.get("status", {}).get("images") or []
            found = {name for entry in entries for name in entry.get("names") or [] if name.startswith(_LAB_IMAGES)}
            here = {name[len(_LAB_IMAGES) :].partition(":")[0]: name for name in sorted(found)}
            common = here if common is None else {role: here[role] for role in common if role in here}
        return replace(
            self, images={**{role: name for role, name in (common or {}).items() if role in IMAGES}, **self.images}
        )

    def seconds(self, usual: float) -> float:
        """Return how long to look for something that usually comes within *usual* seconds on a small machine."""
        return usual * self.patience


def read(userdata: Mapping[str, Any], environment: Mapping[str, str]) -> Settings:
    """Read settings: behave's userdata (-D NAME=VALUE), overridden by SVCPROOF_SETTINGS; raise SetupProblem."""
    told: dict[str, Any] = dict(userdata)
    text = environment.get("SVCPROOF_SETTINGS", "")
    if text:
        try:
            told.update(json.loads(text))
        except (ValueError, TypeError) as problem:
            raise SetupProblem(
                f"SVCPROOF_SETTINGS is not a JSON object: {problem}", "unset it, or correct it"
            ) from problem
    nested = told.get("images") or {}
    images = {**nested, **{name[6:]: str(value) for name, value in told.items() if name.startswith("image.")}}
    unknown = sorted(set(images) - set(IMAGES))
    if unknown:
        raise SetupProblem(f"no image has the role {', '.join(unknown)}", f"the roles are: {', '.join(IMAGES)}")
    return Settings(
        kubeconfig=str(told.get("kubeconfig") or ""),
        context=str(told.get("context") or ""),
        run=str(told.get("run") or "") or secrets.token_hex(3),
        worker=str(told.get("worker") or ""),
        images=images,
        image_registry=str(told.get("image_registry") or ""),
        budget=_number(told, "budget", 10.0),
        patience=_number(told, "patience", 1.0),
        node_control=str(told.get("node_control") or ""),
        keep_on_failure=_switch(told, "keep_on_failure"),
        first_look_only=_switch(told, "first_look_only"),
        report=str(told.get("report") or ""),
        events=str(told.get("events") or ""),
        capabilities=str(told.get("capabilities") or ""),
    )


def _number(told: Mapping[str, Any], name: str, usual: float) -> float:
    value = told.get(name, "")
    if value in ("", None):
        return usual
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = 0.0
    if not 0 < number < 1e6:
        raise SetupProblem(f"{name}={value!r}: wanted a number above 0", f"say it like this: -D {name}={usual:g}")
    return number


def _switch(told: Mapping[str, Any], name: str) -> bool:
    value = str(told.get(name, "") or "no").lower()
    if value not in _SWITCHES:
        raise SetupProblem(f"{name}={value!r}: wanted yes or no", f"say it like this: -D {name}=yes")
    return _SWITCHES[value]
