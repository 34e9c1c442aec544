"""How to reach the cluster: a kubeconfig and context, or the service account of the pod this runs in."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from svcproof.problems import SetupProblem

if TYPE_CHECKING:
    from kubernetes.client.configuration import Configuration

_ACCOUNT_TOKEN = Path("/var/run/secrets/kubernetes.io/serviceaccount/token")
_DEFAULT = "~/.kube/config"


@dataclass(frozen=True)
class Access:
    """A way to the API server; *said* names it for people ("context kind-kind of ~/.kube/config")."""

    configuration: Configuration
    said: str


def load(kubeconfig: str = "", context: str = "") -> Access:
    """Find the way to the cluster: *kubeconfig*, else KUBECONFIG, else ~/.kube/config, else the pod's own account.

    Raises SetupProblem naming what is missing and what to do. Nothing is sent yet, and no kubeconfig is written to.
    """
    paths = kubeconfig or os.environ.get("KUBECONFIG", "")
    if not paths and not Path(_DEFAULT).expanduser().exists():
        if _ACCOUNT_TOKEN.exists() and os.environ.get("KUBERNETES_SERVICE_HOST"):
            return _in_cluster(context)
        raise SetupProblem(
            f"no cluster is named: KUBECONFIG is not set, {_DEFAULT} does not exist, and this is not a pod",
            "set KUBECONFIG, say -D kubeconfig=FILE, or bring a cluster up with: svcproof lab up",
        )
    return _from_files(paths or _DEFAULT, context)


def _from_files(paths: str, context: str) -> Access:
    from kubernetes.client.configuration import Configuration  # noqa: PLC0415 - half a second that --help need not wait
    from kubernetes.config.config_exception import ConfigException  # noqa: PLC0415 - as above
    from kubernetes.config.kube_config import KubeConfigLoader, KubeConfigMerger  # noqa: PLC0415 - as above

    files = [str(Path(path).expanduser()) for path in paths.split(os.pathsep) if path]
    if not any(Path(path).exists() for path in files):
        raise SetupProblem(f"kubeconfig {paths} does not exist", "check the path, or bring a cluster up first")
    try:
        merger = KubeConfigMerger(os.pathsep.join(files))  # type: ignore[no-untyped-call]
        merged: Any = merger.config
        _check_context(merged, paths, context)
        loader = KubeConfigLoader(merged, context or None, config_base_path=None)  # type: ignore[no-untyped-call]
        configuration = Configuration()
        loader.load_and_set(configuration)  # type: ignore[no-untyped-call]
    except PermissionError as problem:
        raise SetupProblem(
            f"kubeconfig {paths} cannot be read: {problem.strerror}", "check its owner and mode"
        ) from problem
    except ConfigException as problem:
        raise SetupProblem(
            f"kubeconfig {paths} is not usable: {problem}", "check it with: kubectl config view"
        ) from problem
    except (OSError, ValueError, KeyError, TypeError, AttributeError, _yaml_error()) as problem:
        raise SetupProblem(
            f"kubeconfig {paths} is not usable: {type(problem).__name__}: {problem}",
            "check it with: kubectl config view",
        ) from problem
    name = context or merged.safe_get("current-context")
    return Access(configuration, f"context {name} of {paths}")


def _check_context(merged: Any, paths: str, context: str) -> None:
    if merged is None:
        raise SetupProblem(f"kubeconfig {paths} is empty", "write one, or name another file")
    names = [str(entry["name"]) for entry in (merged.value.get("contexts") or [])]
    if context and context not in names:
        known = ", ".join(names) or "none"
        raise SetupProblem(f"kubeconfig {paths} has no context {context!r}; it has: {known}", "name one of them")
    if not context and not merged.safe_get("current-context"):
        raise SetupProblem(
            f"kubeconfig {paths} has no current context; it has: {', '.join(names) or 'none'}",
            "choose one with -D context=NAME or: kubectl config use-context NAME",
        )


def _yaml_error() -> type[Exception]:
    import yaml  # noqa: PLC0415 - only needed beside the client

    return yaml.YAMLError


def _in_cluster(context: str) -> Access:
    from kubernetes.client.configuration import Configuration  # noqa: PLC0415 - half a second that --help need not wait
    from kubernetes.config.config_exception import ConfigException  # noqa: PLC0415 - as above
    from kubernetes.config.incluster_config import load_incluster_config  # noqa: PLC0415 - as above

    if context:
        raise SetupProblem(f"context {context!r} is named, but there is no kubeconfig", "mount one, or name no context")
    configuration = Configuration()
    try:
        load_incluster_config(client_configuration=configuration)  # type: ignore[no-untyped-call]
    except ConfigException as problem:
        raise SetupProblem(f"this pod's service account is not usable: {problem}", "mount its token") from problem
    return Access(configuration, "the service account of this pod")
