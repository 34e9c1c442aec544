"""Laws that chance plays into: healthy clusters are not blamed, broken ones are; seeded, thousands of clusters each."""

import random

from svcproof.model.history import Exchange, History, Outcome, Stream
from svcproof.model.laws import LAWS
from svcproof.model.verdict import Answer

CLUSTERS = 10_000
WEB = ("web-1", "web-2", "web-3")
STREAM = Stream("out", "outside", "web", rate=50.0)
EXCHANGE = {name: Exchange("out", 0, 0.0, 0.01, Outcome.ANSWERED, 0.001, backend=name) for name in WEB}


def _cluster(chance, size, weights=(1, 1, 1)):
    chosen = chance.choices(WEB, weights, k=size)
    return History({"out": STREAM}, [EXCHANGE[name] for name in chosen])


def _violated(law, clusters, seed, size, favour=(1, 1, 1), **arguments):
    chance = random.Random(seed)
    verdicts = [LAWS[law](_cluster(chance, size, favour), **arguments).answer for _ in range(clusters)]
    return sum(answer is Answer.VIOLATED for answer in verdicts) / clusters


def test_ten_thousand_healthy_clusters_are_never_blamed_for_their_spread():
    assert _violated("spread_over_backends", CLUSTERS, 1, 90, backends=WEB) == 0


def test_a_looser_false_alarm_rate_is_kept_where_it_can_be_measured():
    assert _violated("spread_over_backends", CLUSTERS, 2, 120, backends=WEB, false_alarm=0.01) <= 0.01


def test_weighted_shares_are_not_blamed_for_their_weights():
    weights = {"web-1": 1.0, "web-2": 2.0, "web-3": 3.0}

    assert _violated("spread_over_backends", 2000, 3, 200, (1, 2, 3), backends=WEB, weights=weights) == 0


def test_a_favour_of_nine_to_one_is_always_blamed():
    assert _violated("spread_over_backends", 2000, 4, 100, (9, 1, 0), backends=["web-1", "web-2"]) == 1


def test_a_backend_with_half_its_share_is_blamed_in_six_hundred_connections():
    assert _violated("spread_over_backends", 1000, 5, 600, (2, 2, 1), backends=WEB) > 0.9


def test_ten_thousand_healthy_clusters_are_never_blamed_for_a_silent_backend():
    assert _violated("every_backend_answered", CLUSTERS, 6, 37, backends=WEB) == 0


def test_a_looser_rate_for_a_silent_backend_is_kept_where_it_can_be_measured():
    assert _violated("every_backend_answered", CLUSTERS, 7, 15, backends=WEB, false_alarm=0.01) <= 0.01


def test_a_backend_that_is_never_chosen_is_always_blamed():
    assert _violated("every_backend_answered", 1000, 8, 40, (1, 1, 0), backends=WEB) == 1


def test_affinity_by_luck_alone_is_never_called_met():
    chance = random.Random(9)
    verdicts = {
        LAWS["same_backend_for_one_source"](_cluster(chance, 25), backend_count=3).answer for _ in range(CLUSTERS)
    }

    assert verdicts == {Answer.VIOLATED}


def test_five_percent_of_resets_are_caught_by_delivery():
    chance = random.Random(10)
    for _ in range(200):
        exchanges = [
            Exchange("out", k, k / 50, k / 50 + 0.01, Outcome.RESET if chance.random() < 0.05 else Outcome.ANSWERED)
            for k in range(400)
        ]

        assert LAWS["every_exchange_answered"](History({"out": STREAM}, exchanges)).answer is Answer.VIOLATED


def test_a_lookers_outage_is_bounded_from_both_sides_wherever_it_falls():
    chance = random.Random(11)
    law = LAWS["unavailable_for_at_most"]
    for _ in range(300):
        begun, lasting = 1 + chance.random(), 0.05 + chance.random() / 4
        exchanges = [
            Exchange("out", k, t, t + 0.001, Outcome.REFUSED if begun <= t < begun + lasting else Outcome.ANSWERED)
            for k in range(150)
            for t in [k / 50]
        ]
        history = History({"out": STREAM}, exchanges)

        assert law(history, seconds=lasting).answer is not Answer.VIOLATED
        assert law(history, seconds=lasting - 0.04).answer is not Answer.MET
        assert law(history, seconds=lasting - 0.05).answer is Answer.VIOLATED
        assert law(history, seconds=lasting + 0.05).answer is Answer.MET
        assert abs(law(history, seconds=1.0).figures["longest_gap_ms"] - lasting * 1000) <= 20.1
