"""The role of the chosen scenarios covers every request that a run of them sends, whatever becomes of it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from fake_cluster import FakeCluster, Request, kubeconfig, waiting

from svcproof.adapters import shell
from svcproof.model import permission
from svcproof.run import selection

pytestmark = pytest.mark.slow

SCENARIOS = ("es-01", "es-08")
EVERYBODY = {("selfsubjectaccessreviews", "create")}
"""What Kubernetes grants to whoever is known (system:basic-user)."""


def granted(permissions: list[permission.Permission]) -> set[tuple[str, str]]:
    return {(one.resource, verb) for one in permissions for verb in one.verbs}


def asked(request: Request) -> tuple[str, str]:
    resource = f"{request.resource}/{request.subresource}" if request.subresource else request.resource
    if request.verb == "GET":
        return resource, "watch" if request.watching else "get" if request.name else "list"
    if request.verb == "DELETE" and not request.name:
        return resource, "deletecollection"
    return resource, {"POST": "create", "PATCH": "patch", "DELETE": "delete", "PUT": "update"}[request.verb]


@pytest.mark.parametrize("broken", [False, True], ids=["met", "unknown, and looked into"])
def test_a_run_asks_for_nothing_beyond_its_role(tmp_path: Path, broken: bool) -> None:
    cluster = FakeCluster()
    if broken:
        cluster.behave_pod = waiting("ImagePullBackOff", "no such image")
    with cluster.serving() as url:
        words = ["--kubeconfig", str(kubeconfig(url, tmp_path)), "--report", str(tmp_path / "report")]
        argv = [sys.executable, "-m", "svcproof", "run", *SCENARIOS, *words, "--patience", "0.1"]
        done = shell.run(argv, timeout=240.0, check=False, cwd=Path(__file__).parents[1])
    assert done.code == (3 if broken else 0), done.stdout
    role = granted(permission.of(selection.select(SCENARIOS).entries))
    sent = {asked(request) for request in cluster.seen if request.resource}
    assert sent - role - EVERYBODY - granted(list(permission.WELCOME)) == set()
    assert ("deployments", "create") in sent


def test_the_role_holds_each_resource_once_with_all_its_verbs() -> None:
    twice = [permission.Permission(("get",), "", "pods"), permission.Permission(("list", "get"), "", "pods")]
    (rule,) = permission.cluster_role(twice)["rules"]
    assert rule == {"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list"]}
