"""What a running lab's network lets through, and what it keeps in."""

from __future__ import annotations

import json
import os
import socket  # noqa: TID251 - the host itself is the vantage
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests  # noqa: TID251 - the host itself is the vantage

from svcproof.providers.lab import require_lab

pytestmark = [
    pytest.mark.lab,
    pytest.mark.slow,
    pytest.mark.skipif(os.geteuid() != 0 or not os.environ.get("SVCPROOF_LAB"), reason="needs root and SVCPROOF_LAB"),
]

NAMESPACE = "svcproof-lab-test"


@pytest.fixture(scope="module")
def lab():
    return require_lab(os.environ["SVCPROOF_LAB"])


@pytest.fixture(scope="module")
def kubectl(lab):
    def run(*words, stdin=None, check=True):
        return lab.control_plane.run(["kubectl", "--namespace", NAMESPACE, *words], stdin=stdin, check=check).stdout

    return run


@pytest.fixture(scope="module")
def pods(lab, kubectl):
    """One pod on each node, which shows its page on port 80 and can fetch others; behind one NodePort Service."""
    run = json.dumps(
        {
            "apiVersion": "apps/v1",
            "kind": "DaemonSet",
            "metadata": {"name": "web"},
            "spec": {
                "selector": {"matchLabels": {"app": "web"}},
                "template": {
                    "metadata": {"labels": {"app": "web"}},
                    "spec": {
                        "terminationGracePeriodSeconds": 0,
                        "containers": [{"name": "web", "image": lab.images["busybox"], "command": PAGE}],
                    },
                },
            },
        }
    )
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "web"},
        "spec": {"type": "NodePort", "selector": {"app": "web"}, "ports": [{"port": 80}]},
    }
    kubectl("create", "namespace", NAMESPACE)
    kubectl("apply", "-f", "-", stdin=run)
    kubectl("apply", "-f", "-", stdin=json.dumps(service))
    kubectl("rollout", "status", "daemonset/web", "--timeout=120s")
    found = json.loads(kubectl("get", "pods", "-l", "app=web", "-o", "json"))["items"]
    yield {pod["spec"]["nodeName"]: pod for pod in found}
    kubectl("delete", "namespace", NAMESPACE, "--wait=false")


PAGE = ["sh", "-c", "mkdir /tmp/w; hostname > /tmp/w/index.html; exec httpd -f -v -p 80 -h /tmp/w"]


@pytest.fixture(scope="module")
def service(kubectl, pods):
    return json.loads(kubectl("get", "service", "web", "-o", "json"))["spec"]


class _SayWhoAsks(BaseHTTPRequestHandler):
    def do_GET(self):
        body = self.client_address[0].encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def page_of_the_host(lab):
    with ThreadingHTTPServer((lab.host_address, 0), _SayWhoAsks) as listening:
        thread = threading.Thread(target=listening.serve_forever)
        thread.start()
        yield f"http://{lab.host_address}:{listening.server_port}/"
        listening.shutdown()
        thread.join()


def test_the_host_reaches_the_node_port_of_every_node(lab, service):
    for node in lab.nodes:
        answer = requests.get(f"http://{node.addresses[0]}:{service['ports'][0]['nodePort']}/", timeout=5)
        assert answer.text.startswith("web-")


def test_the_host_reaches_neither_pods_nor_services(pods, service):
    for address in (service["clusterIP"], *(pod["status"]["podIP"] for pod in pods.values())):
        with socket.socket() as asking:
            asking.settimeout(2)
            assert asking.connect_ex((address, 80)) != 0


def test_a_pod_reaches_the_host_under_its_nodes_address(lab, kubectl, pods, page_of_the_host):
    for node in lab.nodes:
        seen = kubectl("exec", pods[node.name]["metadata"]["name"], "--", "wget", "-qO-", page_of_the_host)
        assert seen == node.addresses[0]


def test_a_pod_reaches_a_pod_of_another_node_under_its_own_address(lab, kubectl, pods):
    if len(lab.nodes) == 1:
        pytest.skip("the lab has one node")
    asking, asked = (pods[node.name] for node in lab.nodes[:2])
    kubectl("exec", asking["metadata"]["name"], "--", "wget", "-qO-", f"http://{asked['status']['podIP']}/")
    log = kubectl("logs", asked["metadata"]["name"])
    assert asking["status"]["podIP"] in log


def test_the_control_plane_reaches_services(lab, service):
    answer = lab.control_plane.run(["curl", "-s", "-m", "5", f"http://{service['clusterIP']}/"]).stdout
    assert answer.startswith("web-")


def test_a_pod_finds_a_service_by_name(kubectl, pods):
    for pod in pods.values():
        assert kubectl("exec", pod["metadata"]["name"], "--", "wget", "-qO-", "http://web/").startswith("web-")


def test_a_pod_reaches_nothing_beyond_the_lab(kubectl, pods):
    name = next(iter(pods.values()))["metadata"]["name"]
    for address in ("192.0.2.2", "8.8.8.8"):
        said = kubectl("exec", name, "--", "timeout", "2", "wget", "-qO-", f"http://{address}/", check=False)
        assert not said


def test_a_node_that_is_cut_off_answers_no_more_and_answers_again_once_healed(lab, service):
    node = lab.nodes[-1]
    url = f"http://{node.addresses[0]}:{service['ports'][0]['nodePort']}/"
    lab.cut(node.name)
    try:
        with pytest.raises(requests.RequestException):
            requests.get(url, timeout=1)
    finally:
        lab.heal(node.name)
    assert requests.get(url, timeout=10).ok


def test_a_component_is_stopped_changed_and_restored(lab):
    proxy = lab.nodes[0].component("kube-proxy")
    before = proxy.pid
    proxy.reconfigure(config=lambda config: {**config, "iptables": {"minSyncPeriod": "2s"}})
    assert proxy.alive()
    assert proxy.pid != before
    assert "minSyncPeriod" in proxy.config_path.read_text()
    proxy.stop()
    assert not proxy.alive()
    proxy.restore()
    assert proxy.alive()
    assert "minSyncPeriod" not in proxy.config_path.read_text()


def test_a_frozen_component_runs_on_once_thawed(lab):
    proxy = lab.nodes[0].component("kube-proxy")
    proxy.freeze()
    assert proxy.alive()
    proxy.thaw()
    assert proxy.alive()


def test_nothing_of_the_lab_tried_to_leave_the_machine(lab):
    assert lab.strayed_packets() == {"forwarded": 0, "leaked": 0}
