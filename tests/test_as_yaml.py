"""YAML that the API server reads as we meant it."""

from __future__ import annotations

import pytest
import yaml

from svcproof import as_yaml


@pytest.mark.parametrize(
    "text", ["083374", "12e456", "1e5", ".5e3", "0o17", "0x1f", "+12", "-1", "y", "N", "12:30", "2026-11-22"]
)
def test_what_some_reader_takes_for_a_number_is_quoted(text: str) -> None:
    assert as_yaml.dump({"run": text}) == f"run: '{text}'\n"


@pytest.mark.parametrize("text", ["web", "yes", "null", "a: b", "", "line\nline\n", "node-1", "ü"])
def test_every_text_comes_back(text: str) -> None:
    assert yaml.safe_load(as_yaml.dump({"a": text})) == {"a": text}


def test_numbers_stay_numbers_and_documents_apart() -> None:
    assert as_yaml.dump({"port": 80, "app": "echo"}, {"a": True}) == "port: 80\napp: echo\n---\na: true\n"
