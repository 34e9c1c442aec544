"""Where chance is involved: how likely a healthy cluster looks broken, and how many samples a claim needs."""

from __future__ import annotations

import math

FALSE_ALARM = 1e-6
"""How often a law may blame a healthy cluster by chance alone: once in a million askings."""


def miss_bound(choices: int, backends: int) -> float:
    """Return a bound on the chance to miss any of k equally likely *backends* in n *choices*: k(1 - 1/k)^n."""
    return min(1.0, backends * (1 - 1 / backends) ** choices)


def choices_to_see_all(backends: int, false_alarm: float = FALSE_ALARM) -> int:
    """Return the fewest choices that leave any of k equally likely *backends* out with at most this chance."""
    if backends <= 1:
        return 1
    return math.ceil(math.log(false_alarm / backends) / math.log1p(-1 / backends))


def choices_to_tell_sticky(backends: int, false_alarm: float = FALSE_ALARM) -> int:
    """Return the fewest choices that fall on one of k *backends* by luck with at most this chance: k^(1 - n)."""
    return 1 + math.ceil(-math.log(false_alarm) / math.log(backends))


def chi_square(found: list[int], expected: list[float]) -> float:
    """Return Pearson's statistic; every expected count is positive."""
    return sum((seen - wanted) ** 2 / wanted for seen, wanted in zip(found, expected, strict=True))


def chi_square_survival(statistic: float, freedom: int) -> float:
    """Return the chance that a chi-square value with this many degrees of *freedom* exceeds *statistic*.

    It is the regularised upper incomplete gamma function Q(freedom/2, statistic/2), by its series below the bend and
    by its continued fraction (Lentz) above (Abramowitz and Stegun 6.5.29, 6.5.31); right to some 12 digits.
    """
    shape, point = freedom / 2, statistic / 2
    if point <= 0:
        return 1.0
    scale = math.exp(-point + shape * math.log(point) - math.lgamma(shape))
    if point < shape + 1:
        return 1.0 - scale * _lower_series(shape, point)
    return scale * _upper_fraction(shape, point)


def _lower_series(shape: float, point: float) -> float:
    term = total = 1 / shape
    step = shape
    while abs(term) > abs(total) * 1e-16:
        step += 1
        term *= point / step
        total += term
    return total


def _upper_fraction(shape: float, point: float) -> float:
    tiny = 1e-300
    bottom = point + 1 - shape
    upper, lower = 1 / tiny, 1 / bottom
    value = lower
    for step in range(1, 10_000):
        factor = -step * (step - shape)
        bottom += 2
        lower = 1 / (factor * lower + bottom or tiny)
        upper = bottom + factor / upper or tiny
        change = upper * lower
        value *= change
        if abs(change - 1) < 1e-15:
            break
    return value
