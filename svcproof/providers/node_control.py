"""Node control by the provider of the cluster: the lab, kind, or a command of the user's; and the guard behind it."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import wraps
from pathlib import Path
from subprocess import Popen  # noqa: TID251 - the type of what svcproof.adapters.shell starts
from typing import Any, TypeVar, cast

from svcproof.adapters import shell
from svcproof.cluster.node_control import ControlTrouble, NodeControl
from svcproof.problems import SetupProblem
from svcproof.providers.lab import find_lab, require_lab
from svcproof.providers.lab.plan import CONTROL_PLANE

MODULE = "svcproof.providers.node_control"
SECONDS = 60.0
"""How long one deed may take."""

KEEPS_STATE = ("etcd", "kube-apiserver")
"""What of a lab's control plane is halted for a while, in the order of its return: its connections stand."""

STARTS_ANEW = ("kube-scheduler", "kube-controller-manager")
"""What is ended and started: woken up it would take every lease for overdue, before it has read the new ones."""

PROXY_RULES = "nft list ruleset; iptables-save; ip6tables-save; ipvsadm --save --numeric"
"""What the service proxies of Kubernetes write, in whichever of their modes."""

PROXY_MARKS = ("KUBE-", "table ip kube-proxy", "table ip6 kube-proxy", "KUBE-IPVS")
"""What only rules of kube-proxy hold: without, another program forwards, or nobody may look."""

REMOVE_PROXY_RULES = """\
for attempt in 1 2 3 4 5 6 7 8 9 10; do
    for family in ip ip6; do nft delete table $family kube-proxy 2>/dev/null; done
    for table in nat filter mangle; do
        for v in "" 6; do ip${v}tables-save -t $table | grep -v KUBE- | ip${v}tables-restore -T $table; done
    done
    { nft list ruleset; iptables-save; } 2>/dev/null | grep -qE "KUBE-SERVICES|table ip kube-proxy" || exit 0
done
exit 1
"""
"""Takes them away in whichever of the modes, again where a proxy was just writing; fails where some are left."""

_WAIT = 'read word && exit 0; exec "$@"'

Deed = TypeVar("Deed", bound=Callable[..., None])


def _told(deed: Deed) -> Deed:
    """Say in the port's words what went wrong with a deed."""

    @wraps(deed)
    def do(self: NodeControl, *args: Any) -> None:
        try:
            deed(self, *args)
        except (shell.CommandFailed, SetupProblem, OSError) as problem:
            raise ControlTrouble(
                f"{deed.__name__.replace('_', ' ')} {' '.join(map(str, args))}: {problem}"
            ) from problem

    return cast(Deed, do)


def _rules(node: str, ran: shell.Completed) -> str:
    """Return what a node said of its rules; raise ControlTrouble where kube-proxy has written none of it."""
    if not any(mark in ran.stdout for mark in PROXY_MARKS):
        raise ControlTrouble(f"{node} has no rules of kube-proxy that can be read")
    return ran.stdout


class Guards:
    """Processes that outlive us by one deed: each restores its node when we end without having done so."""

    def __init__(self, setting: str) -> None:
        self._setting = setting
        self._standing: dict[str, Popen[bytes]] = {}

    def post(self, node: str) -> None:
        """Have a guard for this node."""
        if node in self._standing:
            return
        package = Path(__file__).parents[2]
        restore = ["env", f"PYTHONPATH={package}", sys.executable, "-m", MODULE, self._setting, node]
        with Path(os.devnull).open("wb") as nowhere:
            self._standing[node] = shell.converse(["sh", "-c", _WAIT, "guard", *restore], errors=nowhere)

    def dismiss(self, node: str) -> None:
        """Let the guard of this node go: it is restored."""
        guard = self._standing.pop(node, None)
        if guard is not None:
            guard.communicate(b"restored\n", timeout=SECONDS)

    @contextmanager
    def over(self, node: str) -> Iterator[None]:
        """Guard a deed that undoes itself."""
        self.post(node)
        yield
        self.dismiss(node)


