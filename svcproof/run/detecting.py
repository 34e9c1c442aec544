"""Opens what the detectors of one process use: the cluster, this machine, and a ground of their own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from svcproof.adapters import outside, web
from svcproof.cluster.api import ClusterApi
from svcproof.cluster.detect import Detection
from svcproof.cluster.node_control import NodeControl
from svcproof.cluster.rehearsal import Ground
from svcproof.cluster.sandbox import Sandbox
from svcproof.cluster.settings import Settings
from svcproof.cluster.vantages import Vantages
from svcproof.cluster.workloads import Images


def detection(api: ClusterApi, settings: Settings, vantages: Vantages, control: NodeControl | None = None) -> Detection:
    """Return what detectors may use beside a run's vantages; its ground is to be closed."""
    ground = Ground(Sandbox(api, settings.run, "detect"), settings, vantages, web.Machine())
    return Detection(api, web.knock, control, ground)


@contextmanager
def detection_alone(api: ClusterApi, settings: Settings, control: NodeControl | None = None) -> Iterator[Detection]:
    """Give what detectors may use where no run is under way; everything they put up is asked to go at the end."""
    settings = settings.with_images_of(api.list("Node"))
    images = Images(*(settings.image(role) for role in ("nginx", "busybox", "python")))
    vantages = Vantages(api, settings.run, images, launch_outside=outside.start_prober)
    using = detection(api, settings, vantages, control)
    try:
        yield using
    finally:
        try:
            if using.ground is not None:
                using.ground.close()
        finally:
            vantages.delete()
