"""Network policies: who may call whom."""

from svcproof import network_policies, policies
from svcproof.gherkin import Context, given, when, world
from svcproof.model.service import Door, Frontend, Place, Vantage
from svcproof.network_policies import Rules


@given("a network policy that {rules:PolicyRules} {name:Name} is made")
def a_network_policy_in_force(context: Context, rules: Rules, name: str) -> None:
    network_policies.declare(world(context), rules, name)
    policies.await_silence(world(context), Vantage(Place.POD), Frontend(name, Door.CLUSTER_IP))


@when("a network policy that {rules:PolicyRules} {name:Name} is made")
def a_network_policy(context: Context, rules: Rules, name: str) -> None:
    network_policies.declare(world(context), rules, name)


@when("the network policy is changed: it {rules:PolicyRules} {name:Name}")
def the_policy_is_changed(context: Context, rules: Rules, name: str) -> None:
    network_policies.change(world(context), rules, name)
