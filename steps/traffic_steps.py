"""Traffic: where it starts, where it goes, and what becomes of it."""

from svcproof import bursts, policies
from svcproof.gherkin import Context, given, then, when, world
from svcproof.model.disruption import Ending
from svcproof.model.service import Errand, Frontend, Meeting, Silence, Vantage, Which


@given("steady traffic from {vantage:Vantage} to {frontend:Frontend}")
def steady_traffic(context: Context, vantage: Vantage, frontend: Frontend) -> None:
    world(context).stream(vantage, frontend)


@then("no new backend of {name:Name} answers before it is ready")
def none_answers_too_early(context: Context, name: str) -> None:
    world(context).check_readiness(name)


@then("{vantage:Vantage} gets the sample page at {frontend:Frontend}")
def gets_the_sample_page(context: Context, vantage: Vantage, frontend: Frontend) -> None:
    world(context).fetch_and_judge(vantage, frontend)


@when("{vantage:Vantage} opens {count:Count} connections to {frontend:Frontend}")
def opens_connections(context: Context, vantage: Vantage, count: int, frontend: Frontend) -> None:
    world(context).open(vantage, frontend, count)


@then("every connection is {ending:Ending}")
def every_connection_ends(context: Context, ending: Ending) -> None:
    world(context).check(ending.law)


@then("no connection is lost")
def no_connection_is_lost(context: Context) -> None:
    world(context).check_losses()


@then("only {which:Which} of {name:Name} answer")
def only_these_answer(context: Context, which: Which, name: str) -> None:
    policies.check_strangers(world(context), which, name)


@then("every ready backend of {name:Name} answers")
def every_ready_backend_answers(context: Context, name: str) -> None:
    world(context).check_everyone(name)


@then("connections are spread evenly over the backends of {name:Name}")
def spread_evenly(context: Context, name: str) -> None:
    world(context).check_spread(name)


@then("the backends see the address of {vantage:Vantage}")
def the_backends_see_the_address(context: Context, vantage: Vantage) -> None:
    policies.check_source(world(context), vantage)


@given("{vantage:Vantage} is answered at {frontend:Frontend}")
def is_answered(context: Context, vantage: Vantage, frontend: Frontend) -> None:
    policies.await_answers(world(context), vantage, frontend)


@then("within the convergence time every node tells at {frontend:Frontend} whether it has a ready backend")
def every_node_tells(context: Context, frontend: Frontend) -> None:
    policies.health_is_told(world(context), frontend)


@then("every new backend of {name:Name} comes to answer")
def every_new_backend_answers(context: Context, name: str) -> None:
    world(context).check_newcomers(name)


@when("{vantage:Vantage} opens {count:Count} connections to {frontend:Frontend}, {pause:Pause} apart")
def opens_connections_apart(context: Context, vantage: Vantage, count: int, frontend: Frontend, pause: float) -> None:
    bursts.open_apart(world(context), vantage, frontend, count, pause)


@when("{vantage:Vantage} asks {frontend:Frontend} {errand:Errand} {size:Size} bytes")
def asks_for_bytes(context: Context, vantage: Vantage, frontend: Frontend, errand: Errand, size: int) -> None:
    bursts.ask_for_bytes(world(context), vantage, frontend, size, sends=errand is Errand.SEND_BACK)


@then("every answer of {size:Size} bytes arrives whole")
def arrives_whole(context: Context, size: int) -> None:
    world(context).check("body_arrives_whole", size=size)


@then("within the convergence time {vantage:Vantage} is {silence:Silence} at {frontend:Frontend}")
def falls_silent(context: Context, vantage: Vantage, silence: Silence, frontend: Frontend) -> None:
    bursts.falls_silent(world(context), vantage, frontend, silence)


@then("within the convergence time {vantage:Vantage} meets {meeting:Meeting} at {frontend:Frontend}")
def comes_to_meet(context: Context, vantage: Vantage, meeting: Meeting, frontend: Frontend) -> None:
    bursts.comes_to_meet(world(context), vantage, frontend, meeting)


@then("each caller has met {meeting:Meeting}")
def has_met(context: Context, meeting: Meeting) -> None:
    bursts.check_meeting(world(context), meeting)


@then("only pod {pod:Name} answers")
def only_this_pod_answers(context: Context, pod: str) -> None:
    bursts.only_pod(world(context), pod)


@then("the backends see themselves reached at their own address, at the target port of {frontend:Frontend}")
def reached_at_their_own(context: Context, frontend: Frontend) -> None:
    bursts.check_reached(world(context), frontend)


@then("the backends see themselves reached where the EndpointSlices of {name:Name} list them")
def reached_where_listed(context: Context, name: str) -> None:
    bursts.check_listed(world(context), name)


@then("within the convergence time every flow that keeps its source port is answered")
def flows_follow(context: Context) -> None:
    bursts.flows_follow(world(context))


@then("every kept-alive connection stays with one backend")
def stays_with_one_backend(context: Context) -> None:
    world(context).check("one_backend_per_connection")
