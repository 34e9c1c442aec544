"""Requests to the API server whose subject is its answer, and what they must not harm."""

from svcproof.cluster import standing
from svcproof.gherkin import Context, given, then, when, world
from svcproof.model.wish import Asker, Grant, Wish
from svcproof.wishes import asking


@given("the standing Service answers")
def the_standing_service(context: Context) -> None:
    here = world(context)
    standing.standing(here.vantages, here.settings)


@given("this {kind:ObjectKind} exists:")
def this_exists(context: Context, kind: str) -> None:
    asking(context).make(kind, context.text)


@when("this {kind:ObjectKind} is created:")
def this_is_created(context: Context, kind: str) -> None:
    asking(context).create(kind, context.text)


@when("this {kind:ObjectKind} is created under strict validation:")
def this_is_created_strictly(context: Context, kind: str) -> None:
    asking(context).create(kind, context.text, strict=True)


@when("an EndpointSlice of {count:Count} endpoints is created")
def a_slice_of_so_many(context: Context, count: int) -> None:
    asking(context).create_slice(count)


@given("{asker:Asker} has got {wish:Wish}")
def has_got(context: Context, asker: Asker, wish: Wish) -> None:
    asking(context).wish(asker, wish)
    asking(context).granted().require()


@when("{asker:Asker} asks for {wish:Wish}")
def asks_for(context: Context, asker: Asker, wish: Wish) -> None:
    asking(context).wish(asker, wish)


@when("the {kind:ObjectKind} {name:Name} is updated with:")
def is_updated_with(context: Context, kind: str, name: str) -> None:
    if kind == "Service":
        world(context).routing.remember(name)
    asking(context).rewrite(kind, name, context.text)


@when("the Service {name:Name} is updated from a version before its latest")
def is_updated_from_an_old_version(context: Context, name: str) -> None:
    asking(context).update_an_old_version(name)


@then("it is refused as {reason:Refusal} because of {field:Field}")
def refused_because_of(context: Context, reason: str, field: str) -> None:
    world(context).say("refused_as", asking(context).refused(reason, field))


@then("it is refused as {reason:Refusal}")
def refused(context: Context, reason: str) -> None:
    world(context).say("refused_as", asking(context).refused(reason))


@then("it is {grant:Grant}")
def granted(context: Context, grant: Grant) -> None:
    world(context).say(grant.law, asking(context).is_granted(grant))


@then("nothing is left of it")
def nothing_is_left(context: Context) -> None:
    world(context).say("nothing_left", asking(context).nothing_left())


@then("{name:Name} is as it was")
def is_as_it_was(context: Context, name: str) -> None:
    world(context).say("as_it_was", asking(context).as_it_was(name))


@then("{name:Name} still answers")
def still_answers(context: Context, name: str) -> None:
    here = world(context)
    asked = standing.still_asked(here.traffic, here.vantages, here.stage, name)
    here.check("every_exchange_answered", streams=asked, since=0.0)


@then("the standing Service still answers")
def the_standing_service_still_answers(context: Context) -> None:
    here = world(context)
    bystander = standing.standing(here.vantages, here.settings)
    asked = standing.still_asked(here.traffic, here.vantages, bystander.stage, bystander.name)
    here.check("every_exchange_answered", streams=asked, since=0.0)
