"""A lab is broken at one layer at a time: the cause line names that layer, and the reports show it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from xml.etree import ElementTree as ET

import lab_runs

from svcproof.providers.lab.plan import CONTROL_PLANE

pytestmark = lab_runs.MARKS


@contextmanager
def proxy_stopped(node: str) -> Iterator[None]:
    proxy = lab_runs.lab().node(node).component("kube-proxy")
    proxy.stop()
    try:
        yield
    finally:
        proxy.start()


@contextmanager
def endpoint_controller_stopped() -> Iterator[None]:
    manager = lab_runs.lab().node(CONTROL_PLANE).component("kube-controller-manager")
    manager.reconfigure(arguments=lambda words: [*words, "--controllers=*,-endpointslice-controller"])
    try:
        yield
    finally:
        manager.restore()


@contextmanager
def dns_silent() -> Iterator[None]:
    """Drop what goes to port 53 of cluster DNS's pods, on every node."""
    pods = lab_runs.api().list("Pod", "kube-system", labels="k8s-app=kube-dns")
    drops = "".join(f"ip daddr {pod['status']['podIP']} meta l4proto {{ tcp, udp }} th dport 53 drop\n" for pod in pods)
    with lab_runs.forwarding(drops, "forward", "output"):
        yield


@contextmanager
def selectors_rewritten() -> Iterator[None]:
    """Give every Service of a scenario a selector that fits nothing, as soon as it is seen: somebody else's hand."""
    api = lab_runs.api()
    watch = api.watch("Service")

    def meddle() -> None:
        for change in watch:
            meta = change.object.get("metadata", {})
            if change.type == "ADDED" and meta.get("namespace", "").startswith("svcproof-"):
                path = f"/api/v1/namespaces/{meta['namespace']}/services/{meta['name']}"
                patch = {"spec": {"selector": {"app": "nobody"}}}
                api.ask(
                    "PATCH", path, patch, query={"fieldManager": "operator"}, content="application/merge-patch+json"
                )

    thread = threading.Thread(target=meddle, daemon=True)
    thread.start()
    try:
        yield
    finally:
        watch.close()
        thread.join(5.0)


def seen_in(folder: Path, scenario: str) -> str:
    """Return the cause of a scenario, once it is seen in the page and in JUnit too."""
    result = lab_runs.the_one(folder, scenario)
    cause = result.cause
    cases = ET.parse(folder / "junit.xml").getroot().iter("testcase")
    case = next(one for one in cases if one.attrib["name"].startswith(f"{result.entry.id} "))
    said = "".join(element.text or "" for tag in ("failure", "error") for element in case.findall(tag))
    assert f"cause: {cause}" in said
    words = cause.split(":")[0]
    assert words in (folder / "index.html").read_text()
    return cause


def test_a_proxy_that_is_stopped_on_one_node(tmp_path: Path) -> None:
    victim = lab_runs.lab().nodes[-1].name
    with proxy_stopped(victim):
        done = lab_runs.run(tmp_path, "cip-01", "--jobs", "1")
    assert done.code == 1
    cause = seen_in(tmp_path, "cip-01")
    assert cause.startswith(f"proxy on {victim}: ")
    assert "none of its rules speaks of it" in cause
    assert f"cause: {cause}" in done.stdout


def test_an_endpoint_controller_that_is_stopped_while_a_service_grows(tmp_path: Path) -> None:
    with lab_runs.running(tmp_path, "src-05", "--jobs", "1") as process:
        lab_runs.await_step(tmp_path, "src-05", "is scaled to 5 backends")
        with endpoint_controller_stopped():
            code, said = lab_runs.end(process, tmp_path)
    assert code == 1
    cause = seen_in(tmp_path, "src-05")
    assert cause.startswith('EndpointSlice: of the 5 ready pods that "web" selects, 1 is listed as ready; missing: ')
    assert f"cause: {cause}" in said


def test_a_cluster_dns_that_falls_silent_when_its_capability_is_settled(tmp_path: Path) -> None:
    with lab_runs.running(tmp_path, "dns-08-1.2", "--jobs", "1") as process:
        lab_runs.await_step(tmp_path, "dns-08-1.2", "a ClusterIP Service")
        with dns_silent():
            code, _ = lab_runs.end(process, tmp_path)
    assert code == 1
    cause = seen_in(tmp_path, "dns-08")
    assert cause.startswith("DNS: 3 of 3 questions for ")
    assert "were never answered; its pod coredns" in cause


def test_a_selector_that_somebody_else_has_rewritten(tmp_path: Path) -> None:
    with selectors_rewritten():
        done = lab_runs.run(tmp_path, "cip-01", "--jobs", "1", "--patience", "0.15")
    assert done.code in (1, 3)
    cause = seen_in(tmp_path, "cip-01")
    assert cause.startswith("Service object: the selector app=nobody of ")
    assert "'operator' has written its selector" in cause


def test_a_lab_in_order_is_blamed_for_nothing(tmp_path: Path) -> None:
    done = lab_runs.run(tmp_path, "cip-01", "es-01", "dns-01")
    assert done.code == 0
    assert {one.cause for one in lab_runs.whole(tmp_path).scenarios} == {""}
    lab_runs.assert_nothing_stays(lab_runs.run_id(tmp_path))
