"""The role that `svcproof plan --role` prints is enough: with it alone, scenarios end as they do with all power."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import lab_runs
import pytest
import yaml

from svcproof.adapters import shell
from svcproof.report.results import Ending

pytestmark = lab_runs.MARKS

CHOSEN = tuple(os.environ.get("SVCPROOF_ROLE_RUN", "src-02 src-05 es-01 es-12 va-01 dns-01 np-01").split())
"""Scenarios, or options of svcproof run, whose role is tried."""

NAME = "svcproof-role-test"
ACCOUNT = {"kind": "ServiceAccount", "name": NAME, "namespace": "default"}
RBAC = "rbac.authorization.k8s.io"


@pytest.fixture
def kubeconfig(tmp_path: Path) -> Iterator[Path]:
    """Give the kubeconfig of a ServiceAccount that may do what the role says, and nothing else."""
    api = lab_runs.api()
    said = shell.run(["svcproof", "plan", "--role", *CHOSEN], timeout=60.0, cwd=lab_runs.ROOT).stdout
    role = yaml.safe_load(said)
    role["metadata"]["name"] = NAME
    granted = {"apiGroup": RBAC, "kind": "ClusterRole", "name": NAME}
    made = [
        role,
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": NAME, "namespace": "default"}},
        {"apiVersion": f"{RBAC}/v1", "kind": "ClusterRoleBinding", "metadata": {"name": NAME}, "roleRef": granted,
         "subjects": [ACCOUNT]},
    ]  # fmt: skip
    for body in made:
        api.apply(body)
    path = f"/api/v1/namespaces/default/serviceaccounts/{NAME}/token"
    asked = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": 7200}}
    token = api.ask("POST", path, asked).body["status"]["token"]
    form = yaml.safe_load(lab_runs.lab().kubeconfig.read_text())
    form["users"] = [{"name": user["name"], "user": {"token": token}} for user in form["users"]]
    file = tmp_path / "kubeconfig"
    file.write_text(json.dumps(form))
    try:
        yield file
    finally:
        for body in reversed(made):
            api.delete(body["kind"], NAME, body["metadata"].get("namespace", ""))


def test_the_role_is_enough(tmp_path: Path, kubeconfig: Path) -> None:
    cluster = ("--kubeconfig", str(kubeconfig), "--node-control", f"lab:{lab_runs.NAME}")
    done = lab_runs.run(tmp_path / "report", *CHOSEN, "--jobs", "4", cluster=cluster)
    seen = lab_runs.whole(tmp_path / "report")
    forbidden = {one.entry.id: one.because for one in seen.scenarios if "403" in one.because}
    assert forbidden == {}
    assert {one.ending for one in seen.scenarios} <= {Ending.MET, Ending.SKIPPED}
    assert done.code == 0
    lab_runs.assert_nothing_stays(seen.run)
