"""Bad input is put right in silence, where it must be refused."""

from svcproof.cluster.api import Refused
from svcproof.faults.fault import Evidence, Fault, Layer
from svcproof.faults.ground import Ground
from svcproof.faults.sights import fresh_service


def inject(ground: Ground) -> None:
    ground.webhook({"lie": "bad_words_repaired"}, resource="/v1/services")


def in_effect(ground: Ground) -> Evidence:
    try:
        with fresh_service(ground, sessionAffinity="Sometimes"):
            accepted = True
    except Refused:
        accepted = False
    return Evidence(accepted, f"a Service with the affinity Sometimes is {'accepted' if accepted else 'refused'}")


FAULT = Fault(
    name="bad-words-accepted",
    stands_for="A webhook replaces unknown words by defaults: they are accepted, where they must be refused.",
    layer=Layer.CONTROL_PLANE,
    breaks=frozenset({"va-20", "va-21", "va-22"}),
    reason_says="refus|accept|wanted|Invalid",
    inject=inject,
    in_effect=in_effect,
)
