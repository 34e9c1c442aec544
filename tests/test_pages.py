"""Verdicts over fetched pages: what blames a node, and what blames nobody."""

from svcproof.model.pages import Fetch, Route, page_shows
from svcproof.model.verdict import Answer

PAGE = "<h1>Welcome to nginx!</h1>"


def good(at: float) -> Fetch:
    return Fetch(at, 0.01, 200, PAGE)


def bad(at: float, problem: str = "connection refused") -> Fetch:
    return Fetch(at, 0.01, problem=problem)


def route(*fetches: Fetch, node: str = "node-1") -> Route:
    return Route("a host outside the cluster", 'the node port of "web"', f"http://{node}:30080/", node, fetches)


def test_a_page_that_shows_at_every_node_is_met_and_says_how_soon() -> None:
    verdict = page_shows([route(good(0.1)), route(bad(0.1), good(0.4), node="node-2")], budget=10)
    assert verdict.answer is Answer.MET
    assert verdict.figures["first_shown_ms[node-2]"] == 410


def test_a_node_that_never_shows_it_is_blamed_by_name_with_what_was_sent_wanted_and_seen() -> None:
    silent = route(bad(0), bad(5), bad(10.2, "no connection within 2 s"), node="node-2")
    verdict = page_shows([route(good(0)), silent], budget=10)
    assert verdict.answer is Answer.VIOLATED
    for word in ("node-2", "sent GET / 3 times", "Welcome to nginx!", "no connection within 2 s", "shows at node-1"):
        assert word in verdict.because


def test_a_page_that_goes_away_again_is_a_violation() -> None:
    verdict = page_shows([route(good(0), good(0.1), bad(0.2))], budget=10)
    assert verdict.answer is Answer.VIOLATED
    assert "again after 0.2 s" in verdict.because


def test_a_page_seen_to_fail_after_the_budget_is_late_even_if_it_shows_then() -> None:
    verdict = page_shows([route(bad(0), bad(10.1), good(11))], budget=10)
    assert verdict.answer is Answer.VIOLATED
    assert "first showed after 11.0 s" in verdict.because


def test_a_first_look_after_the_budget_tells_nothing() -> None:
    assert page_shows([route(good(12))], budget=10).answer is Answer.UNKNOWN
    assert page_shows([route(bad(1), good(12))], budget=10).answer is Answer.UNKNOWN


def test_a_request_that_was_never_sent_tells_nothing() -> None:
    verdict = page_shows([route(Fetch(0, 1, problem="stream cut", not_sent=True), good(1))], budget=10)
    assert verdict.answer is Answer.UNKNOWN
    assert "stream cut" in verdict.because


def test_another_page_is_not_the_sample_page() -> None:
    verdict = page_shows([route(Fetch(10, 0.1, 200, "It works"))], budget=10)
    assert verdict.answer is Answer.VIOLATED
    assert "It works" in verdict.because


def test_no_route_is_unknown() -> None:
    assert page_shows([], budget=10).answer is Answer.UNKNOWN
    assert page_shows([route()], budget=10).answer is Answer.UNKNOWN
