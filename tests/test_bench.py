"""What measures the project's own parts goes on working while nobody measures."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from svcproof.adapters import shell

BENCH = Path(__file__).parents[1] / "ci" / "bench.d"


def test_the_prober_is_measured_on_loopback(tmp_path):
    written = tmp_path / "figures.json"
    few = ["--exchanges", "100", "--trials", "1", "--json", written]
    shell.run([sys.executable, BENCH / "prober", *few], timeout=120, check=False)  # figures of so few miss their goals
    assert [figure["what"] for figure in json.loads(written.read_text())]
