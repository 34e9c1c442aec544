"""Only one node has a service proxy at all."""

import json

from svcproof.faults.fault import Evidence, Fault, Layer
from svcproof.faults.ground import Ground
from svcproof.faults.sights import unaware


def inject(ground: Ground) -> None:
    struck = ground.nodes[1:]
    ground.components(struck, "kube-proxy", lambda proxy: proxy.stop())
    for node in struck:
        proxy = ground.lab.node(node).component("kube-proxy")
        program = json.loads((proxy.folder / "command.json").read_text())["program"]
        ground.lab.node(node).run([program, *proxy.arguments, "--cleanup"], check=False)


def in_effect(ground: Ground) -> Evidence:
    return unaware(ground, ground.nodes[1:])


FAULT = Fault(
    name="proxy-on-one-node-only",
    stands_for="The service proxy was rolled out to one node only: the others have no rules at all.",
    layer=Layer.PROXY,
    breaks=frozenset({"src-01", "np-01", "cip-01-1.1"}),
    reason_says="{others}",
    inject=inject,
    in_effect=in_effect,
)
