"""Deeds are undone from what was written down before."""

from __future__ import annotations

from typing import Any

import pytest

from svcproof.faults.journal import taking_back


def merged(body: Any, patch: Any) -> Any:
    """Apply a merge patch, as RFC 7396 says."""
    if not isinstance(patch, dict):
        return patch
    result = dict(body) if isinstance(body, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merged(result.get(name), value)
    return result


BEFORE = {"spec": {"replicas": 2, "nodeSelector": {"os": "linux"}, "ports": [1, 2]}, "data": {"Corefile": "a"}}


@pytest.mark.parametrize(
    "patch",
    [
        {"spec": {"nodeSelector": {"nowhere": "yes"}}},
        {"spec": {"nodeSelector": {"os": "none"}, "replicas": 0}},
        {"spec": {"affinity": {"node": "one"}}},
        {"spec": {"ports": [3]}},
        {"data": {"Corefile": "b", "more": "c"}},
        {"status": {"addresses": []}},
    ],
    ids=["a key is added", "values change", "a mapping is added", "a list changes", "data changes", "a part is added"],
)
def test_what_a_patch_changed_is_taken_back_and_what_it_added_goes(patch: dict) -> None:
    changed = merged(BEFORE, patch)
    assert changed != BEFORE
    assert merged(changed, taking_back(patch, BEFORE)) == BEFORE
