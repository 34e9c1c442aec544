"""Ingresses: rules that lead host names and paths to Services."""

from svcproof import ingresses
from svcproof.gherkin import Context, given, then, when, world


@given("an Ingress with the rules:")
def an_ingress(context: Context) -> None:
    ingresses.make(world(context), [row.as_dict() for row in context.table])


@when("the Ingress is given the rules:")
def the_ingress_is_given(context: Context) -> None:
    ingresses.rewrite(world(context), [row.as_dict() for row in context.table])


@when("the Ingress is given a certificate for host {host:Name}")
def the_ingress_is_certified(context: Context, host: str) -> None:
    ingresses.certify(world(context), host)


@then("no backend of {name:Name} is reached")
def no_backend_is_reached(context: Context, name: str) -> None:
    ingresses.nobody_reached(world(context), name)
