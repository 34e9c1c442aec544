"""Changes under traffic: what a feature may say of them, and when an exchange is still under way."""

import pytest

from svcproof.changes import under_way
from svcproof.gherkin import read_disruption, read_lanes, read_service_change
from svcproof.model.disruption import Disruption, Lanes, ServiceChange
from svcproof.model.history import Exchange, History, Lane, Outcome, Stream


def history(*numbers, stream="out"):
    exchanges = tuple(Exchange(stream, number, number / 10, number / 10, Outcome.ANSWERED) for number in numbers)
    return History({stream: Stream(stream, "outside", "web")}, exchanges)


def test_an_exchange_that_later_ones_have_overtaken_is_under_way():
    assert under_way(history(0, 1, 3, 4, 6), {"out"}) == 2


def test_nothing_is_under_way_where_every_number_is_known():
    assert under_way(history(5, 6, 7), {"out"}) == 0


def test_streams_that_are_not_asked_for_do_not_count():
    assert under_way(history(0, 9), {"another"}) == 0


@pytest.mark.parametrize(
    ("text", "change"),
    [
        ("target port 8081", ServiceChange(target=8081)),
        ("another node port", ServiceChange(new_node_port=True)),
        ('the selector of "green"', ServiceChange(selector="green")),
    ],
)
def test_a_change_of_a_service_is_read_and_said_alike(text, change):
    assert read_service_change(text) == change
    assert str(change) == text


@pytest.mark.parametrize("disruption", Disruption)
def test_a_disruption_is_read_as_it_is_written(disruption):
    assert read_disruption(disruption.value) is disruption


def test_both_kinds_of_connections_are_two_lanes():
    assert read_lanes("both kinds of").lanes == (Lane.NEW, Lane.KEPT)
    assert Lanes.NEW.lanes == (Lane.NEW,)
