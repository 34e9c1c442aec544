"""Samples of several tiers, each applied from a folder of manifests; and what an upper tier tells of those below."""

from __future__ import annotations

from dataclasses import replace

import yaml

from svcproof.bursts import REFUSAL_RATE, REFUSALS
from svcproof.cluster import workloads
from svcproof.cluster.api import Object
from svcproof.cluster.services import restarts
from svcproof.cluster.waiting import Deadline, Rounds
from svcproof.gherkin import parameter
from svcproof.model.answers import applied_alike
from svcproof.model.history import Outcome
from svcproof.model.service import Backends, Frontend, ServiceKind, Vantage
from svcproof.model.verdict import Inconclusive, Verdict, worst
from svcproof.resources import fixtures
from svcproof.world import World

FOLDER = "manifests/samples"
LOOKS = 10
BAD_GATEWAY = 502

SAYS = "svcproof.dev/says"
"""The annotation that tells what a tier's Service answers with when all is well."""

LIMIT = 20.0
"""How long one answer may take: the upper tier waits 5 s for the lower one, and a slow application loses nothing."""


@parameter("Sample", '"(?:server-and-fetcher|three-tiers|quiz-and-quote|reverse-proxy)"')
def read_sample(text: str) -> str:
    """Read the name of a sample."""
    return text.strip('"')


def deploy(here: World, name: str) -> None:
    """Apply a sample's folder of manifests, images by role, and await that all its pods are ready and listed.

    Where it is deployed already, every object is kept as it was before and as it is stored then.
    """
    if name in here.deployed:
        before = [_read(here, one) for one in here.deployed[name]]
        here.applied_again[name] = [*zip(before, apply(here, name), strict=True)]
        return
    here.stage.configure(workloads.agent_configuration())
    objects = here.deployed[name] = apply(here, name)
    for one in objects:
        label = one["metadata"]["name"]
        if one["kind"] == "Service":
            here.stage.kinds[label] = ServiceKind(one["spec"].get("type", "ClusterIP"))
        elif one["kind"] == "Deployment":
            count = one["spec"]["replicas"]
            here.stage.backends[label] = Backends(count)
            pods = here.stage.await_ready(label, count)
            here.stage.born[label] = {pod["metadata"]["uid"]: restarts(pod) for pod in pods}
            here.stage.await_endpoints(label, count)


def apply(here: World, name: str) -> list[Object]:
    """Apply every manifest of a sample's folder, in the order of the files, and return what is stored then."""
    here.traffic.act(f'applies the sample "{name}"')
    return [here.sandbox.apply(_by_role(here, one)) for one in manifests(name)]


def _read(here: World, item: Object) -> Object:
    return here.api.get(item["kind"], item["metadata"]["name"], here.sandbox.namespace())


def manifests(name: str) -> list[Object]:
    """Return the objects in a sample's folder, in the order of the files."""
    files = sorted((fixtures() / FOLDER / name).iterdir(), key=lambda file: file.name)
    texts = [file.read_text(encoding="utf-8") for file in files if file.name.endswith(".yaml")]
    return [one for text in texts for one in yaml.safe_load_all(text) if one]


def _by_role(here: World, item: Object) -> Object:
    """Return a manifest with the image of each role that its containers name."""
    if item["kind"] == "Deployment":
        for container in item["spec"]["template"]["spec"]["containers"]:
            container["image"] = here.settings.image(container["image"])
    return item


def unchanged(here: World, name: str) -> Verdict:
    """Require that a sample's second application left every object as it was."""
    if name not in here.applied_again:
        raise Inconclusive(f'the sample "{name}" was not applied again')
    return here.say("applied_alike", worst([applied_alike(*pair) for pair in here.applied_again[name]]))


def tells(here: World, vantage: Vantage, frontend: Frontend) -> Verdict:
    """Require that within the convergence time every answer says what the tiers below said."""
    meta = here.stage.service(frontend.service)["metadata"]
    text = (meta.get("annotations") or {}).get(SAYS, "")
    if not text:
        raise Inconclusive(f'the Service "{frontend.service}" has no annotation {SAYS}: nobody knows what it is to say')
    return _comes_to_answer(here, vantage, frontend, text=text)


def tells_of_failure(here: World, vantage: Vantage, frontend: Frontend) -> Verdict:
    """Require that within the convergence time every answer says that a tier below failed.

    A tier whose last pod is on its way out is not gone: it serves for as long as it can.
    """
    for name in [name for name, backends in here.stage.backends.items() if backends.count == 0]:
        here.stage.await_endpoints(name, 0)
    return _comes_to_answer(here, vantage, frontend, status=BAD_GATEWAY)


def _comes_to_answer(
    here: World, vantage: Vantage, frontend: Frontend, *, text: str = "", status: int = 200
) -> Verdict:
    places = here.places(vantage, frontend)
    targets = [replace(target, status=status, text=text) for target in here.targets(frontend)]
    if not targets:
        raise Inconclusive(f"{frontend} has no address")
    within, rounds = Deadline(here.settings.budget), Rounds(0.2)
    while not within.passed:
        tried = here.traffic.burst(places, targets, 1, limit=LIMIT)
        ends = {one.outcome for one in here.traffic.history().exchanges if one.stream in tried}
        if ends == {Outcome.ANSWERED}:
            break
        rounds.wait(0, min(0.2, within.left))
    looks, rate = (LOOKS, 4.0) if status < BAD_GATEWAY else (REFUSALS, REFUSAL_RATE)
    streams = here.traffic.burst(places, targets, looks, rate=rate, limit=LIMIT)
    return here.check("every_exchange_answered", streams=streams)
