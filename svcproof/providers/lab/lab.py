"""A running lab in a program's hands: its nodes, and what runs on them."""

from __future__ import annotations

import json
import os
import shutil
import signal
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from svcproof.adapters import shell
from svcproof.files import write_file
from svcproof.problems import SetupProblem
from svcproof.providers.lab import network, policy_guard, processes, state
from svcproof.providers.lab.components import CONTROL_PLANE_COMPONENTS, NODE_COMPONENTS, folder
from svcproof.providers.lab.plan import CONTROL_PLANE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AbstractContextManager

    from svcproof.providers.lab.plan import LabPlan

STOP_SECONDS = 5.0
"""A component that was asked to end has so long before it is killed; the API server alone would take a minute."""


@dataclass(frozen=True)
class Component:
    """One program of a lab. Its command and configuration lie in its folder, and each start reads them again."""

    plan: LabPlan
    place: str
    name: str

    @property
    def folder(self) -> Path:
        return folder(self.plan, self.place, self.name)

    @property
    def log(self) -> Path:
        return self.folder / "log"

    @property
    def config_path(self) -> Path | None:
        """Its configuration file: JSON, or TOML for containerd; None for what is told by arguments alone."""
        return next((path for name in ("config.json", "config.toml") if (path := self.folder / name).exists()), None)

    @property
    def arguments(self) -> list[str]:
        arguments: list[str] = json.loads((self.folder / "command.json").read_text())["arguments"]
        return arguments

    @property
    def process(self) -> processes.Process | None:
        """The living process; None where the component does not run."""
        process = processes.remembered(self.plan, self.place, self.name)
        return process if process and process.alive() else None

    @property
    def pid(self) -> int | None:
        return self.process.pid if self.process else None

    def alive(self) -> bool:
        """Whether it runs; one that is frozen runs."""
        return self.process is not None

    def start(self) -> None:
        """Start it, unless it runs."""
        if not self.alive():
            processes.start(self.plan, self.place, self.name)

    def stop(self, *, kill: bool = False) -> None:
        """End it: asked first, killed after 5 seconds; killed at once with *kill*. Pods keep running."""
        process = self.process
        if process is None:
            return
        process.send(signal.SIGKILL if kill else signal.SIGTERM)
        process.send(signal.SIGCONT)
        if not process.await_end(STOP_SECONDS):
            process.send(signal.SIGKILL)
            process.await_end(STOP_SECONDS)

    def restart(self) -> None:
        self.stop()
        self.start()

    def freeze(self) -> None:
        """Halt it without its end (SIGSTOP): its sockets stay open and nobody answers."""
        self._send(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on after `freeze`."""
        self._send(signal.SIGCONT)

    def reconfigure(
        self,
        *,
        arguments: Callable[[list[str]], list[str]] | None = None,
        config: Callable[[dict[str, Any]], dict[str, Any]] | None = None,
    ) -> None:
        """Restart it with changed arguments or a changed JSON configuration; `restore` undoes every change."""
        if arguments is not None:
            command = self._change("command.json")
            command["arguments"] = arguments(command["arguments"])
            write_file(self.folder / "command.json", json.dumps(command, indent=1))
        if config is not None:
            changed = config(self._change("config.json"))
            write_file(self.folder / "config.json", json.dumps(changed, indent=1))
        self.restart()

    def restore(self) -> None:
        """Undo every change: it runs again, as it came up."""
        changed = list(self.folder.glob("*.original"))
        for original in changed:
            original.replace(original.with_suffix(""))
        if changed:
            self.restart()
        else:
            self.thaw()
            self.start()

    def _change(self, name: str) -> dict[str, Any]:
        """The file *name*, after a copy of it was laid aside."""
        path = self.folder / name
        original = path.with_name(path.name + ".original")
        if not original.exists():
            shutil.copy2(path, original)
        values: dict[str, Any] = json.loads(path.read_text())
        return values

    def _send(self, number: signal.Signals) -> None:
        if process := self.process:
            process.send(number)


@dataclass(frozen=True)
class Node:
    """One node of a lab, or its control plane."""

    plan: LabPlan
    name: str

    @property
    def addresses(self) -> tuple[str, ...]:
        """Its addresses on the bridge, IPv4 first."""
        return tuple(map(str, self.plan.addresses(self.name)))

    @property
    def namespace(self) -> Path:
        """The file that holds its network namespace: `nsenter --net=FILE`."""
        return self.plan.network_namespace(self.name)

    @property
    def components(self) -> tuple[Component, ...]:
        names = CONTROL_PLANE_COMPONENTS if self.name == CONTROL_PLANE else NODE_COMPONENTS
        if self.name == CONTROL_PLANE and "policies" in self.plan.add_ons:
            names = (*names, policy_guard.NAME)
        return tuple(Component(self.plan, self.name, name) for name in names)

    def component(self, name: str) -> Component:
        """The component *name*. Raises SetupProblem for one that this node has not."""
        known = {component.name: component for component in self.components}
        if name not in known:
            raise SetupProblem(f"{self.name} has no component {name!r}", f"take one of: {', '.join(known)}")
        return known[name]

    @property
    def environment(self) -> dict[str, str]:
        """What commands on the node run with: the lab's programs on PATH, ctr pointed at the node's containerd."""
        programs = json.loads((self.components[0].folder / "command.json").read_text())["program"]
        return {
            **os.environ,
            "PATH": f"{Path(programs).parent}:{os.environ.get('PATH', '')}:/usr/sbin:/sbin",
            "CONTAINERD_ADDRESS": str(self.plan.containerd_socket(self.name)),
            "CONTAINERD_NAMESPACE": "k8s.io",
            "KUBECONFIG": str(self.plan.kubeconfig),
        }

    def command(self, argv: Sequence[str | Path]) -> list[str | Path]:
        """The words that run *argv* in the node's network namespace; files and mounts are the machine's own."""
        return ["nsenter", f"--net={self.namespace}", "--", *argv]

    def run(
        self, argv: Sequence[str | Path], *, stdin: str | None = None, timeout: float = 60.0, check: bool = True
    ) -> shell.Completed:
        """Run a program in the node's network namespace, at most *timeout* seconds. Raises shell.CommandFailed."""
        return shell.run(self.command(argv), input=stdin, timeout=timeout, env=self.environment, check=check)


@dataclass(frozen=True)
class Lab:
    """A lab that was brought up; its parts may have died since: see `dead`."""

    plan: LabPlan
    images: Mapping[str, str]
    """Role → reference of the image that the nodes hold."""

    began: float
    """When it was begun: seconds since the epoch."""

    @property
    def name(self) -> str:
        return self.plan.name

    @property
    def kubeconfig(self) -> Path:
        return self.plan.kubeconfig

    @property
    def host_address(self) -> str:
        """The machine's own address in the lab: outside the cluster, reachable from pods."""
        return str(self.plan.blocks[0].host)

    @property
    def host_addresses(self) -> tuple[str, ...]:
        """The same, one for each IP family."""
        return tuple(str(block.host) for block in self.plan.blocks)

    @cached_property
    def nodes(self) -> tuple[Node, ...]:
        return tuple(Node(self.plan, node.name) for node in self.plan.node_plans)

    @property
    def control_plane(self) -> Node:
        return Node(self.plan, CONTROL_PLANE)

    def node(self, name: str) -> Node:
        """The node *name*, or "control-plane". Raises SetupProblem for another name."""
        if name not in self.plan.places:
            raise SetupProblem(f"lab {self.name!r} has no node {name!r}", f"take one of: {', '.join(self.plan.places)}")
        return Node(self.plan, name)

    @property
    def components(self) -> tuple[Component, ...]:
        """Every component, the control plane's first."""
        return tuple(component for node in (self.control_plane, *self.nodes) for component in node.components)

    def dead(self) -> tuple[Component, ...]:
        """The components that do not run."""
        return tuple(component for component in self.components if not component.alive())

    def cut(self, node: str) -> None:
        """Take a node off the network: all it sends and is sent is lost. Its pods and kubelet keep running."""
        network.cut(self.plan, self.node(node).name)

    def heal(self, node: str) -> None:
        """Put a node back on the network, with its routes."""
        network.heal(self.plan, self.node(node).name)

    def use(self, *, alone: bool = False) -> AbstractContextManager[None]:
        """Use the lab beside others, or *alone*, as who breaks it must; until then it is not taken down.

        Raises SetupProblem where somebody uses it whom that excludes.
        """
        return state.in_use(self.plan, alone=alone)

    def strayed_packets(self) -> dict[str, int]:
        """Packets of the lab that tried to leave through another interface of the machine, and were stopped."""
        return network.strayed_packets(self.plan)


def find_lab(name: str) -> Lab | None:
    """The lab *name* if it was brought up and is not being taken down; its components may be dead."""
    found = state.State.read(name)
    if found is None or found.phase != "up":
        return None
    return Lab(found.plan, found.get("images"), found.get("began") or 0.0)


def require_lab(name: str) -> Lab:
    """The lab *name*. Raises SetupProblem where it is not up."""
    found = find_lab(name)
    if found is None and (broken := state.State.read(name)):
        raise SetupProblem(
            f"lab {name!r} is {broken.phase}, or was when that broke off",
            f"wait, or bring it up anew: svcproof lab up --name {name}",
        )
    if found is None:
        up = ", ".join(lab.name for lab in labs())
        raise SetupProblem(
            f"there is no lab {name!r}" + (f"; up: {up}" if up else ""), f"bring it up: svcproof lab up --name {name}"
        )
    return found


def labs() -> list[Lab]:
    """Every lab of this machine that was brought up, by name."""
    return [lab for name in state.names() if (lab := find_lab(name))]
