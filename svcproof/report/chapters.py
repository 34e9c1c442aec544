"""The chapters of the page, from what is not met to how to run it again."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from svcproof.report import lanes
from svcproof.report import matrix as matrices
from svcproof.report.results import Cell, Ending, Evidence, Run, ScenarioResult, StepResult
from svcproof.report.terminal import ALIKE, shortened
from svcproof.run.entries import Page as Document
from svcproof.run.entries import called

if TYPE_CHECKING:
    from svcproof.report.html import Page


def _mark(ending: Ending) -> str:
    return f'<span class="mark {ending.value}" role="img" aria-label="{ending.value}">{ending.symbol}</span>'


def _command(text: str) -> str:
    return f'<p class="again"><code>{escape(text)}</code></p>' if text else ""


# -- what is not met


def not_met(page: Page) -> str:
    """Return a card for each scenario that is violated or unknown: cause first, then how to see it again.

    Many that ended for one and the same reason, as those that an interrupted run never began, share a card.
    """
    results = [*page.run.of(Ending.VIOLATED), *page.run.of(Ending.UNKNOWN)]
    count = Counter(result.because for result in results)
    cards: dict[str, str] = {}
    for result in results:
        together = count[result.because] >= ALIKE and not result.cause
        name = f"all: {result.because}" if together else result.entry.id
        if name not in cards:
            alike = [one for one in results if one.because == result.because]
            cards[name] = _shared_card(alike) if together else _card(page, result)
    return "\n".join(cards.values())


def _shared_card(results: Sequence[ScenarioResult]) -> str:
    ending = results[0].ending
    links = ", ".join(f'<a href="#{escape(one.entry.id)}">{escape(one.entry.id)}</a>' for one in results)
    return (
        f'<article class="card {ending.value}" id="cause-{escape(results[0].entry.id)}">'
        f"<h3>{_mark(ending)} {len(results)} scenarios</h3>{_cause(results[0])}<p>{links}</p></article>"
    )


def _card(page: Page, result: ScenarioResult) -> str:
    entry = result.entry
    more = [text for text in result.trouble if text not in result.because]
    also = "".join(f'<p class="dim">also: {escape(text)}</p>' for text in more)
    name = f'<a href="#{escape(entry.id)}">{escape(entry.name)}</a> <span class="id">{escape(entry.id)}</span> '
    foot = f'<span class="dim">{escape(entry.location)}</span>{_command(page.again.get(entry.id, ""))}'
    return (
        f'<article class="card {result.ending.value}" id="cause-{escape(entry.id)}">'
        f"<h3>{_mark(result.ending)} {name}{_rows(entry.rows)}</h3>"
        f'{_cause(result)}{also}<div class="foot">{foot}</div></article>'
    )


_SENTENCE = re.compile(r"(?<=[.;]) (?=[A-Z\"])|\n")


def _cause(result: ScenarioResult) -> str:
    """Return why it is not met: the first sentence and the last, which say what and why so; all of it on demand."""
    sentences = [part for part in _SENTENCE.split(result.because.strip()) if part]
    long = len(sentences) > 2
    ends = sentences[:1] if result.cause else [sentences[0], sentences[-1]]  # the cause line says why so, where it is
    lead = " … ".join(ends) if long else result.because
    whole = ""
    if long:
        text = f'<p class="cause">{escape(result.because)}</p>'
        whole = f'<details class="minor"><summary>all of it</summary>{text}</details>'
    layer = f'<p class="layer"><span class="word">cause:</span> {escape(result.cause)}</p>' if result.cause else ""
    return f'<p class="cause"><span class="word">{result.ending.value}:</span> {escape(lead)}</p>{whole}{layer}'


def _rows(rows: Sequence[str]) -> str:
    return " ".join(f'<a class="chip" href="#row-{escape(row)}">{escape(row)}</a>' for row in rows)


# -- what was not asked


def skips(page: Page) -> str:
    """Return the skipped scenarios by the capability that is missing, with the way to get it."""
    groups: dict[str, list[ScenarioResult]] = {}
    for result in page.run.of(Ending.SKIPPED):
        groups.setdefault(result.capability or "–", []).append(result)
    rows = []
    for capability, results in sorted(groups.items(), key=lambda item: -len(item[1])):
        links = ", ".join(f'<a href="#{escape(r.entry.id)}">{escape(r.entry.id)}</a>' for r in results)
        why = "<br>".join(dict.fromkeys(escape(result.because) for result in results))
        cure = escape(results[0].cure) or "–"
        rows.append(f"<tr><td>{escape(capability)}</td><td>{why}</td><td>{cure}</td><td>{links}</td></tr>")
    head = "<tr><th>missing</th><th>why it is known</th><th>how to get it</th><th>scenarios</th></tr>"
    return f'<div class="wide"><table><thead>{head}</thead><tbody>{"".join(rows)}</tbody></table></div>' if rows else ""


# -- the features as a document


def features(page: Page) -> str:
    """Return every feature: purpose, rules in order, and below each its scenarios with their findings."""
    by_file: dict[str, list[ScenarioResult]] = {}
    for result in page.run.scenarios:
        by_file.setdefault(result.entry.file, []).append(result)
    documents = {document.file: document for document in page.run.pages}
    texts = [_feature(page, documents.get(file), results) for file, results in by_file.items()]
    return _key(page) + "\n".join(texts)


def _key(page: Page) -> str:
    if not page.histories:
        return ""
    used = {one.outcome for history in page.histories.values() for one in history.exchanges}
    words = []
    for outcome, (name, above, tall) in lanes.SHAPES.items():
        if outcome in used:
            d = f"M4 {above + tall / 2:g}h5"
            tick = f'<path class="tick {name}" stroke-width="{tall}" d="{d}"/><path class="base" d="M0 17.5H14"/>'
            words.append(f'<span><svg class="swim" viewBox="0 0 14 18" aria-hidden="true">{tick}</svg> '
                         f"{outcome.value}</span>")  # fmt: skip
    return f'<p class="key">one tick is one exchange: {" ".join(words)}</p>'


def _feature(page: Page, document: Document | None, results: Sequence[ScenarioResult]) -> str:
    name = document.name if document else results[0].entry.feature or results[0].entry.file
    says = "<br>".join(_linked(line) for line in document.description) if document else ""
    rules: dict[str, list[ScenarioResult]] = {}
    for result in results:
        rules.setdefault(result.entry.rule, []).append(result)
    parts = [f'<article data-group><h3>{escape(name)}</h3><p class="dim">{says}</p>']
    for rule, members in rules.items():
        head = f"<h4>{escape(rule)}</h4>" if rule else ""
        parts.append(f"<div data-group>{head}{''.join(page.take(_scenario(page, one)) for one in members)}</div>")
    return "".join(parts) + "</article>"


def _linked(text: str) -> str:
    return re.sub(r"(https?://[^\s<]+)", r'<a href="\1" rel="noreferrer">\1</a>', escape(text))


def _scenario(page: Page, result: ScenarioResult) -> str:
    entry = result.entry
    words = " ".join([result.ending.value, *entry.tags]).lower()
    not_met = result.ending in (Ending.VIOLATED, Ending.UNKNOWN)
    thrift = 0 if not_met else page.thrift
    opened = " open" if not_met else ""
    command = "" if thrift else _command(page.again.get(entry.id, ""))
    took = f"<small>{result.seconds:.1f} s</small>" if result.seconds else ""
    why = _cause(result) if result.because else ""
    return (
        f'<details class="scenario {result.ending.value}" id="{escape(entry.id)}" data-words="{escape(words)}"{opened}>'
        f'<summary>{_mark(result.ending)}<span class="name">{escape(entry.name)}</span>{_rows(entry.rows)}'
        f'<span class="id">{escape(entry.id)}</span>{took}</summary><div>{why}{_steps(result)}{_laws(result, thrift)}'
        f"{_traffic(page, result, thrift)}{_cells(result.cells)}{_evidence(page, result)}{_figures(result)}"
        f"{command}</div></details>"
    )


def _steps(result: ScenarioResult) -> str:
    return f'<ol class="steps">{"".join(_step(step, result) for step in result.steps)}</ol>' if result.steps else ""


def _step(step: StepResult, result: ScenarioResult) -> str:
    below = f"<pre>{escape(step.line.below)}</pre>" if step.line.below else ""
    said = f'<p class="said">{escape(step.message)}</p>' if step.message and step.message != result.because else ""
    if step.trace and step.ending is Ending.UNKNOWN:
        said += f'<details class="minor"><summary>where</summary><pre>{escape(step.trace)}</pre></details>'
    took = f"<small>{_span(step.seconds)}</small>" if step.seconds >= 0.0005 else ""
    mark = "" if step.ending is Ending.MET else _mark(step.ending)  # the style sheet marks what is met: pages are long
    says = f"<b>{escape(step.line.keyword)}</b> {escape(step.line.name, quote=False)}{below}{said}"
    return f'<li class="{step.ending.value}">{mark}<div>{says}</div>{took}</li>'


def _span(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds >= 1 else f"{seconds * 1000:.0f} ms"


_ANSWERS = {"met": Ending.MET, "violated": Ending.VIOLATED, "unknown": Ending.UNKNOWN}


def _laws(result: ScenarioResult, thrift: int) -> str:
    def said(because: str) -> str:
        if because == result.because:
            return "as said above"
        first = _SENTENCE.split(because)[0] if thrift else because
        return escape(shortened(first, 120) if thrift > 2 else first, quote=False)

    if thrift > 2 and all(law.answer == "met" for law in result.laws):
        return "".join(
            f'<p class="law met">{escape(law.law.replace("_", " "))}: {said(law.because)}</p>' for law in result.laws
        )
    rows = "".join(
        f"<tr><td>{_mark(_ANSWERS.get(law.answer, Ending.UNKNOWN))}</td><td>{escape(law.law.replace('_', ' '))}</td>"
        f"<td>{said(law.because)}</td></tr>"
        for law in result.laws
    )
    head = "<tr><th></th><th>law</th><th>because</th></tr>"
    return (
        f'<div class="wide"><table class="laws"><thead>{head}</thead><tbody>{rows}</tbody></table></div>'
        if rows
        else ""
    )


def _traffic(page: Page, result: ScenarioResult, thrift: int) -> str:
    fineness = lanes.FINEST if result.ending in (Ending.VIOLATED, Ending.UNKNOWN) else page.fineness
    drawn = [lanes.draw(page.told(item.file), fineness, thrift) for item in result.histories
             if item.file in page.histories]  # fmt: skip
    return "".join(f'<div class="scroll">{one}</div>' for one in drawn if one)


def _cells(cells: Sequence[Cell]) -> str:
    return _grid(cells) if cells else ""


def _evidence(page: Page, result: ScenarioResult) -> str:
    items = []
    for item in result.evidence:
        text = page.text_of(item) if result.ending in (Ending.VIOLATED, Ending.UNKNOWN) else ""
        size = f"{item.bytes / 1000:,.1f} kB" if item.bytes >= 1000 else f"{item.bytes} bytes"
        link = f'<a href="{escape(item.file)}">{escape(item.name)}</a>' if item.file else f"{escape(item.name)} (lost)"
        body = f'<details class="minor"><summary>read</summary><pre>{escape(text)}</pre></details>' if text else ""
        items.append(f"<li>{link} <small>{size}</small>{body}</li>")
    label = _shared(result.evidence)
    if not items:
        return ""
    return f'<details class="minor"><summary>{label}</summary><ul>{"".join(items)}</ul></details>'


def _shared(evidence: Sequence[Evidence]) -> str:
    return f"{len(evidence)} {'piece' if len(evidence) == 1 else 'pieces'} of evidence"


def _figures(result: ScenarioResult) -> str:
    said = [f"{escape(figure.name)} {escape(str(figure.value))} {escape(figure.unit)}".strip()
            for figure in result.figures]  # fmt: skip
    return f'<p class="dim">{" · ".join(said)}</p>' if said else ""


# -- the contract's rows


_VERDICTS = {**_ANSWERS, "skipped": Ending.SKIPPED}


def rows(page: Page) -> str:
    """Return the rows that this run spoke for, with their sources, scenarios and verdicts."""
    if page.trace is None:
        return ""
    spoken = [line for line in page.trace.lines if line.verdict]
    listed = []
    for line in spoken:
        verdict = _VERDICTS.get(line.verdict, Ending.UNKNOWN)
        source = ", ".join(f"{kind} in {name}" for name, kind in line.row.source.items())
        if line.row.link:
            source = f'<a href="{escape(line.row.link)}" rel="noreferrer">Kubernetes documentation</a>'
        who = ", ".join(_to(page, one.id) for one in line.scenarios if one.verdict)
        listed.append(
            f'<tr id="row-{escape(line.row.id)}"><td>{_mark(verdict)}</td><td class="id">{escape(line.row.id)}</td>'
            f"<td>{escape(line.row.sentence)}</td><td>{escape(line.row.level)}</td><td>{source}</td><td>{who}</td></tr>"
        )
    if not listed:
        return ""
    head = "<tr><th></th><th>row</th><th>promise</th><th>level</th><th>source</th><th>scenarios</th></tr>"
    said = f"<p>{len(spoken)} of the contract's {len(page.trace.lines)} rows were asked in this run.</p>"
    table = f'<div class="wide"><table><thead>{head}</thead><tbody>{"".join(listed)}</tbody></table></div>'
    named = {name for line in spoken for name in line.row.source}
    titles = [(name, title) for name, title in page.trace.documents.items() if name in named]
    return f"{said}{table}{_list(titles)}"


def _to(page: Page, name: str) -> str:
    """Return a link to a scenario; an outline's leads to the first of its rows."""
    place = next((one.entry.id for one in page.run.scenarios if called(one.entry, name)), name)
    return f'<a href="#{escape(place)}">{escape(name)}</a>'


