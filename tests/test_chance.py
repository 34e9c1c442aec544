"""What the laws know about chance."""

import math
from itertools import product

import pytest

from svcproof.model.chance import (
    chi_square,
    chi_square_survival,
    choices_to_see_all,
    choices_to_tell_sticky,
    miss_bound,
)
from svcproof.model.laws.spread import LEAST_EXPECTED, TAIL_MARGIN


@pytest.mark.parametrize("statistic", [0.1, 1.0, 5.0, 23.9, 80.0])
def test_survival_with_one_degree_of_freedom_is_the_normal_tail(statistic):
    assert chi_square_survival(statistic, 1) == pytest.approx(math.erfc(math.sqrt(statistic / 2)), rel=1e-10)


@pytest.mark.parametrize("statistic", [0.1, 3.0, 27.6, 200.0])
def test_survival_with_two_degrees_of_freedom_is_an_exponential(statistic):
    assert chi_square_survival(statistic, 2) == pytest.approx(math.exp(-statistic / 2), rel=1e-10)


@pytest.mark.parametrize(
    ("statistic", "freedom", "chance"), [(18.307038, 10, 0.05), (49.587884, 30, 0.0137), (124.342113, 100, 0.05)]
)
def test_survival_is_what_the_tables_say(statistic, freedom, chance):
    assert chi_square_survival(statistic, freedom) == pytest.approx(chance, rel=1e-2)


def test_survival_of_nothing_is_certain():
    assert chi_square_survival(0.0, 3) == 1.0


def test_the_miss_bound_is_the_one_in_the_docstring():
    assert miss_bound(100, 3) == pytest.approx(7.4e-18, rel=0.05)


@pytest.mark.parametrize("backends", [2, 3, 5, 40])
def test_so_many_choices_are_just_enough_to_see_all(backends):
    enough = choices_to_see_all(backends)

    assert miss_bound(enough, backends) <= 1e-6 < miss_bound(enough - 1, backends)


def test_one_backend_is_seen_at_once():
    assert choices_to_see_all(1) == 1


def test_twenty_one_connections_to_one_of_two_backends_are_no_luck():
    assert choices_to_tell_sticky(2) == 21


@pytest.mark.parametrize("shares", [(0.5, 0.5), (1 / 3, 1 / 3, 1 / 3), (0.1, 0.9), (0.3, 0.7)])
def test_the_smallest_samples_that_are_judged_keep_the_stated_false_alarm_rate_exactly(shares):
    size = round(LEAST_EXPECTED / min(shares))
    expected = [size * share for share in shares]
    rate = 0.0
    for head in product(range(size + 1), repeat=len(shares) - 1):
        if sum(head) > size:
            continue
        found = [*head, size - sum(head)]
        if chi_square_survival(chi_square(found, expected), len(shares) - 1) < 1e-6 * TAIL_MARGIN:
            weight = sum(n * math.log(share) - math.lgamma(n + 1) for n, share in zip(found, shares, strict=True))
            rate += math.exp(weight + math.lgamma(size + 1))

    assert 0 < rate <= 1e-6
