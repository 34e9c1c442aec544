"""Endpoints: what EndpointSlices list."""

from svcproof.gherkin import Context, then, world


@then("within the convergence time {name:Name} lists exactly {count:EndpointCount}")
def lists_exactly(context: Context, name: str, count: int) -> None:
    world(context).settle(name, count)
