"""Services: how they come to be, and how they change."""

from svcproof import outsiders
from svcproof.cluster import stateful
from svcproof.cluster.transitions import CHANGED
from svcproof.gherkin import Context, given, when, world
from svcproof.model.service import Backends, ServiceKind, Setting


@given("a {kind:Kind} Service {name:Name} with {backends:Backends}")
@when("a {kind:Kind} Service {name:Name} with {backends:Backends} joins")
def a_service_with_backends(context: Context, kind: ServiceKind, name: str, backends: Backends) -> None:
    world(context).stage.serve(name, kind, backends)


@given("{name:Name} is exposed by a {kind:Kind} Service")
@when("{name:Name} is exposed by a {kind:Kind} Service")
def exposed_by_a_service(context: Context, name: str, kind: ServiceKind) -> None:
    world(context).stage.expose(name, kind)


@given("a {kind:Kind} Service {name:Name} with {backends:Backends} and {setting:Setting}")
@when("a {kind:Kind} Service {name:Name} with {backends:Backends} and {setting:Setting} joins")
def a_service_with_a_setting(
    context: Context, kind: ServiceKind, name: str, backends: Backends, setting: Setting
) -> None:
    here = world(context)
    here.stage.serve(name, kind, backends, setting)
    here.traffic.mark(CHANGED)


@given("a backend of {name:Name} outside the cluster")
def a_backend_outside(context: Context, name: str) -> None:
    outsiders.answer_for(world(context), name)


@given("a StatefulSet {name:Name} with {backends:Backends}")
def a_stateful_set(context: Context, name: str, backends: Backends) -> None:
    stateful.serve(world(context).stage, name, backends)
