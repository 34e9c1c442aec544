"""Samples of several tiers, deployed from manifests of their own; and what the upper tier tells of the lower one."""

from __future__ import annotations

from dataclasses import replace

import yaml

from svcproof.cluster import workloads
from svcproof.cluster.api import Object
from svcproof.cluster.services import restarts
from svcproof.cluster.waiting import Deadline, Rounds
from svcproof.gherkin import parameter
from svcproof.model.history import Outcome
from svcproof.model.service import Backends, Frontend, ServiceKind, Vantage
from svcproof.model.verdict import Inconclusive, Verdict
from svcproof.resources import fixtures
from svcproof.world import World

FOLDER = "manifests/samples"
LOOKS = 10
BAD_GATEWAY = 502


@parameter("Sample", '"(?:server-and-fetcher)"')
def read_sample(text: str) -> str:
    """Read the name of a sample."""
    return text.strip('"')


def deploy(here: World, name: str) -> None:
    """Deploy a sample as its manifests say, images by role, and await that all its pods are ready and listed."""
    text = (fixtures() / FOLDER / f"{name}.yaml").read_text(encoding="utf-8")
    objects: list[Object] = [one for one in yaml.safe_load_all(text) if one]
    here.stage.configure(workloads.agent_configuration())
    for one in objects:
        for container in _containers(one):
            container["image"] = here.settings.image(container["image"])
        here.sandbox.create(one)
    for one in objects:
        label = one["metadata"]["name"]
        if one["kind"] == "Service":
            here.stage.kinds[label] = ServiceKind(one["spec"].get("type", "ClusterIP"))
        else:
            count = one["spec"]["replicas"]
            here.stage.backends[label] = Backends(count)
            pods = here.stage.await_ready(label, count)
            here.stage.born[label] = {pod["metadata"]["uid"]: restarts(pod) for pod in pods}
            here.stage.await_endpoints(label, count)


def _containers(item: Object) -> list[Object]:
    if item["kind"] != "Deployment":
        return []
    found: list[Object] = item["spec"]["template"]["spec"]["containers"]
    return found


def tells(here: World, vantage: Vantage, frontend: Frontend, *, text: str = "", status: int = 200) -> Verdict:
    """Require that within the convergence time every answer has this status and contains this text."""
    places = here.places(vantage, frontend)
    targets = [replace(target, status=status, text=text) for target in here.targets(frontend)]
    if not targets:
        raise Inconclusive(f"{frontend} has no address")
    within, rounds = Deadline(here.settings.budget), Rounds(0.2)
    while not within.passed:
        tried = [one for place in places for one in here.traffic.burst(place, targets, 1, limit=LIMIT)]
        ends = {one.outcome for one in here.traffic.history().exchanges if one.stream in tried}
        if ends == {Outcome.ANSWERED}:
            break
        rounds.wait(0, min(0.2, within.left))
    streams = [one for place in places for one in here.traffic.burst(place, targets, LOOKS, rate=4.0, limit=LIMIT)]
    return here.check("every_exchange_answered", streams=streams)


LIMIT = 20.0
"""How long one answer may take: the upper tier waits 5 s for the lower one, and a slow application loses nothing."""
