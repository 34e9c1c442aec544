"""Writes YAML that every reader takes as it was meant, whichever version of YAML it knows."""

from __future__ import annotations

import re
from typing import Any

import yaml

_LIKE_A_NUMBER = re.compile(r"[-+.]*\d|[yn]$", re.IGNORECASE)


class _Dumper(yaml.SafeDumper):
    """PyYAML quotes what YAML 1.1 would take for something else; Kubernetes reads by other rules."""


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="'" if _LIKE_A_NUMBER.match(value) else None)


_Dumper.add_representer(str, _text)


def dump(*documents: Any, width: int = 80) -> str:
    """Return these documents as YAML, keys in their order.

    A text that begins like a number is quoted: 083374 is a text to YAML 1.1 and a number to what the API server reads
    with, and so is 12e456 (https://yaml.org/spec/1.2.2/#103-core-schema).
    """
    text = yaml.dump_all(documents, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=width)
    return str(text)
