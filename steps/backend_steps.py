"""Backends: the pods that answer, and what becomes of them."""

from svcproof.cluster.transitions import CHANGED
from svcproof.gherkin import Context, given, then, when, world
from svcproof.model.answers import addresses_of_their_own
from svcproof.model.service import Backends
from svcproof.wishes import asking, listings


@given("a Deployment {name:Name} with {backends:Backends}")
@when("a Deployment {name:Name} with {backends:Backends} joins")
def a_deployment(context: Context, name: str, backends: Backends) -> None:
    world(context).stage.deploy(name, backends)


@given("{name:Name} is scaled to {count:BackendCount}")
def has_been_scaled(context: Context, name: str, count: int) -> None:
    world(context).scale_first(name, count)
    listings(context).follow(name)


@when("{name:Name} is scaled to {count:BackendCount}")
def scaled(context: Context, name: str, count: int) -> None:
    here = world(context)
    asking(context).look_around()
    here.scale(name, count)
    here.traffic.mark(CHANGED)


@when("the manifest of {name:Name} is applied with {count:BackendCount}")
def applied(context: Context, name: str, count: int) -> None:
    asking(context).look_around()
    world(context).apply(name, count)


@then("the pods of {name:Name} are the ones from before, never restarted")
def the_same_pods(context: Context, name: str) -> None:
    world(context).judge_sameness(name)


@then("no pod of the cluster shares an address with a pod of {name:Name}")
def no_shared_address(context: Context, name: str) -> None:
    here = world(context)
    here.say("addresses_of_their_own", addresses_of_their_own(here.stage.ready_pods(name), here.api.list("Pod")))
