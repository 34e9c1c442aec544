"""The matrix as a page: faults down, scenarios across; one file, no script, no request to anywhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from itertools import groupby

from svcproof.faults.fault import Fault
from svcproof.faults.outcome import Cell, Mark, Outcome, Proof, Result

STYLE = """
:root { color-scheme: light dark; --line: light-dark(#d5d5d5, #444); --quiet: light-dark(#555, #aaa);
  --good: light-dark(#1a7a38, #5fc583); --bad: light-dark(#b3261e, #ff8a80); --odd: light-dark(#855300, #ffbf5f);
  --back: light-dark(#fff, #181818); --head: light-dark(#f3f3f3, #242424); }
* { box-sizing: border-box; }
body { font: 15px/1.45 system-ui, sans-serif; margin: 1.5rem; background: var(--back); }
h1 { font-size: 1.4rem; margin: 0 0 .5rem; } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
p { margin: .2rem 0; max-width: 75rem; } .quiet { color: var(--quiet); }
.scroll { overflow-x: auto; border: 1px solid var(--line); border-radius: 6px; }
table { border-collapse: separate; border-spacing: 0; }
th, td { padding: .2rem .45rem; text-align: left; border-bottom: 1px solid var(--line); vertical-align: top; }
thead th { background: var(--head); font-weight: 600; }
thead th.turned { writing-mode: vertical-rl; transform: rotate(180deg); padding: .4rem .1rem; font-weight: 400;
  font-size: .8rem; text-align: left; }
tbody th { position: sticky; left: 0; background: var(--back); font-weight: 600; min-width: 17rem; }
tbody th small { display: block; font-weight: 400; color: var(--quiet); }
td.mark { text-align: center; padding: .2rem .1rem; min-width: 1.4rem; cursor: default; }
.caught { color: var(--good); font-weight: 700; } .missed, .collateral { color: var(--bad); font-weight: 700; }
.other { color: var(--odd); } td.outcome { white-space: nowrap; } a { color: inherit; }
"""

SIGNS = {
    Mark.CAUGHT: ("✗", "caught", "violated, for the fault's own reason: caught"),
    Mark.MISSED: ("○", "missed", "met although the fault is in effect: missed"),
    Mark.WRONG_REASON: ("≠", "other", "violated, for another reason"),
    Mark.UNKNOWN: ("?", "other", "could not tell"),
    Mark.TIMED_OUT: ("…", "other", "did not end in time"),
    Mark.SKIPPED: ("–", "other", "skipped"),
    Mark.NOT_GREEN: ("!", "other", "was not met without the fault"),
    Mark.ABSENT: ("∅", "other", "no such scenario"),
    Mark.EXPLAINED: ("(✗)", "other", "violated as well, as the fault says it may be"),
    Mark.COLLATERAL: ("✱", "collateral", "violated, and nobody said it would be"),
}

_CLASS = {Outcome.CAUGHT: "caught", Outcome.UNVIABLE: "other"}


def render(proofs: Sequence[Proof], faults: Mapping[str, Fault], told: Sequence[str]) -> str:
    """Return the page of proofs, one matrix for each layer; *told* is the score in sentences."""
    modes = [str(proof.lab.get("proxy_mode", "outcome")) for proof in proofs]
    found = [{result.fault: result for result in proof.results} for proof in proofs]
    names = sorted({name for one in found for name in one}, key=lambda name: (faults[name].layer.rank, name))
    layers = [
        _layer(layer.value, modes, [(faults[name], [one.get(name) for one in found]) for name in group])
        for layer, group in groupby(names, key=lambda name: faults[name].layer)
    ]
    signs = ", ".join(f'<span class="{kind}">{sign}</span> {escape(says)}' for sign, kind, says in SIGNS.values())
    score = "".join(f"<p>{escape(line)}</p>" for line in told)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        f"<title>Faults, and who noticed – svcproof</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
        f"<h1>Faults, and who noticed</h1>\n{score}\n"
        f'<p class="quiet">{signs}. Point at a sign to read the reason.</p>\n{"".join(layers)}</body>\n</html>\n'
    )


def _layer(name: str, modes: Sequence[str], rows: Sequence[tuple[Fault, Sequence[Result | None]]]) -> str:
    scenarios = sorted(
        {
            cell.scenario
            for _, results in rows
            for result in results
            if result
            for cell in result.cells
            if cell.mark is not Mark.UNMOVED
        },
        key=_order,
    )
    head = "".join(f"<th>{escape(mode)}</th>" for mode in modes)
    head += "".join(f'<th class="turned">{escape(scenario)}</th>' for scenario in scenarios)
    body = "".join(_row(fault, results, scenarios) for fault, results in rows)
    return (
        f'<h2>{escape(name)}</h2>\n<div class="scroll" tabindex="0"><table>\n'
        f"<thead><tr><th>fault</th>{head}</tr></thead>\n<tbody>\n{body}</tbody>\n</table></div>\n"
    )


def _order(scenario: str) -> tuple[str, list[int]]:
    prefix, _, rest = scenario.partition("-")
    return prefix, [int(part) for part in rest.replace("-", ".").split(".") if part.isdigit()]


def _row(fault: Fault, results: Sequence[Result | None], scenarios: Sequence[str]) -> str:
    name = f'<a href="{escape(fault.link)}">{escape(fault.name)}</a>' if fault.link else escape(fault.name)
    outcomes = "".join(map(_outcome, results))
    marks = "".join(_cell([_of(result, scenario) for result in results if result]) for scenario in scenarios)
    return f"<tr><th>{name}<small>{escape(fault.stands_for)}</small></th>{outcomes}{marks}</tr>\n"


def _outcome(result: Result | None) -> str:
    if result is None:
        return '<td class="outcome quiet">–</td>'
    kind = _CLASS.get(result.outcome, "missed")
    says = "\n".join(filter(None, (result.because, result.evidence, f"healed: {result.healed}")))
    return f'<td class="outcome {kind}" title="{escape(says)}">{result.outcome.value}</td>'


def _of(result: Result, scenario: str) -> Cell | None:
    return next((cell for cell in result.cells if cell.scenario == scenario and cell.mark in SIGNS), None)


def _cell(found: Sequence[Cell | None]) -> str:
    there = [cell for cell in found if cell is not None]
    if not there:
        return "<td></td>"
    signs = {SIGNS[cell.mark][0]: SIGNS[cell.mark] for cell in there}
    text = "".join(f'<span class="{kind}">{sign}</span>' for sign, kind, _ in signs.values())
    says = "\n".join(dict.fromkeys(f"{cell.scenario}: {SIGNS[cell.mark][2]}. {cell.why[:300]}" for cell in there))
    return f'<td class="mark" title="{escape(says)}">{text}</td>'
