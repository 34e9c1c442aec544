"""Names: what the cluster's DNS answers, and how a pod's resolver asks it."""

from collections.abc import Sequence

from svcproof.gherkin import Context, given, then, when
from svcproof.model.service import Answers, Frontend, Vantage
from svcproof.naming import Habit, lookups


@given("{vantage:Vantage} has found {frontend:Frontend}")
def has_found(context: Context, vantage: Vantage, frontend: Frontend) -> None:
    lookups(context).has_found(vantage, frontend)


@when("an alias {name:Name} of the standing Service joins")
def an_alias_joins(context: Context, name: str) -> None:
    lookups(context).alias_standing(name)


@when("{vantage:Vantage} looks up the {record:Record} records of {frontend:Frontend}")
def looks_up(context: Context, vantage: Vantage, record: str, frontend: Frontend) -> None:
    lookups(context).ask(vantage, frontend, record)


@when("{vantage:Vantage} looks up the {record:Record} records of {frontend:Frontend} over {transport:Transport}")
def looks_up_over(context: Context, vantage: Vantage, record: str, frontend: Frontend, transport: str) -> None:
    lookups(context).ask(vantage, frontend, record, transport)


@when("{vantage:Vantage} reads its resolver's configuration")
def reads_the_configuration(context: Context, vantage: Vantage) -> None:
    lookups(context).read_configuration(vantage)


@then("the look-up answers with exactly {answers:Answers} of {name:Name}")
def the_look_up_answers_with(context: Context, answers: Answers, name: str) -> None:
    lookups(context).answers_exactly(answers, name)


@then("the look-up finds {nothing:Nothing}")
def the_look_up_finds_nothing(context: Context, nothing: Sequence[str]) -> None:
    lookups(context).no_such(nothing)


@then(  # one sentence in two lines
    "within the convergence time {vantage:Vantage} finds {frontend:Frontend} "
    "at exactly {answers:Answers} of {name:Name}"
)
def finds(context: Context, vantage: Vantage, frontend: Frontend, answers: Answers, name: str) -> None:
    lookups(context).finds(vantage, frontend, answers, name)


@then("within the convergence time {vantage:Vantage} finds nobody called {frontend:Frontend}")
def finds_nobody(context: Context, vantage: Vantage, frontend: Frontend) -> None:
    lookups(context).finds_nothing(vantage, frontend)


@then("the resolver {habit:Habit}")
def the_resolver_does(context: Context, habit: Habit) -> None:
    lookups(context).does(habit)
