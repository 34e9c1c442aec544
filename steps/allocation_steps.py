"""Allocation: what the API server fills in, gives and takes back."""

from svcproof.gherkin import Context, then, when, world
from svcproof.model.allocation import Given, Kept, stored_alike
from svcproof.model.answers import answered_by, tell_addresses
from svcproof.wishes import asking, fields, granting


@when("this Service is created in YAML and in JSON:")
def created_in_yaml_and_json(context: Context) -> None:
    context.twins = granting(context).write_twice(context.text)


@then("the added service range {fate:Fate}")
def the_added_range_does(context: Context, fate: str) -> None:
    world(context).say(f"added_range_{fate}", asking(context).added_range_does(fate))


@then("both are stored alike")
def both_are_stored_alike(context: Context) -> None:
    one, other = context.twins
    world(context).say("stored_alike", stored_alike(one["spec"], other["spec"]))


@then("the {kind:ObjectKind} {name:Name} has:")
def has(context: Context, kind: str, name: str) -> None:
    world(context).say("has", granting(context).has(kind, name, fields(context)))


@then("every EndpointSlice of {name:Name} has:")
def every_slice_has(context: Context, name: str) -> None:
    world(context).say("has", granting(context).slices_have(name, fields(context)))


@then("{teller:Teller} {name:Name} as it is")
def is_shown_as_it_is(context: Context, teller: str, name: str) -> None:
    if teller.startswith("kubectl"):
        world(context).check_description(name)
    else:
        world(context).say("shown_as_it_is", asking(context).shown(name))


@then("{name:Name} is given {what:Given}")
def is_given(context: Context, name: str, what: Given) -> None:
    world(context).say("is_given", granting(context).given(name, what))


@then("{name:Name} keeps its {what:Kept}")
def keeps(context: Context, name: str, what: Kept) -> None:
    world(context).say("keeps", granting(context).kept(name, what, asking(context).before))


@then("the {maker:Maker} {name:Name} has made no {kind:Maker}")
def has_made_none(context: Context, maker: str, name: str, kind: str) -> None:
    world(context).say("none_appeared", granting(context).none_appeared(maker, name, kind))


@then("the {kind:ObjectKind} {name:Name} stays without an external address")
def stays_without_address(context: Context, kind: str, name: str) -> None:
    world(context).say("stays_without_address", granting(context).stays_without_address(kind, name, 3.0))


@when("every Service labelled {label:Name} is deleted in one request")
def deleted_in_one_request(context: Context, label: str) -> None:
    asking(context).delete_labelled(label)


@when("the API server's proxy is asked for port {port:Port} of {name:Name}")
def asked_by_proxy(context: Context, port: str, name: str) -> None:
    asking(context).by_proxy(name, port)


@then("a backend of {name:Name} has answered it")
def a_backend_has_answered_it(context: Context, name: str) -> None:
    here = world(context)
    here.say("answered_by_a_backend", answered_by(asking(context).asked.answer, here.stage.known[name]))


@then("every node tells an address, and every pod of {name:Name} its node and address")
def nodes_and_pods_tell_addresses(context: Context, name: str) -> None:
    here = world(context)
    here.say("tell_addresses", tell_addresses(here.api.list("Node"), here.stage.ready_pods(name)))


@then("no Service labelled {label:Name} is left")
def no_service_is_left(context: Context, label: str) -> None:
    world(context).say("none_left", asking(context).none_labelled(label))
