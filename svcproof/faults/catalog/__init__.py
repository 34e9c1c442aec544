"""Every known breakage, one file each: its FAULT says what goes wrong, and whom it must break."""

from __future__ import annotations

import importlib
import pkgutil

from svcproof.faults.fault import Fault


def load() -> dict[str, Fault]:
    """Return every fault by name, in the order of their files."""
    modules = sorted(module.name for module in pkgutil.iter_modules(__path__))
    faults = [importlib.import_module(f"{__name__}.{module}").FAULT for module in modules]
    return {fault.name: fault for fault in faults}
