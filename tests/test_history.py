"""Histories to and from files."""

import io
import json
import random
import time

import pytest
from histories import MADE, Making

from svcproof.model.history import Event, Exchange, History, Kind, Lane, MalformedHistory, Outcome, Stream, read, write


def _text(history):
    file = io.StringIO()
    write(history, file)
    return file.getvalue()


def _read(text):
    return read(text.splitlines(keepends=True))


def _small():
    return Making().control().run("out", lane=Lane.KEPT, uncertainty=0.002).mark(0.5, "settled").history()


def test_a_history_comes_back_as_it_was_written():
    assert _read(_text(_small())) == _small()


def test_every_hand_made_history_comes_back_as_it_was_written():
    for making in MADE.values():
        assert _read(_text(making.history())) == making.history()


def test_every_field_of_an_exchange_survives():
    whole = Exchange(
        "s",
        7,
        1.25,
        2.5,
        Outcome.WRONG,
        1.5,
        2.0,
        "web-1",
        "node1",
        "10.0.0.1:5",
        "10.0.0.2:80",
        3,
        99,
        "odd",
        ("A 1.2.3.4",),
    )
    history = History({"s": Stream("s", "outside", "web")}, (whole,), (Event(1.0, Kind.FAULT, "f", "bites", {"a": 1}),))

    assert _read(_text(history)).exchanges == (whole,)
    assert _read(_text(history)).events == history.events


def test_the_same_history_always_gives_the_same_bytes():
    assert _text(_small()) == _text(_read(_text(_small())))


def test_a_last_line_cut_short_makes_a_history_incomplete():
    history = _read(_text(_small())[:-25])

    assert not history.complete
    assert len(history.exchanges) + len(history.events) == len(_small().exchanges) + len(_small().events) - 1


def test_lines_that_are_missing_at_the_end_make_a_history_incomplete():
    assert not _read("\n".join(_text(_small()).splitlines()[:-3])).complete


@pytest.mark.parametrize(
    ("number", "line", "says"),
    [
        (0, "", "line 1: wanted a header"),
        (0, '{"svcproof": "report"}', "line 1: wanted"),
        (0, '{"svcproof": "history", "version": 99}', "version 99"),
        (2, "half a li", "line 3: wanted one JSON object"),
        (
            2,
            '{"is": "x", "stream": "nobody", "number": 1, "start": 0, "end": 1, "outcome": "reset"}',
            "'nobody' is not in",
        ),
        (2, '{"is": "x", "stream": "out", "number": 1, "start": 0, "end": 1, "outcome": "fine"}', "'fine' is not"),
        (2, '{"is": "x", "stream": "out", "number": 1, "start": "0", "end": 1, "outcome": "reset"}', "line 3"),
        (2, '{"is": "x", "stream": "out", "number": 1, "start": 0, "outcome": "reset"}', "line 3"),
        (2, '{"is": "x", "stream": "out", "number": 1, "start": 0, "end": 1, "outcome": "reset", "mood": 1}', "mood"),
        (2, '{"is": "e", "at": 1.0, "kind": "weather", "subject": "rain"}', "line 3"),
        (2, "[1, 2]", "line 3"),
    ],
)
def test_what_is_no_history_is_said_with_its_line(number, line, says):
    lines = _text(_small()).splitlines()
    lines[number] = line

    with pytest.raises(MalformedHistory, match=says):
        read(lines)


def test_streams_are_chosen_by_name():
    part = _small().only("out")

    assert set(part.streams) == {"out"}
    assert {one.stream for one in part.exchanges} == {"out"}


def test_a_stream_that_is_not_there_cannot_be_chosen():
    with pytest.raises(KeyError):
        _small().only("nobody")


def test_a_window_is_of_starts_and_remembers_its_edges():
    part = _small().between(0.2, 0.4).between(0.3)

    assert {one.start >= 0.3 and one.start < 0.4 for one in part.exchanges} == {True}
    assert (part.since, part.until) == (0.3, 0.4)


def test_the_last_mark_of_a_name_counts():
    history = Making().mark(1.0, "settled").mark(2.0, "settled").history()

    assert history.moment("settled") == 2.0
    assert history.moment("never") is None


def test_a_hundred_thousand_exchanges_are_written_and_read_in_seconds():
    chance = random.Random(7)
    stream = Stream("out", "outside", "web", rate=1000.0)
    exchanges = tuple(
        Exchange(
            "out", k, k / 1000, k / 1000 + chance.random(), Outcome.ANSWERED, k / 1000 + 0.001, None, "web-1", "node1"
        )
        for k in range(100_000)
    )
    began = time.process_time()
    text = _text(History({"out": stream}, exchanges))
    again = _read(text)
    took = time.process_time() - began

    assert len(again.exchanges) == json.loads(text.partition("\n")[0])["exchanges"]
    assert took < 10, f"took {took:.1f} s of processor time; about 2 s when this was written"
