"""Names: what the cluster's DNS answers."""

from svcproof.gherkin import Context, then, when, world
from svcproof.model.service import Answers, Frontend, Vantage


@when("{vantage:Vantage} looks up the {record:Record} records of {frontend:Frontend}")
def looks_up(context: Context, vantage: Vantage, record: str, frontend: Frontend) -> None:
    world(context).look_up(vantage, frontend, record)


@then("the look-up answers with exactly {answers:Answers} of {name:Name}")
def the_look_up_answers_with(context: Context, answers: Answers, name: str) -> None:
    world(context).check_records(answers, name)


@then("the look-up finds no such name")
def the_look_up_finds_none(context: Context) -> None:
    world(context).check_no_such_name()