# -- vantage × frontend


def matrix(page: Page) -> str:
    """Return what each vantage was to see of each frontend and what it saw, over all scenarios with traffic."""
    parts = []
    for result in page.run.scenarios:
        if page.thrift > 2 and result.ending is Ending.MET:
            continue
        found = page.cells_of(result)
        if found:
            name = f'<a href="#{escape(result.entry.id)}">{escape(result.entry.name)}</a>'
            parts.append(f"<h3>{_mark(result.ending)} {name}</h3>{_grid(found)}")
    return "".join(parts)


def _grid(cells: Sequence[Cell]) -> str:
    vantages, frontends = matrices.axes(cells)
    found = {(cell.vantage, cell.frontend): cell for cell in cells}
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in frontends)
    body = ""
    for vantage in vantages:
        row = "".join(_cell(found.get((vantage, frontend))) for frontend in frontends)
        body += f'<tr><th scope="row">{escape(vantage)}</th>{row}</tr>'
    return f'<div class="wide"><table class="matrix"><thead><tr><th>from</th>{head}</tr></thead>{body}</table></div>'


def _cell(cell: Cell | None) -> str:
    if cell is None:
        return '<td class="none">·</td>'
    mine = {True: Ending.MET, False: Ending.VIOLATED, None: Ending.UNKNOWN}[cell.met]
    if not cell.expected:
        return f'<td class="cell skipped">{escape(cell.seen)}</td>'
    wanted = f"<small>expected: {escape(cell.expected)}</small>"
    return f'<td class="cell {mine.value}">{_mark(mine)} {escape(cell.seen)}<br>{wanted}</td>'


