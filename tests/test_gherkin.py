"""The closed parameter types: what they read, and what they leave undefined."""

import pytest
from behave.matchers import ParseMatcher  # noqa: TID251 - types are tested through behave's own matcher

from svcproof import gherkin
from svcproof.model.service import Application, Backends, Door, Frontend, Listing, Nodes, Place, Site, Vantage


def matches(sentence: str, text: str) -> bool:
    return ParseMatcher(lambda _: None, sentence).match(text) is not None


@pytest.mark.parametrize(
    ("text", "frontend"),
    [
        ('"web"', Frontend("web")),
        ('the cluster IP of "web"', Frontend("web", Door.CLUSTER_IP)),
        ('port "admin" of "web"', Frontend("web", Door.NAME, "admin")),
        ('the node port of "web" on every node', Frontend("web", Door.NODE_PORT)),
        ('port "tls" of the node port of "web" on one node', Frontend("web", Door.NODE_PORT, "tls", Nodes.ONE)),
        ('the full name of "web"', Frontend("web", Door.FULL_NAME)),
        ('the address of every pod of "web"', Frontend("web", Door.POD_IP)),
        ('host "shop" at "/cart" of the Ingress', Frontend("shop", Door.INGRESS, path="/cart")),
        ('port "https" of host "shop" of the Ingress', Frontend("shop", Door.INGRESS, "https")),
    ],
)
def test_a_frontend_is_read_and_says_itself_again(text: str, frontend: Frontend) -> None:
    assert gherkin.read_frontend(text) == frontend
    assert str(frontend) == text
    assert matches("to {frontend:Frontend}", f"to {text}")


@pytest.mark.parametrize("vantage", [*(Vantage(place) for place in Place if not place.value.endswith(" of"))])
def test_a_vantage_is_read_and_says_itself_again(vantage: Vantage) -> None:
    assert gherkin.read_vantage(str(vantage)) == vantage
    assert matches("{vantage:Vantage} opens", f"{vantage} opens")


@pytest.mark.parametrize(
    ("text", "by_hand"),
    [
        ('the EndpointSlice "one" of "web"', Listing("web", "one")),
        ('the Endpoints object of "web"', Listing("web")),
    ],
)
def test_a_listing_by_hand_is_read(text: str, by_hand: Listing) -> None:
    assert gherkin.read_listing(text) == by_hand
    assert matches("{by_hand:Listing} lists", f"{text} lists")


def test_a_vantage_may_be_the_pods_of_a_deployment() -> None:
    assert gherkin.read_vantage('every pod of "old"') == Vantage(Place.EVERY_POD_OF, "old")


@pytest.mark.parametrize(
    ("text", "backends"),
    [
        ("1 ready backend", Backends(1)),
        ("no ready backends", Backends(0)),
        ("3 ready nginx pods", Backends(3, Application.NGINX)),
        ("2 ready backends on one node", Backends(2, site=Site.ONE_NODE)),
    ],
)
def test_backends_are_counted(text: str, backends: Backends) -> None:
    assert gherkin.read_backends(text) == backends
    assert matches("with {backends:Backends}", f"with {text}")


@pytest.mark.parametrize(
    ("sentence", "text"),
    [
        ("{vantage:Vantage} opens", "a client opens"),
        ("a {kind:Kind} Service", "a Headless Service"),
        ("to {frontend:Frontend}", "to web"),
        ("to {frontend:Frontend}", 'to "Web"'),
        ("to {frontend:Frontend}", 'to the node port of "web"'),
        ("with {backends:Backends}", "with 0 ready backends"),
        ("with {backends:Backends}", "with 2 unready backends"),
        ("scaled to {count:BackendCount}", "scaled to 1 backends"),
    ],
)
def test_a_word_that_is_not_in_the_list_is_an_undefined_step(sentence: str, text: str) -> None:
    assert not matches(sentence, text)


def test_a_parameter_type_with_a_capturing_group_is_refused() -> None:
    with pytest.raises(ValueError, match="capturing group"):
        gherkin.parameter("Broken", "(a|b)")


def test_two_types_may_share_a_reader() -> None:
    assert matches("{count:BackendCount}", "5 backends")
    assert matches("{count:EndpointCount}", "5 ready endpoints")
    assert not matches("{count:BackendCount}", "5 ready endpoints")
