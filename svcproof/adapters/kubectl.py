"""What kubectl says, where it is installed: for the claims that are about its words."""

from __future__ import annotations

from svcproof.adapters import shell
from svcproof.model.verdict import Inconclusive

SECONDS = 20.0


class Kubectl:
    """kubectl on this machine, told which cluster is meant as the suite was."""

    def __init__(self, kubeconfig: str, context: str) -> None:
        self._told = [f"--kubeconfig={kubeconfig}"] if kubeconfig else []
        self._told += [f"--context={context}"] if context else []

    def describe(self, kind: str, name: str, namespace: str) -> str:
        """Return what `kubectl describe` prints of an object; raise Inconclusive where it prints nothing."""
        try:
            ran = shell.run(["kubectl", *self._told, "-n", namespace, "describe", kind, name], timeout=SECONDS)
        except shell.CommandFailed as trouble:
            raise Inconclusive(str(trouble)) from trouble
        return ran.stdout
