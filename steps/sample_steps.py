"""Samples: several tiers that stand on one another."""

from svcproof import samples
from svcproof.gherkin import Context, given, then, when, world
from svcproof.model.service import Frontend, Vantage


@given("the sample {name:Sample} is deployed")
@when("the sample {name:Sample} is deployed")
def a_sample_is_deployed(context: Context, name: str) -> None:
    samples.deploy(world(context), name)


@then("every object of the sample {name:Sample} is as it was")
def as_it_was_applied(context: Context, name: str) -> None:
    samples.unchanged(world(context), name)


@then("within the convergence time {vantage:Vantage} reads what the tiers below said at {frontend:Frontend}")
def reads_what_the_tiers_said(context: Context, vantage: Vantage, frontend: Frontend) -> None:
    samples.tells(world(context), vantage, frontend)


@then("within the convergence time {vantage:Vantage} is told of a failed tier at {frontend:Frontend}")
def is_told_of_a_failed_tier(context: Context, vantage: Vantage, frontend: Frontend) -> None:
    samples.tells_of_failure(world(context), vantage, frontend)
