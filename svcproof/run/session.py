"""What the hooks do: open a cluster for the run and a world for each scenario, keep evidence, leave nothing behind."""

from __future__ import annotations

import json
import os
import signal
import threading
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any
from urllib.parse import urlsplit

from svcproof.adapters import keys, kube, outside, web
from svcproof.adapters.kubectl import Kubectl
from svcproof.cluster import diagnose, sandbox
from svcproof.cluster.api import ApiTrouble
from svcproof.cluster.detect import Detection, detect
from svcproof.cluster.second_look import SecondLook, went_by_name
from svcproof.cluster.settings import Settings, read
from svcproof.cluster.traffic import Clock, Traffic
from svcproof.cluster.vantages import Vantages
from svcproof.cluster.workloads import Images
from svcproof.model.capability import OFFERS, Capability
from svcproof.model.layers import CONCERNED, Layer
from svcproof.model.verdict import Inconclusive
from svcproof.providers import node_control
from svcproof.run.detecting import detection
from svcproof.run.recording import Recording
from svcproof.run.roster import identity
from svcproof.world import World

_NEEDS = "needs."
_FROM_A_POD = "from a pod to"
"""Traffic that begins in the run's own pod: it can start while the scenario's backends do."""


@dataclass
class Session:
    """One process's run against one cluster."""

    settings: Settings
    api: kube.Kube
    recording: Recording
    vantages: Vantages
    settled: dict[str, Capability] = field(default_factory=dict)
    detection: Detection | None = None

    def capability(self, name: str) -> Capability:
        """Return whether the cluster offers something; asked once a run."""
        if name not in self.settled:
            self.settled |= _settled(self.settings)
        if name not in self.settled:
            if self.detection is None:
                control = node_control.choose(self.settings.node_control)
                self.detection = detection(self.api, self.settings, self.vantages, control)
            self.settled[name] = detect(name, self.detection)
        return self.settled[name]


def open_session(context: Any) -> None:
    """Reach the cluster, or say in one message why not; delete what dead runs have left."""
    _interrupt_on_sigterm()
    settings = read(context.config.userdata, os.environ)
    recording = Recording(_events_file(settings), settings.run)
    api = kube.connect(settings.kubeconfig, settings.context)
    api.speak_for(settings.run)
    recording.count(lambda: api.requests_made)
    if not settings.worker:  # the parent of workers has done both
        sandbox.require_permission(api)
        sandbox.reap(api)
    settings = settings.with_images_of(api.list("Node"))
    images = Images(*(settings.image(role) for role in ("nginx", "busybox", "python")))
    vantages = Vantages(api, settings.run, images, launch_outside=outside.start_prober)
    context.session = Session(settings, api, recording, vantages)


def begin_scenario(context: Any, scenario: Any) -> None:
    """Skip with the reason where the cluster lacks what the scenario needs; open its world otherwise."""
    session: Session = context.session
    session.recording.scenario_begins(scenario)
    name = identity(scenario)
    session.api.speak_for(session.settings.run, name)
    for tag in scenario.effective_tags:
        if tag.startswith(_NEEDS):
            capability = session.capability(tag[len(_NEEDS) :])
            if not capability.present:
                _skip(session, scenario, tag, capability)
                return
    if any(_FROM_A_POD in step.name for step in scenario.steps):
        session.vantages.foresee()
    context.world = _world(session, name)
    context.add_cleanup(_close, context.world)


def _skip(session: Session, scenario: Any, tag: str, capability: Capability) -> None:
    offer = OFFERS.get(capability.name)
    cure = offer.get if offer else ""
    session.recording.skipped(capability.because, capability.name, cure)
    scenario.skip(reason=f"@{tag}: {capability.because}")
    if not session.settings.worker:  # behave shows none, lest it show every scenario that nobody asked for
        print(f"skipped: {scenario.name}\n  @{tag}: {capability.because}" + (f"\n  cure: {cure}" if cure else ""))


