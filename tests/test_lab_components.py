"""What a lab's programs are told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from svcproof.providers.lab import components
from svcproof.providers.lab.plan import LabPlan


@pytest.fixture(params=["ipv4", "dual"])
def plan(request):
    return LabPlan("one", 2, ip_family=request.param)


def node_recipes(plan, **changes):
    settings = {"plugins": Path("/plugins"), "pause": "pause:1", "lowers_oom_score": True, **changes}
    return components.node_recipes(plan, plan.node_plans[0], **settings)


def argument(recipe, flag):
    (value,) = (word.partition("=")[2] for word in recipe.arguments if word.startswith(f"--{flag}="))
    return value


def config(recipe):
    return json.loads(recipe.files["config.json"])


def test_every_component_has_a_recipe(plan):
    assert tuple(components.control_plane_recipes(plan)) == components.CONTROL_PLANE_COMPONENTS
    assert tuple(node_recipes(plan)) == components.NODE_COMPONENTS


def test_the_ranges_of_services_are_the_same_for_all_who_must_agree(plan):
    recipes = components.control_plane_recipes(plan)
    ranges = {
        argument(recipes[name], "service-cluster-ip-range") for name in ("kube-apiserver", "kube-controller-manager")
    }
    assert ranges == {",".join(str(block.services) for block in plan.blocks)}


def test_requests_are_authorized_as_nodes_and_by_roles(plan):
    recipe = components.control_plane_recipes(plan)["kube-apiserver"]
    assert argument(recipe, "authorization-mode") == "Node,RBAC"
    assert argument(recipe, "enable-admission-plugins") == "NodeRestriction"


def test_the_kubelet_asks_the_api_server_who_may_do_what(plan):
    kubelet = config(node_recipes(plan)["kubelet"])
    assert kubelet["authentication"]["anonymous"] == {"enabled": False}
    assert kubelet["authorization"] == {"mode": "Webhook"}


def test_a_lost_lease_is_noticed_after_four_renewals(plan):
    kubelet = config(node_recipes(plan)["kubelet"])
    manager = components.control_plane_recipes(plan)["kube-controller-manager"]
    assert argument(manager, "node-monitor-grace-period") == f"{components.NODE_GRACE}s"
    assert kubelet["nodeLeaseDurationSeconds"] == components.NODE_GRACE


def test_pods_look_names_up_at_the_dns_service_of_every_family(plan):
    kubelet = config(node_recipes(plan)["kubelet"])
    assert kubelet["clusterDNS"] == [str(block.dns_service) for block in plan.blocks]


def test_pod_addresses_come_from_the_range_that_the_routes_lead_to(plan):
    network = json.loads(node_recipes(plan)["containerd"].files["cni/10-svcproof.conflist"])
    ranges = network["plugins"][0]["ipam"]["ranges"]
    assert [one["subnet"] for (one,) in ranges] == [str(pods) for pods in plan.node_plans[0].pod_ranges]


def test_the_proxy_of_the_control_plane_knows_its_own_address(plan):
    proxy = config(components.control_plane_recipes(plan)["kube-proxy"])
    assert proxy["bindAddress"] == str(plan.blocks[0].control_plane)
    assert "bindAddress" not in config(node_recipes(plan)["kube-proxy"])


@pytest.mark.parametrize("mode", ["iptables", "nftables"])
def test_every_proxy_has_the_mode_that_was_asked_for(mode):
    plan = LabPlan("one", 0, proxy_mode=mode)
    proxies = [components.control_plane_recipes(plan)["kube-proxy"], node_recipes(plan)["kube-proxy"]]
    assert [config(proxy)["mode"] for proxy in proxies] == [mode, mode]


def test_containerd_leaves_the_oom_score_alone_where_the_machine_forbids_it(plan):
    told = node_recipes(plan, lowers_oom_score=False)["containerd"].files["config.toml"]
    assert "restrict_oom_score_adj = true" in told