# -- the cluster


def cluster(page: Page) -> str:
    """Return what cluster this was, what it offers, and with what it was asked."""
    run = page.run
    facts = [(key, value) for key, value in run.cluster.items() if key != "nodes"]
    parts = [_list(facts), _nodes(run.cluster.get("nodes") or [])]
    if run.capabilities:
        rows = "".join(
            f"<tr><td>{_mark(Ending.MET if one.present else Ending.SKIPPED)}</td><td>{escape(one.name)}</td>"
            f"<td>{escape(one.because)}</td><td>{'' if one.present else escape(one.cure)}</td></tr>"
            for one in run.capabilities
        )
        head = "<tr><th></th><th>capability</th><th>why it is known</th><th>how to get it</th></tr>"
        parts.append(f'<h3>What it offers</h3><div class="wide"><table><thead>{head}</thead>{rows}</table></div>')
    parts.append(f"<h3>What asked</h3>{_list([*run.suite.items(), *_settings(run)])}")
    return "".join(parts)


def _settings(run: Run) -> list[tuple[str, Any]]:
    return [(name, value) for name, value in run.settings.items() if value not in ("", None, False)]


def _list(pairs: Sequence[tuple[str, Any]]) -> str:
    said = "".join(f"<dt>{escape(str(name))}</dt><dd>{escape(_plain(value))}</dd>" for name, value in pairs)
    return f"<dl>{said}</dl>" if said else ""


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_plain(one)}" for name, one in value.items())
    if isinstance(value, list):
        return ", ".join(map(_plain, value))
    return str(value)


