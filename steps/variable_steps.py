"""Environment variables: what pods learn of Services when they are made."""

from svcproof.gherkin import Context, then, world


@then("every pod of {deployment:Name} has the environment variables of {service:Name}")
def every_pod_has_the_variables(context: Context, deployment: str, service: str) -> None:
    world(context).judge_environments(deployment, service)


@then("no pod of {deployment:Name} has an environment variable of {stranger:Stranger}")
def no_pod_has_a_variable(context: Context, deployment: str, stranger: str) -> None:
    world(context).judge_ignorance(deployment, stranger)
