"""The port to the nodes themselves: cut off, stopped, restored; what the API server cannot do to them."""

from __future__ import annotations

from typing import Protocol

from svcproof.model.verdict import Inconclusive


class ControlTrouble(Inconclusive):
    """A node did not do as told: nothing can be said of what would have followed."""


class NodeControl(Protocol):
    """Does to nodes what happens to nodes; every deed returns once it is done, and raises ControlTrouble otherwise.

    Nodes are named as Kubernetes names them. `restore` undoes whatever was done to a node, and does nothing to one
    that is as it was. What still is to be undone when this process dies, however it dies, is undone by a guard.
    """

    @property
    def description(self) -> str:
        """Its name for people."""

    def trouble(self) -> str:
        """Return why it cannot be used; empty where it can."""

    def cut(self, node: str) -> None:
        """Take a node off the network; its pods and its kubelet go on."""

    def stop_kubelet(self, node: str) -> None:
        """End the kubelet; its pods go on."""

    def restart_proxy(self, node: str) -> None:
        """End the node's service proxy and start it anew; return once it was told to start."""

    def proxy_rules(self, node: str) -> str:
        """Return the rules that the node's service proxy has written, as text; raise ControlTrouble where none are."""

    def remove_proxy_rules(self, node: str) -> None:
        """Take away the rules that the node's service proxy has written, as another program on the node might."""

    def restore(self, node: str) -> None:
        """Put a node back on the network, and start what was stopped on it."""

    def pause_control_plane(self, seconds: float) -> None:
        """Take the control plane away for so long; return when it was put back (it may need a while to answer).

        Its standing connections are not cut: what a prober has to say waits for it.
        """
