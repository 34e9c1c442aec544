"""Endpoints: what EndpointSlices list."""

from svcproof import policies
from svcproof.gherkin import Context, then, world


@then("within the convergence time {name:Name} lists exactly {count:EndpointCount}")
def lists_exactly(context: Context, name: str, count: int) -> None:
    world(context).settle(name, count)


@then("the EndpointSlices of {name:Name} hint at each endpoint's own node")
def hint_at_nodes(context: Context, name: str) -> None:
    policies.hints_name_nodes(world(context), name)
