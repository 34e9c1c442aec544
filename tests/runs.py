"""Runs made by hand, as their events: one scenario for each way to end."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from svcproof.model import history
from svcproof.model.history import Event, Exchange, History, Kind, Outcome, Stream
from svcproof.report.results import HISTORY, Run, collect
from svcproof.run.entries import Entry, Line, plain

Events = list[dict[str, Any]]

BEGAN = 1_800_000_000.0


def entry(name: str, *tags: str, rule: str = "A thing MUST hold", words: str = "it is seen") -> Entry:
    return Entry(
        name,
        "Small things",
        rule,
        f"the claim of {name}",
        "features/small/things.feature",
        10,
        tuple(sorted({name, *tags})),
        (Line("Given", "a thing", "| a | b |"), Line("Then", words)),
    )


def ended(owner: Entry, status: str, *, message: str = "", step: str = "", at: float = 1.0, **more: Any) -> Events:
    """Return the events of one scenario that ran to its end; *step* is the last step's status."""
    who = {"scenario": owner.id, "worker": "w1"}
    last = step or {"passed": "passed", "skipped": "skipped", "failed": "failed"}.get(status, "error")
    failure = {"kind": "Violation", "message": message, "trace": "Traceback: …"} if message and step != "passed" else {}
    return [
        {"is": "scenario begins", "at": BEGAN + at, **who, "name": owner.name},
        {"is": "step begins", "at": BEGAN + at, **who, "step": 1, "keyword": "Given", "name": "a thing"},
        {"is": "step ends", "at": BEGAN + at, **who, "step": 1, "status": "passed", "seconds": 0.5},
        {"is": "step begins", "at": BEGAN + at + 0.5, **who, "step": 2, "keyword": "Then", "name": "it is seen"},
        {"is": "step ends", "at": BEGAN + at, **who, "step": 2, "status": last, "seconds": 1.5, **failure},
        {"is": "scenario ends", "at": BEGAN + at + 2, **who, "status": status, "seconds": 2.0, "requests": 7,
         "steps": ["passed", last], **more},
    ]  # fmt: skip


def skipped(owner: Entry, capability: str = "dns") -> Events:
    who = {"scenario": owner.id, "worker": "w1"}
    return [
        {"is": "scenario begins", "at": BEGAN, **who},
        {"is": "skipped", **who, "reason": f"no {capability} answers", "capability": capability, "cure": "run one"},
        {"is": "scenario ends", "at": BEGAN, **who, "status": "skipped", "seconds": 0.01, "steps": ["skipped"] * 2},
    ]


def lost(owner: Entry) -> Events:
    return [{"is": "lost", "scenario": owner.id, "why": "worker lost (signal 9)", "step": "Then it is seen"}]


def run(entries: Sequence[Entry], *parts: Events, folder: Path | None = None) -> Run:
    """Return the run of these scenarios; with a *folder* its events are written there too."""
    events = whole(entries, *parts)
    if folder is not None:
        (folder / "events.jsonl").write_text("".join(json.dumps(event) + "\n" for event in events))
    return collect(events, folder=folder)


def whole(entries: Sequence[Entry], *parts: Events) -> Events:
    digest = "0" * 64
    suite = {"svcproof": "0.1", "behave": "1.3.3", "python": "3.11", "features": digest, "roster": digest}
    nodes = [{"name": "node-1", "kubelet": "v1.36.3"}, {"name": "node-2", "kubelet": "v1.36.3"}]
    facts = {"server": "https://198.18.0.1:6443", "Kubernetes": "v1.36.3", "proxy mode": "iptables", "nodes": nodes}
    return [
        {
            "is": "run begins",
            "at": BEGAN,
            "run": "abc123",
            "command": "svcproof run --lab x",
            "suite": suite,
            "settings": {"patience": 1.0},
            "pages": [{"file": "features/small/things.feature", "name": "Small things", "description": ["Why."],
                       "tags": [], "rules": ["A thing MUST hold"]}],
            "roster": [plain(one) for one in entries],
        },
        {"is": "cluster", "at": BEGAN, "facts": facts},
        {"is": "capability", "name": "dns", "present": False, "because": "no dns answers", "cure": "run one"},
        {"is": "capability", "name": "exec", "present": True, "because": "it ran"},
        *(event for part in parts for event in part),
        {"is": "run ends", "at": BEGAN + 60, "interrupted": False, "left": 0, "cleaned": "clean-up: nothing is left"},
    ]  # fmt: skip


def every_end(folder: Path | None = None) -> Run:
    """Return a run with one scenario for each way to end."""
    names = {
        "aa-01": ("core", "AA-1"),
        "aa-02": ("core", "AA-2"),
        "aa-03": ("extended",),
        "aa-04": ("core", "needs.dns"),
        "aa-05": (),
        "aa-06": (),
        "aa-07": (),
    }
    entries = [entry(name, *tags, rule="" if name == "aa-01" else "A thing MUST hold") for name, tags in names.items()]
    return run(
        entries,
        ended(entries[0], "passed"),
        ended(entries[1], "failed", message="web-1 <b>never</b> answered\nin 100 connections\x00"),
        ended(entries[2], "error", message="no answer came"),
        skipped(entries[3]),
        lost(entries[4]),
        ended(entries[5], "cleanup_error", step="passed", cleanup=["close: RuntimeError: cut"]),
        ended(entries[6], "hook_error", step="passed", message="HOOK-ERROR in after_scenario: RuntimeError: cut"),
        folder=folder,
    )


def traffic(scenario: str, folder: Path, *, seconds: float = 12.0, streams: int = 3) -> Events:
    """Write a history with an outage; return the events that refer to it."""
    known = {f"s{n}": Stream(f"s{n}", f"a pod on node-{n}", '"web"', "10.96.0.9:80", rate=50) for n in range(streams)}
    known["k"] = Stream("k", "outside", "the API server", control=True)
    exchanges = [
        Exchange(name, number, number / 50, number / 50 + 0.002,
                 Outcome.TIMED_OUT if name == "s1" and 250 <= number < 275 else Outcome.ANSWERED, backend="web-1")
        for name in known
        for number in range(int(seconds * 50))
    ]  # fmt: skip
    happened = [
        Event(5.0, Kind.ACTION, "scenario", "deletes web-1"),
        Event(5.01, Kind.ENDPOINTS, "web-x", "drops web-1"),
        Event(6.0, Kind.MARK, "settled", ""),
    ]
    (folder / "histories").mkdir(exist_ok=True)
    with (folder / "histories" / f"{scenario}.jsonl").open("w") as file:
        history.write(History(known, exchanges, happened, {"scenario": scenario}, BEGAN), file)
    return [
        {"is": "evidence", "scenario": scenario, "name": "traffic", "media_type": HISTORY, "bytes": 1,
         "file": f"histories/{scenario}.jsonl"},
        {"is": "verdict", "scenario": scenario, "law": "none_lost", "answer": "violated", "because": "25 were lost"},
    ]  # fmt: skip
