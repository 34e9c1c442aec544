"""Traffic: where it starts, where it goes, and what becomes of it."""

from svcproof.gherkin import Context, given, then, when, world
from svcproof.model.service import Frontend, Vantage, Which


@given("steady traffic from {vantage:Vantage} to {frontend:Frontend}")
def steady_traffic(context: Context, vantage: Vantage, frontend: Frontend) -> None:
    world(context).stream(vantage, frontend)


@when("{vantage:Vantage} fetches the page at {frontend:Frontend}")
def fetches_the_page(context: Context, vantage: Vantage, frontend: Frontend) -> None:
    world(context).fetch(vantage, frontend)


@then("the sample page comes back")
def the_sample_page_comes_back(context: Context) -> None:
    world(context).judge_pages()


@then("{vantage:Vantage} gets the sample page at {frontend:Frontend}")
def gets_the_sample_page(context: Context, vantage: Vantage, frontend: Frontend) -> None:
    world(context).fetch_and_judge(vantage, frontend)


@when("{vantage:Vantage} opens {count:Count} connections to {frontend:Frontend}")
def opens_connections(context: Context, vantage: Vantage, count: int, frontend: Frontend) -> None:
    world(context).open(vantage, frontend, count)


@then("every connection is answered")
def every_connection_is_answered(context: Context) -> None:
    world(context).check("every_exchange_answered")


@then("every connection is refused")
def every_connection_is_refused(context: Context) -> None:
    world(context).check("refused_not_lost")


@then("no connection is answered")
def no_connection_is_answered(context: Context) -> None:
    world(context).check("no_exchange_answered")


@then("no connection is lost")
def no_connection_is_lost(context: Context) -> None:
    world(context).check_losses()


@then("only {which:Which} of {name:Name} answer")
def only_these_answer(context: Context, which: Which, name: str) -> None:
    world(context).check_strangers(which, name)


@then("every ready backend of {name:Name} answers")
def every_ready_backend_answers(context: Context, name: str) -> None:
    world(context).check_everyone(name)


@then("connections are spread evenly over the backends of {name:Name}")
def spread_evenly(context: Context, name: str) -> None:
    world(context).check_spread(name)


@then("every connection is answered by the same backend")
def answered_by_the_same_backend(context: Context) -> None:
    world(context).check_loyalty()


@then("the backends see the address of {vantage:Vantage}")
def the_backends_see_the_address(context: Context, vantage: Vantage) -> None:
    world(context).check_source(vantage)


@then("every new backend of {name:Name} comes to answer")
def every_new_backend_answers(context: Context, name: str) -> None:
    world(context).check_newcomers(name)
