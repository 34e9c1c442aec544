"""Ingresses: rules of host names and paths, brought about and awaited; each scenario has host names of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress

from svcproof.cluster import services
from svcproof.cluster.api import Object
from svcproof.cluster.rehearsal import PROVIDED_SECONDS
from svcproof.cluster.services import Route
from svcproof.cluster.transitions import CHANGED
from svcproof.cluster.waiting import Deadline, NotConverged, Rounds, Sighting, await_state
from svcproof.model.history import Outcome
from svcproof.model.service import Door, Frontend, Place, Vantage
from svcproof.model.verdict import Inconclusive, Verdict
from svcproof.world import World

NAME = "web"
CERTIFICATE = "certificate"
IN_A_ROW = 5


def make(here: World, rows: Sequence[Mapping[str, str]]) -> None:
    """Make an Ingress of the class that was found to be served, and await that each rule leads to its Service.

    What an Ingress does once it had its time is judged by laws, so a rule that leads nowhere raises nothing here.
    """
    here.sandbox.create(_ingress(here, rows))
    _await_rules(here, rows)


def rewrite(here: World, rows: Sequence[Mapping[str, str]]) -> None:
    """Replace the rules of the Ingress."""
    here.traffic.act("gives the Ingress other rules")
    spec = _ingress(here, rows)["spec"]
    here.api.patch("Ingress", NAME, here.sandbox.namespace(), {"spec": spec})
    here.traffic.mark(CHANGED)


def certify(here: World, host: str) -> None:
    """Give the Ingress a certificate for one of its hosts, and await that it shows it.

    What an Ingress does once it had its time is judged by laws, so one that shows no certificate raises nothing here.
    """
    here.traffic.act(f'gives the Ingress a certificate for "{host}"')
    name = here.routing.ingress_host(host)
    here.stage.certify(host, name, CERTIFICATE)
    tls = [{"hosts": [name], "secretName": CERTIFICATE}]
    here.api.patch("Ingress", NAME, here.sandbox.namespace(), {"spec": {"tls": tls}})
    here.traffic.mark(CHANGED)
    trust = here.stage.trusted[host]
    (target,) = here.targets(Frontend(host, Door.INGRESS, "https"))

    def look() -> Sighting[bool]:
        seen = here.fetch_from_here(f"https://{target.address}/", 2.0, 0.0, trust)
        return Sighting(seen.seen, True if seen.status else None)

    with suppress(NotConverged):
        await_state(
            "the certificate of the Ingress", look, Deadline(here.settings.seconds(PROVIDED_SECONDS)), Rounds(0.3)
        )


def nobody_reached(here: World, name: str) -> Verdict:
    """Require that every connection was answered, and by no pod of a Deployment."""
    return here.check("none_of_these_answered", backends=sorted(here.stage.known[name]))


def _ingress(here: World, rows: Sequence[Mapping[str, str]]) -> Object:
    if here.capability is None:
        raise Inconclusive("nobody has found out which Ingress class is served")
    found = here.capability("ingress").figures
    here.routing.ingress_address = found["address"]
    routes = [Route(here.routing.ingress_host(row["host"]), row["path"], row["Service"]) for row in rows]
    return services.ingress(NAME, found["class"], routes)


def _await_rules(here: World, rows: Sequence[Mapping[str, str]]) -> None:
    (place,) = here.places(Vantage(Place.OUTSIDE))
    within = Deadline(here.settings.seconds(PROVIDED_SECONDS))

    def look() -> Sighting[bool]:
        for row in rows:
            frontend = Frontend(row["host"], Door.INGRESS, path=row["path"])
            tried = here.traffic.burst(place, here.targets(frontend), IN_A_ROW, limit=2.0)
            ends = [one for one in here.traffic.history().exchanges if one.stream in tried]
            known = here.stage.known.get(row["Service"], set())
            if not all(one.outcome is Outcome.ANSWERED and one.backend in known for one in ends):
                return Sighting(f"{frontend}: {ends[-1].outcome.value if ends else 'nothing'}")
        return Sighting("all rules lead to their Services", value=True)

    with suppress(NotConverged):
        await_state("the rules of the Ingress", look, within, Rounds(0.3))
