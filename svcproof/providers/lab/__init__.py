"""A real Kubernetes on one Linux machine: upstream programs, nodes as network namespaces.

For programs: `find_lab(NAME)` gives a running lab, or None (`require_lab` raises); `labs()` gives all. A Lab has
a plan (every name, path and address), a kubeconfig, `nodes`, `control_plane`, `images` (role → reference) and
`host_address`, the outside that pods can reach. A Node runs commands in its network namespace (`run`) and has
components (`component("kubelet")`) that can be stopped, started, frozen, reconfigured and restored. `Lab.cut` and
`Lab.heal` take a node off the network and back. For all of them the caller is root.
"""

from svcproof.providers.lab.lab import Component, Lab, Node, find_lab, labs, require_lab

__all__ = ["Component", "Lab", "Node", "find_lab", "labs", "require_lab"]