@dataclass
class LabControl:
    """The lab's own node control (svcproof.providers.lab)."""

    name: str
    guards: Guards = field(init=False)

    def __post_init__(self) -> None:
        self.guards = Guards(f"lab:{self.name}")

    @property
    def description(self) -> str:
        return f"lab {self.name}"

    def trouble(self) -> str:
        if os.geteuid() != 0:
            return "only root may touch the lab's nodes"
        return "" if find_lab(self.name) else f"there is no lab {self.name!r} on this machine"

    @_told
    def cut(self, node: str) -> None:
        self.guards.post(node)
        require_lab(self.name).cut(node)

    @_told
    def stop_kubelet(self, node: str) -> None:
        self.guards.post(node)
        require_lab(self.name).node(node).component("kubelet").stop()

    @_told
    def restart_proxy(self, node: str) -> None:
        require_lab(self.name).node(node).component("kube-proxy").restart()

    @_told
    def remove_proxy_rules(self, node: str) -> None:
        require_lab(self.name).node(node).run(["sh", "-c", REMOVE_PROXY_RULES], timeout=SECONDS)

    def proxy_rules(self, node: str) -> str:
        ran = require_lab(self.name).node(node).run(["sh", "-c", PROXY_RULES], timeout=SECONDS, check=False)
        return _rules(node, ran)

    @_told
    def restore(self, node: str) -> None:
        lab = require_lab(self.name)
        if node != CONTROL_PLANE:
            lab.heal(node)
        for component in lab.node(node).components:
            component.thaw()
            component.start()
        self.guards.dismiss(node)

    @_told
    def pause_control_plane(self, seconds: float) -> None:
        place = require_lab(self.name).control_plane
        self.guards.post(CONTROL_PLANE)
        for name in STARTS_ANEW:
            place.component(name).stop()
        for name in reversed(KEEPS_STATE):
            place.component(name).freeze()
        _let_pass(seconds)
        for name in KEEPS_STATE:
            place.component(name).thaw()
        for name in STARTS_ANEW:
            place.component(name).start()
        self.guards.dismiss(CONTROL_PLANE)


CUT_RULES = (("PREROUTING", "-i"), ("POSTROUTING", "-o"))
"""Where all that a node of kind sends or is sent passes: its address and its routes stay, unlike with a link down."""


@dataclass
class KindControl:
    """Nodes of kind, through their containers: a node is called as its container is."""

    cluster: str
    guards: Guards = field(init=False)

    def __post_init__(self) -> None:
        self.guards = Guards(f"kind:{self.cluster}")

    @property
    def description(self) -> str:
        return f"kind cluster {self.cluster}"

    def trouble(self) -> str:
        if shutil.which("docker") is None:
            return "docker is not on PATH"
        try:
            return "" if self._nodes() else f"docker knows no node of the kind cluster {self.cluster!r}"
        except shell.CommandFailed as problem:
            return str(problem)

    @_told
    def cut(self, node: str) -> None:
        self.guards.post(node)
        self._in(node, *self._cutting("-I"))

    @_told
    def stop_kubelet(self, node: str) -> None:
        self.guards.post(node)
        self._in(node, "systemctl", "stop", "kubelet")

    @_told
    def restart_proxy(self, node: str) -> None:
        self._in(node, "pkill", "-x", "kube-proxy")  # its kubelet starts it anew

    @_told
    def remove_proxy_rules(self, node: str) -> None:
        self._in(node, "sh", "-c", REMOVE_PROXY_RULES)

    def proxy_rules(self, node: str) -> str:
        argv = ["docker", "exec", node, "sh", "-c", PROXY_RULES]
        return _rules(node, shell.run(argv, timeout=SECONDS, check=False))

    @_told
    def restore(self, node: str) -> None:
        if node != CONTROL_PLANE:
            self._in(node, *self._cutting("-D"), check=False)
            self._in(node, "systemctl", "start", "kubelet")
        else:
            self._signal("CONT")
        self.guards.dismiss(node)

    @_told
    def pause_control_plane(self, seconds: float) -> None:
        with self.guards.over(CONTROL_PLANE):
            self._signal("STOP")
            _let_pass(seconds)
            self._signal("CONT")

    def _signal(self, name: str) -> None:
        """Signal the programs of every control plane; a name longer than 15 letters is cut short by the kernel."""
        programs = "kube-apiserver|etcd|kube-controller|kube-scheduler"
        for node in self._nodes("control-plane"):
            self._in(node, "pkill", f"-{name}", "-x", programs)

    def _nodes(self, role: str = "") -> list[str]:
        labels = [f"label=io.x-k8s.kind.cluster={self.cluster}"]
        labels += [f"label=io.x-k8s.kind.role={role}"] if role else []
        filters = [word for label in labels for word in ("--filter", label)]
        return shell.run(["docker", "ps", *filters, "--format", "{{.Names}}"], timeout=SECONDS).stdout.split()

    @staticmethod
    def _cutting(deed: str) -> Sequence[str]:
        rules = [
            f"{program} -w -t mangle {deed} {chain} {way} eth0 -j DROP"
            for program in ("iptables", "ip6tables")
            for chain, way in CUT_RULES
        ]
        return "sh", "-c", "; ".join(rules)

    @staticmethod
    def _in(node: str, *argv: str, check: bool = True) -> None:
        shell.run(["docker", "exec", node, *argv], timeout=SECONDS, check=check)