def _world(session: Session, name: str) -> World:
    clock = Clock()
    about = {"scenario": name, "run": session.settings.run}
    control = urlsplit(session.api.server)
    port = control.port or (443 if control.scheme == "https" else 80)
    traffic = Traffic(session.api, clock, f"{control.hostname}:{port}", session.recording, about=about)
    owned = sandbox.Sandbox(session.api, session.settings.run, name)
    world = World(
        settings=session.settings,
        api=session.api,
        sandbox=owned,
        traffic=traffic,
        vantages=session.vantages,
        recorder=session.recording,
        fetch_from_here=web.fetch_from_here,
        certify=keys.self_signed,
        describe=Kubectl(session.settings.kubeconfig, session.settings.context).describe,
        node_control=node_control.choose(session.settings.node_control),
        capability=session.capability,
        address_towards=web.Machine().address_towards,
        answer_here=web.Machine().answering,
    )
    owned.listener = world.hear
    return world


def end_scenario(context: Any, scenario: Any) -> None:
    """Keep the evidence of a scenario that is not met, while its objects still stand."""
    session: Session = context.session
    if getattr(context, "world", None) is None or scenario.status.name == "passed":
        return
    world: World = context.world
    world.kept = session.settings.keep_on_failure
    try:
        for piece in diagnose.gather(world.sandbox):
            session.recording.attach(piece.name, piece.media_type, piece.content)
        wanted = not session.settings.first_look_only
        if wanted and scenario.status.name in ("failed", "error") and not context.aborted:
            _blame(session, world)
    except Inconclusive as trouble:  # the API server is silent, say: the verdict stands without
        session.recording.attach("what could not be had", "text/plain", str(trouble))


def _blame(session: Session, world: World) -> None:
    """Look again at what went wrong, and keep the line that says which layer is to blame."""
    if not world.sandbox.own:
        return
    history = world.traffic.history()
    by_name = went_by_name(history) or any(route.frontend.startswith('"') for route in world.routes)
    law = session.recording.broken
    concerned = CONCERNED.get(law, tuple(Layer))
    look = SecondLook(world.stage, world.vantages, history, concerned, world.node_control, by_name)
    pieces, line = diagnose.blame(look, law)
    for piece in pieces:
        session.recording.attach(piece.name, piece.media_type, piece.content)
    if line:
        session.recording.cause(line)


def _close(world: World) -> None:
    """End a scenario's traffic and ask for the end of its objects, unless they are to be kept for looking into."""
    if world.kept:
        print(f"kept for looking into: {', '.join(world.sandbox.namespaces) or 'nothing'}")
        world.traffic.end()
        world.sandbox.stop_watching()
        return
    world.close()


def close_session(context: Any) -> None:
    """End the run's vantages; say what is left that nobody has asked to go."""
    session: Session | None = getattr(context, "session", None)
    if session is None:
        return
    if session.detection is not None and session.detection.ground is not None:
        session.detection.ground.close()
    session.vantages.delete()
    if session.settings.worker or session.settings.keep_on_failure:
        return
    try:
        left = [item for item in sandbox.leftovers(session.api, session.settings.run) if not item.going]
    except ApiTrouble as trouble:
        print(f"what is left cannot be counted: {trouble}")
        return
    if left:
        print(f"left behind: {', '.join(map(str, left))}; remove with: svcproof clean --run {session.settings.run}")


def _events_file(settings: Settings) -> Path | None:
    if settings.events:
        return Path(settings.events)
    return Path(settings.report) / "events.jsonl" if settings.report else None


def _settled(settings: Settings) -> dict[str, Capability]:
    """Read the capabilities that the parent has found out so far; a scenario is handed out when its own are."""
    text = Path(settings.capabilities).read_text(encoding="utf-8") if settings.capabilities else ""
    return {entry["name"]: Capability(**entry) for entry in json.loads(text or "[]")}


def _interrupt_on_sigterm() -> None:
    """Let SIGTERM end the run as Ctrl-C does, so that its cleanups run; once: a second one does not disturb them."""
    if threading.current_thread() is not threading.main_thread() or signal.getsignal(signal.SIGTERM) != signal.SIG_DFL:
        return

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)
