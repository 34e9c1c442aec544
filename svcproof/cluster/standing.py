"""The Service that was there before: one for a whole run, made when first asked for, whose answers nothing may harm."""

from __future__ import annotations

import secrets
from contextlib import suppress
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from svcproof.cluster import workloads
from svcproof.cluster.api import Conflict
from svcproof.cluster.settings import Settings
from svcproof.cluster.stage import Stage
from svcproof.cluster.traffic import Target, Traffic
from svcproof.cluster.vantages import Vantages
from svcproof.cluster.waiting import Deadline
from svcproof.model.history import Outcome
from svcproof.model.service import Backends, ServiceKind

QUESTIONS = 5
"""How many connections show that a Service answers: it is a bystander, and its data plane is not what is judged."""


@dataclass(frozen=True)
class Standing:
    """The standing Service: where it is, and its name."""

    stage: Stage
    name: str


_known: WeakKeyDictionary[Vantages, Standing] = WeakKeyDictionary()


def standing(vantages: Vantages, settings: Settings) -> Standing:
    """Return the standing Service; its one pod costs a second or two, once a run.

    Where it could not be made, the next scenario tries again under another name.
    """
    if vantages not in _known:
        made = Standing(Stage(vantages.sandbox, settings), f"standing-{secrets.token_hex(2)}")
        with suppress(Conflict):  # a vantage has brought it into this namespace already
            made.stage.configure(workloads.agent_configuration())
        made.stage.serve(made.name, ServiceKind.CLUSTER_IP, Backends(1))
        _known[vantages] = made
    return _known[vantages]


def still_asked(traffic: Traffic, vantages: Vantages, stage: Stage, name: str) -> list[str]:
    """Ask a Service at its cluster IP, from a pod, until it answers or the budget is over, then a few times more.

    Returns the last streams: what was asked before the first answer is convergence, what comes after it is judged.
    """
    spec = stage.service(name)["spec"]
    target = Target(f'the cluster IP of "{name}"', spec["clusterIP"], spec["ports"][0]["port"])
    place = vantages.in_pod()
    within = Deadline(stage.settings.budget)
    while not within.passed:
        first = traffic.burst(place, [target], 1)
        seen = [exchange.outcome for exchange in traffic.history().exchanges if exchange.stream in first]
        if Outcome.ANSWERED in seen or Outcome.NOT_SENT in seen:
            break
    return traffic.burst(place, [target], QUESTIONS)
