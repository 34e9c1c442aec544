"""Services: how they come to be, and how they change."""

from svcproof import outsiders
from svcproof.cluster import stateful
from svcproof.gherkin import Context, given, when, world
from svcproof.model.service import Backends, Equipment, ServiceKind


@given("a {kind:Kind} Service {name:Name} with {equipment:Equipment}")
def a_service(context: Context, kind: ServiceKind, name: str, equipment: Equipment) -> None:
    world(context).serve(name, kind, equipment)


@when("a {kind:Kind} Service {name:Name} with {equipment:Equipment} joins")
def a_service_joins(context: Context, kind: ServiceKind, name: str, equipment: Equipment) -> None:
    world(context).join(name, kind, equipment)


@when("{name:Name} is exposed by a {kind:Kind} Service")
def exposed_by_a_service(context: Context, name: str, kind: ServiceKind) -> None:
    world(context).stage.expose(name, kind)


@given("a backend of {name:Name} outside the cluster")
def a_backend_outside(context: Context, name: str) -> None:
    outsiders.answer_for(world(context), name)


@given("a StatefulSet {name:Name} with {backends:Backends}")
def a_stateful_set(context: Context, name: str, backends: Backends) -> None:
    stateful.serve(world(context).stage, name, backends)
