"""The pods of one node search for names in another domain."""

from svcproof.faults.fault import Evidence, Fault, Layer
from svcproof.faults.ground import Ground
from svcproof.faults.sights import await_true

WRONG = "cluster.lokal"


def inject(ground: Ground) -> None:
    ground.component(
        ground.victim,
        "kubelet",
        lambda kubelet: kubelet.reconfigure(config=lambda config: {**config, "clusterDomain": WRONG}),
    )


def in_effect(ground: Ground) -> Evidence:
    container = {
        "name": "sleeper",
        "image": ground.lab.images["busybox"],
        "imagePullPolicy": "Never",
        "command": ["sh", "-c", "cat /etc/resolv.conf; exec sleep 60"],
    }
    spec = {"nodeName": ground.victim, "terminationGracePeriodSeconds": 0, "containers": [container]}
    with ground.trial.fresh("Pod", "v1", spec=spec) as made:
        name, namespace = made["metadata"]["name"], made["metadata"]["namespace"]

        def running() -> bool:
            return bool(ground.api.get("Pod", name, namespace).get("status", {}).get("phase") == "Running")

        await_true("a new pod that runs", running, 20)
        text = ground.api.logs(namespace, name)
    search = next((line for line in text.splitlines() if line.startswith("search")), "no search line")
    return Evidence(WRONG in search, f"a new pod of {ground.victim} has: {search}")


FAULT = Fault(
    name="dns-search-path-wrong-on-one-node",
    stands_for="One node's kubelet was set up with another cluster domain: its new pods look names up where none are.",
    layer=Layer.DNS,
    breaks=frozenset({"dns-06", "src-04"}),
    reason_says="search|name|resolve|domain|bad address|lookup",
    inject=inject,
    in_effect=in_effect,
    wait=45,
)
