"""Changes under traffic: of a Service, of its backends, and of what carries it."""

from svcproof import changes
from svcproof.gherkin import Context, given, then, when, world
from svcproof.model.disruption import Disruption, Ending, Lanes, ServiceChange
from svcproof.model.service import Door, Frontend, ServiceKind, Setting, Site, Vantage


@given("steady traffic from {vantage:Vantage} to {frontend:Frontend} over {lanes:Lanes} connections")
def steady_traffic_over(context: Context, vantage: Vantage, frontend: Frontend, lanes: Lanes) -> None:
    changes.stream(world(context), vantage, frontend, lanes)


@given("steady look-ups of {name:Name} from {vantage:Vantage}")
def steady_look_ups(context: Context, name: str, vantage: Vantage) -> None:
    changes.look_up_steadily(world(context), vantage, name)


@given("one backend of {name:Name} at a time may be evicted")
def one_at_a_time(context: Context, name: str) -> None:
    changes.spare(world(context), name)


@given("{disruption:Disruption}")
@when("{disruption:Disruption}")
def disrupted(context: Context, disruption: Disruption) -> None:
    changes.disrupt(world(context), disruption)


@when("{name:Name} is rolled out anew")
def rolled_out(context: Context, name: str) -> None:
    changes.replace_pods(world(context), name)


@when("the gates of {name:Name} open for as many new backends and shut for the old ones")
def handed_over(context: Context, name: str) -> None:
    changes.hand_over(world(context), name)


@when("{name:Name} is moved to {site:Site}")
def moved(context: Context, name: str, site: Site) -> None:
    changes.move(world(context), name, site)


@when("{name:Name} becomes a {kind:Kind} Service")
def becomes(context: Context, name: str, kind: ServiceKind) -> None:
    changes.become(world(context), name, kind)


@when("{name:Name} is changed to {to:ServiceChange}")
def changed_to(context: Context, name: str, to: ServiceChange | Setting) -> None:
    changes.change(world(context), name, to)


@when("the Service {name:Name} is deleted and made anew")
def made_anew(context: Context, name: str) -> None:
    changes.make_anew(world(context), name)


@then("within the convergence time only ready backends of {name:Name} answer")
def only_ready_backends(context: Context, name: str) -> None:
    changes.only_ready_answer(world(context), name)


@then("within the convergence time every connection is {ending:Ending}")
def every_connection(context: Context, ending: Ending) -> None:
    changes.every_connection(world(context), ending)


@then("within the convergence time every connection arrives at port {port:Count} of the backends")
def arrives_at(context: Context, port: int) -> None:
    changes.reached_at(world(context), port)


@then("within the convergence time {vantage:Vantage} is answered at {frontend:Frontend}")
def is_answered_at(context: Context, vantage: Vantage, frontend: Frontend) -> None:
    changes.answered_at(world(context), vantage, frontend)


@then("within the convergence time nobody answers at the former {door:AddressDoor} of {name:Name}")
def nobody_answers_at(context: Context, door: Door, name: str) -> None:
    changes.silent_at_former(world(context), door, name)


@then("within the convergence time every caller reaches every ready backend of {name:Name}")
def every_caller_reaches(context: Context, name: str) -> None:
    changes.every_caller_reaches(world(context), name)


@then("no connection to {frontend:Frontend} is lost")
def none_lost_at(context: Context, frontend: Frontend) -> None:
    changes.none_lost_at(world(context), frontend)


@then("no connection is lost after convergence")
def none_lost_afterwards(context: Context) -> None:
    changes.none_lost_afterwards(world(context))


@then("no look-up goes unanswered for longer than one retry of a resolver")
def names_stay(context: Context) -> None:
    changes.names_stay(world(context))
