"""Crowds: many Services, and Services with many endpoints."""

from svcproof import crowds
from svcproof.gherkin import Context, given, then, when, world


@given("{count:Count} Services lead to the backends of {name:Name}")
def services_lead_there(context: Context, count: int, name: str) -> None:
    crowds.make(world(context), count, name)
    crowds.await_listed(world(context))


@when("{count:Count} Services that lead to the backends of {name:Name} join")
def services_join(context: Context, count: int, name: str) -> None:
    crowds.make(world(context), count, name)


@then("each of the Services comes to answer")
def each_answers(context: Context) -> None:
    crowds.each_answers(world(context))


@when("{count:Count} pods of {name:Name} join that no node runs")
def pods_that_no_node_runs(context: Context, count: int, name: str) -> None:
    crowds.put_up_pods(world(context), count, name)


@given("{count:Count} EndpointSlices of {service:Name} list the backends of {name:Name}, each at a port of its own")
def many_slices(context: Context, count: int, service: str, name: str) -> None:
    crowds.list_ports(world(context), count, service, name)


@then("every endpoint that the EndpointSlices of {name:Name} list is reached")
def every_endpoint_is_reached(context: Context, name: str) -> None:
    crowds.every_endpoint_is_reached(world(context), name)