@dataclass
class CommandControl:
    """A command of the user's: {verb} and {node} are replaced in it.

    The verbs: cut, stop-kubelet, restart-proxy, remove-proxy-rules, restore; pause-control-plane, with the seconds for
    {node}; and proxy-rules, which prints the rules of the node's service proxy, or nothing.
    """

    command: str
    guards: Guards = field(init=False)

    def __post_init__(self) -> None:
        self.guards = Guards(f"command:{self.command}")

    @property
    def description(self) -> str:
        return f"command {self.command!r}"

    def trouble(self) -> str:
        if missing := [word for word in ("{verb}", "{node}") if word not in self.command]:
            return f"{self.command!r} has no {' and no '.join(missing)} to be replaced"
        program = shlex.split(self.command)[0]
        return "" if shutil.which(program) else f"there is no program {program}"

    @_told
    def cut(self, node: str) -> None:
        self.guards.post(node)
        self._run("cut", node)

    @_told
    def stop_kubelet(self, node: str) -> None:
        self.guards.post(node)
        self._run("stop-kubelet", node)

    @_told
    def restart_proxy(self, node: str) -> None:
        self._run("restart-proxy", node)

    @_told
    def remove_proxy_rules(self, node: str) -> None:
        self._run("remove-proxy-rules", node)

    def proxy_rules(self, node: str) -> str:
        words = [word.replace("{verb}", "proxy-rules").replace("{node}", node) for word in shlex.split(self.command)]
        return _rules(node, shell.run(words, timeout=SECONDS, check=False))

    @_told
    def restore(self, node: str) -> None:
        self._run("restore", node)
        self.guards.dismiss(node)

    @_told
    def pause_control_plane(self, seconds: float) -> None:
        self._run("pause-control-plane", f"{seconds:g}", longer=seconds)

    def _run(self, verb: str, node: str, longer: float = 0.0) -> None:
        words = [word.replace("{verb}", verb).replace("{node}", node) for word in shlex.split(self.command)]
        shell.run(words, timeout=SECONDS + longer)


def choose(setting: str) -> NodeControl | None:
    """Return the node control that a setting names: lab:NAME, kind:NAME, command:WORDS or the words alone."""
    kind, _, name = setting.partition(":")
    if not setting:
        return None
    if kind == "lab":
        return LabControl(name)
    if kind == "kind":
        return KindControl(name)
    return CommandControl(name if kind == "command" else setting)


def _let_pass(seconds: float) -> None:
    threading.Event().wait(seconds)


def _restore(arguments: Sequence[Any]) -> None:
    setting, node = arguments
    control = choose(setting)
    if control is not None:
        control.restore(node)


if __name__ == "__main__":
    _restore(sys.argv[1:])
