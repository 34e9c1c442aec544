"""The page: one file that asks nobody for anything, readable without scripts, by keyboard, in both lights."""

from __future__ import annotations

import json
import re
import shutil
from html.parser import HTMLParser
from importlib import resources
from pathlib import Path

import pytest
import runs

from svcproof.adapters import shell
from svcproof.report import html
from svcproof.report.results import Run

VOID = {"meta", "link", "br", "input", "hr", "img"}
LOADING = {"src", "href", "srcset", "poster", "data", "action", "xlink:href"}


class Page(HTMLParser):
    """Reads a page strictly: what is opened is closed, in order."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.problems: list[str] = []
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        self.feed(text)
        if self.open:
            self.problems.append(f"left open: {self.open}")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.problems.append(f"</{tag}> closes something else at {self.getpos()}")

    def handle_data(self, data: str) -> None:
        if not self.open or self.open[-1] not in ("script", "style"):
            self.text += data.replace("\xa0", " ")


def rich_run(folder: Path) -> Run:
    entries = [runs.entry("aa-01", "core", "AA-1"), runs.entry("aa-02", "core"), runs.entry("aa-03", "needs.dns")]
    return runs.run(
        entries,
        runs.ended(entries[0], "passed"),
        runs.ended(entries[1], "failed", message='web-1 <script>alert("x")</script> never answered'),
        runs.traffic("aa-02", folder),
        runs.skipped(entries[2]),
        folder=folder,
    )


def rendered(folder: Path) -> str:
    run = rich_run(folder)
    text = html.render(run, {"aa-02": "svcproof run aa-02 --lab x"})
    (folder / "index.html").write_text(text)
    return text


def test_the_page_is_well_formed(tmp_path: Path) -> None:
    assert Page(rendered(tmp_path)).problems == []


def test_the_page_asks_nobody_for_anything(tmp_path: Path) -> None:
    text = rendered(tmp_path)
    for tag, attributes in Page(text).tags:
        for name in LOADING & attributes.keys():
            value = attributes[name]
            linked = tag == "a" and name == "href"
            assert linked or value.startswith(("data:", "#")), f"<{tag} {name}={value!r}>"
    styles = "".join(re.findall(r"<style>(.*?)</style>", text, re.DOTALL))
    assert "url(" not in styles
    assert "@import" not in styles
    assert "default-src 'none'" in text


def test_the_first_screen_is_the_verdict_then_causes_then_skips(tmp_path: Path) -> None:
    text = Page(rendered(tmp_path)).text
    places = [text.index(words) for words in (
        "The cluster breaks a promise of a Service: 1 violated, 1 met and 1 skipped.",
        "never answered",
        "svcproof run aa-02 --lab x",
        "no dns answers",
        "run one",
        "A thing MUST hold",
    )]  # fmt: skip
    assert places == sorted(places)


def test_what_comes_from_the_cluster_is_text_and_never_markup(tmp_path: Path) -> None:
    text = rendered(tmp_path)
    assert '<script>alert("x")' not in text
    assert "&lt;script&gt;" in text


def test_ids_are_unique_and_links_within_the_page_lead_somewhere(tmp_path: Path) -> None:
    page = Page(rendered(tmp_path))
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    links = [attributes["href"] for tag, attributes in page.tags if tag == "a"]
    assert {link[1:] for link in links if link.startswith("#") and not link.startswith("#row-")} <= set(ids)


def test_the_swim_lane_is_said_in_words_too(tmp_path: Path) -> None:
    drawings = [attributes for tag, attributes in Page(rendered(tmp_path)).tags if attributes.get("role") == "img"]
    said = [one["aria-label"] for one in drawings if "answered" in one["aria-label"]]
    assert len(said) == 1
    assert "longest outage 500.0 ms" in said[0]
    assert "deletes web-1" in rendered(tmp_path)


def test_symbols_stand_beside_colours(tmp_path: Path) -> None:
    text = Page(rendered(tmp_path)).text
    assert all(symbol in text for symbol in "✓✗–")


def test_many_that_ended_for_one_reason_share_a_card(tmp_path: Path) -> None:
    entries = [runs.entry(f"aa-{number:02}") for number in range(6)]
    parts = [runs.lost(one) for one in entries[:5]] + [runs.ended(entries[5], "failed", message="x")]
    text = html.render(runs.run(entries, *parts, folder=tmp_path), {})
    assert text.count('<article class="card') == 2
    page = Page(text)
    assert page.problems == []
    assert "5 scenarios" in page.text
    assert {"#aa-00", "#aa-04"} <= {attributes.get("href", "") for _, attributes in page.tags}


@pytest.mark.parametrize(("every", "with_traffic"), [(200, 40), (500, 150)])
def test_even_a_whole_run_fits_in_a_megabyte(tmp_path: Path, every: int, with_traffic: int) -> None:
    entries = [runs.entry(f"aa-{number:03}", "core") for number in range(every)]
    parts = [runs.ended(one, "passed") for one in entries[1:]]
    parts += [runs.ended(entries[0], "failed", message="25 were lost")]
    parts += [runs.traffic(one.id, tmp_path, seconds=4.0) for one in entries[:with_traffic]]
    text = html.render(runs.run(entries, *parts, folder=tmp_path), {one.id: "svcproof run x" for one in entries})
    assert len(text.encode()) < 1_000_000
    assert Page(text).problems == []
    assert '<svg class="swim" viewBox' in text  # what is not met is drawn, however many others there are


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", [0, 1])
def test_every_word_has_the_contrast_of_wcag_aa(scheme: int) -> None:
    style = resources.files("svcproof.report").joinpath("page", "style.css").read_text()
    block = re.findall(r":root \{(.*?)\}", style, re.DOTALL)[scheme]
    colours = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", block))
    pairs = [(ink, back) for ink in ("ink", "dim", "link", "met", "violated", "unknown", "skipped")
             for back in ("back", "panel")]  # fmt: skip
    pairs += [(name, f"{name}-back") for name in ("met", "violated", "unknown", "skipped")]
    assert {pair: round(contrast(colours[pair[0]], colours[pair[1]]), 1) for pair in pairs
            if contrast(colours[pair[0]], colours[pair[1]]) < 4.5} == {}  # fmt: skip


# -- in a browser, where one is installed

BROWSER = shutil.which("chromium") or shutil.which("google-chrome") or ""
browser = pytest.mark.skipif(not BROWSER, reason="no Chromium is installed: apt-get install chromium")

QUIET = [
    "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--enable-logging=stderr", "--host-resolver-rules=MAP * ~NOTFOUND",
]  # fmt: skip


def browse(page: Path, *options: str) -> shell.Completed:
    profile = page.parent / "profile"
    argv = [BROWSER, *QUIET, f"--user-data-dir={profile}", *options, page.as_uri()]
    return shell.run(argv, timeout=120.0, check=False)


@browser
@pytest.mark.slow
@pytest.mark.parametrize("width", [390, 1280])
def test_a_browser_shows_it_without_errors_or_requests(tmp_path: Path, width: int) -> None:
    text = rendered(tmp_path)
    probe = (
        "<script>addEventListener('load', () => { const wide = [...document.querySelectorAll('body *')].filter("
        "(one) => !one.closest('.wide, .scroll, nav, svg, pre, code')"
        " && one.getBoundingClientRect().right > innerWidth + 1);"
        "document.title = JSON.stringify({wide: wide.map((one) => one.outerHTML.slice(0, 90)),"
        "verdict: document.querySelector('h1').getBoundingClientRect().bottom < innerHeight,"
        "focusable: document.querySelectorAll('summary, a, button, input').length,"
        "requests: performance.getEntriesByType('resource').map((one) => one.name)}); });</script>"
    )
    (tmp_path / "probed.html").write_text(text.replace("</body>", f"{probe}</body>"))
    done = browse(tmp_path / "probed.html", f"--window-size={width},900", "--dump-dom")
    assert not re.findall(r"CONSOLE.*", done.stderr)
    title = re.search(r"<title>(.*?)</title>", done.stdout, re.DOTALL)
    assert title is not None
    seen = json.loads(title.group(1).replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))
    assert seen["wide"] == []
    assert seen["verdict"]
    assert seen["requests"] == []
    assert seen["focusable"] > 10
