"""Traffic: where it starts, where it goes, and what becomes of it."""

from svcproof.gherkin import Context, given, then, when, world
from svcproof.model.service import Frontend, Vantage


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


@then("no connection is lost")
def no_connection_is_lost(context: Context) -> None:
    world(context).check_losses()


@then("only backends of {name:Name} answer")
def only_backends_answer(context: Context, name: str) -> None:
    world(context).check_strangers(name)


@then("every new backend of {name:Name} comes to answer")
def every_new_backend_answers(context: Context, name: str) -> None:
    world(context).check_newcomers(name)
