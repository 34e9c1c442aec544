"""Transitions: what becomes of backends and Services, and what their EndpointSlices make of it."""

from svcproof.cluster.transitions import CHANGED, Transitions
from svcproof.deletions import Deleted, delete
from svcproof.gherkin import Context, given, then, when, world
from svcproof.model.change import Some, Transition
from svcproof.model.listing import State
from svcproof.model.service import Listing
from svcproof.wishes import listings


@given("{some:Some} of {name:Name} {transition:Transition}")
def some_backends_have_changed(context: Context, some: Some, name: str, transition: Transition) -> None:
    some_backends_change(context, some, name, transition)
    if transition.followed:
        listings(context).follow(name)


@when("{some:Some} of {name:Name} {transition:Transition}")
def some_backends_change(context: Context, some: Some, name: str, transition: Transition) -> None:
    here = world(context)
    here.routing.remember_pods(name)
    Transitions(here.stage, here.traffic).bring_about(some, name, transition)


@given("{what:Deleted} is deleted")
@when("{what:Deleted} is deleted")
def is_deleted(context: Context, what: Deleted) -> None:
    delete(context, what)


@given("a bare pod {pod:Name} of {name:Name}")
@when("a bare pod {pod:Name} of {name:Name} joins")
def a_bare_pod(context: Context, pod: str, name: str) -> None:
    listings(context).bare_pod(pod, name)


@given("{by_hand:Listing} lists the backends of {name:Name} at port {number:Count}")
@when("{by_hand:Listing} lists the backends of {name:Name} at port {number:Count}")
def listed_by_hand(context: Context, by_hand: Listing, name: str, number: int) -> None:
    here = world(context)
    here.traffic.act(f'lists the backends of "{name}" for "{by_hand.service}" by hand')
    listings(context).write(by_hand, name, number)
    here.traffic.mark(CHANGED)


@then("within the convergence time the endpoints of {name:Name} tell its pods as they are")
def the_endpoints_tell_the_pods(context: Context, name: str) -> None:
    world(context).say("tells_pods_as_they_are", listings(context).tell_pods_as_they_are(name))


@then("within the convergence time {name:Name} lists an endpoint that is {state:EndpointState}")
def lists_one_that_is(context: Context, name: str, state: State) -> None:
    world(context).say("lists_one_that_is", listings(context).lists_one_that_is(state, name))


@then("within the convergence time no EndpointSlice of {name:Name} is left")
def no_slice_is_left(context: Context, name: str) -> None:
    world(context).say("slices_gone", listings(context).gone(name))


@then("the Endpoints of {name:Name} list what its EndpointSlices list")
def the_endpoints_agree(context: Context, name: str) -> None:
    world(context).say("legacy_agrees", listings(context).legacy_agrees(name))
