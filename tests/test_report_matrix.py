"""The matrix shows which vantage and frontend broke a law, and nothing broken where nothing was."""

from histories import NODE_1, NODE_2, Making, answered, between

from svcproof.model.history import Outcome
from svcproof.report import matrix


def test_a_law_is_asked_of_its_own_streams_only() -> None:
    refusing = between(0, 9, Outcome.REFUSED, answered("web-1"))
    made = Making().control(until=2).run("before", until=1, **NODE_1).run("after", refusing, until=2, **NODE_1)
    (cell,) = matrix.seen(made.asks("refused_not_lost", streams=["after"]).history())
    assert (cell.met, cell.expected) == (True, "refused not lost")


def test_what_is_broken_at_one_node_stands_out() -> None:
    losing = between(0.5, 0.6, Outcome.REFUSED, answered("web-1"))
    made = Making().control(until=2).run("one", until=2, **NODE_1).run("two", losing, until=2, **NODE_2)
    cells = matrix.seen(made.asks("none_lost", streams=["one", "two"]).history())
    assert [cell.met for cell in cells] == [True, False]
    assert "refused" in cells[1].seen


def test_where_no_law_was_asked_nothing_is_said() -> None:
    (cell,) = matrix.seen(Making().control(until=2).run("one", until=2, **NODE_1).history())
    assert (cell.met, cell.expected) == (None, "")