def _nodes(nodes: Sequence[dict[str, Any]]) -> str:
    if not nodes:
        return ""
    columns = list(nodes[0])
    head = "".join(f"<th>{escape(name)}</th>" for name in columns)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(_plain(node.get(name, '')))}</td>" for name in columns) + "</tr>"
        for node in nodes
    )
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead>{body}</table></div>'


# -- roster and timings


def timings(page: Page) -> str:
    """Return how the sum adds up, and how long each scenario took."""
    run = page.run
    asked = [one for one in run.scenarios if one.seconds]
    longest = max((one.seconds for one in asked), default=1.0)
    rows = "".join(
        f'<tr class="{one.ending.value}"><td><a href="#{escape(one.entry.id)}">{escape(one.entry.id)}</a></td>'
        f'<td><i style="width:{100 * one.seconds / longest:.1f}%"></i></td><td>{one.seconds:.2f} s</td>'
        f"<td>{f'{one.api_requests} requests' if one.api_requests else ''}</td><td>{escape(one.worker)}</td></tr>"
        for one in sorted(asked, key=lambda one: -one.seconds)
    )
    counts = " + ".join(f"{run.counts[ending]} {ending.value}" for ending in Ending if run.counts.get(ending))
    said = f"<p>{len(run.scenarios)} scenarios were owed; {counts} = {len(run.scenarios)} were accounted for.</p>"
    took = sum(one.seconds for one in asked)
    if asked and run.seconds:
        said += f"<p>They took {took:.1f} s in all and {run.seconds:.1f} s by the clock.</p>"
    left = f"<p>{escape(run.cleaned)}</p>" if run.cleaned else ""
    return f'{said}{left}<div class="wide"><table class="bars">{rows}</table></div>'


# -- again


def again(page: Page) -> str:
    """Return the command of this run, and of each scenario that is not met."""
    parts = [_command(page.run.command)]
    parts += [
        f"<p>{escape(result.entry.name)}</p>{_command(page.again.get(result.entry.id, ''))}"
        for ending in (Ending.VIOLATED, Ending.UNKNOWN)
        for result in page.run.of(ending)
    ]
    judged = "<p>Recorded traffic can be judged anew: <code>svcproof judge histories/ID.jsonl</code>.</p>"
    return "".join(parts) + (judged if page.histories else "")
