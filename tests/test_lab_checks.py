"""What stands in a lab's way is said once, with its cure."""

from __future__ import annotations

from ipaddress import ip_network
from types import SimpleNamespace

import pytest

from svcproof.adapters import shell
from svcproof.problems import SetupProblem
from svcproof.providers.lab import checks, network, state
from svcproof.providers.lab.plan import LABS, LabPlan, block_4, block_6


@pytest.fixture
def used(monkeypatch):
    """Networks that the machine has, and no lab."""
    networks = set()
    monkeypatch.setattr(network, "networks_in_use", lambda: networks)
    monkeypatch.setattr(state, "names", list)
    return networks


def test_somebody_else_than_root_is_told_what_to_do(monkeypatch):
    monkeypatch.setattr(checks.os, "geteuid", lambda: 1000)
    with pytest.raises(SetupProblem, match="needs root") as refused:
        checks.require_root()
    assert "sudo" in refused.value.cure


def test_another_system_than_linux_is_told_what_to_do(monkeypatch):
    monkeypatch.setattr(checks.sys, "platform", "darwin")
    with pytest.raises(SetupProblem, match="needs Linux") as refused:
        checks.require_root()
    assert "--kind" in refused.value.cure


def test_too_little_space_is_said_with_the_place(monkeypatch, tmp_path):
    monkeypatch.setattr(checks, "DATA", tmp_path)
    monkeypatch.setattr(checks.shutil, "disk_usage", lambda _: SimpleNamespace(free=1 << 20))
    with pytest.raises(SetupProblem, match="GiB free") as refused:
        checks.require_space()
    assert str(tmp_path) in refused.value.cure


def test_the_first_block_that_nobody_uses_is_taken(used):
    assert checks.free_index(dual=False) == 0
    used.add(ip_network("198.18.3.0/24"))
    assert checks.free_index(dual=False) == 1
    used.add(ip_network("198.18.32.0/20"))
    assert checks.free_index(dual=False) == 2


def test_a_route_to_all_of_the_addresses_leaves_no_block(used):
    used.add(ip_network("198.18.0.0/15"))
    with pytest.raises(SetupProblem, match="in use") as refused:
        checks.free_index(dual=False)
    assert "lab down" in refused.value.cure


def test_the_other_family_counts_only_where_it_is_wanted(used):
    used.update(block_6(index).everything for index in range(LABS - 1))
    assert checks.free_index(dual=False) == 0
    assert checks.free_index(dual=True) == LABS - 1


def test_networks_elsewhere_take_no_block(used):
    used.update({ip_network("10.0.0.0/8"), ip_network("192.168.0.0/16"), ip_network("fd00::/64")})
    assert checks.free_index(dual=True) == 0
    assert not block_4(0).everything.overlaps(ip_network("10.0.0.0/8"))


def test_too_little_memory_is_said(monkeypatch):
    monkeypatch.setattr(checks, "MEMORY", 1 << 60)
    with pytest.raises(SetupProblem, match="of memory are free"):
        checks.require_memory()


def test_a_kernel_that_refuses_a_proxys_rules_is_named_with_what_was_tried(monkeypatch):
    refused = shell.Completed(("unshare",), 1, "", "Operation not supported\n")
    monkeypatch.setattr(checks, "require_root", lambda: None)
    monkeypatch.setattr(checks.shell, "run", lambda argv, **_: refused if "numgen" in argv[-1] else done())
    with pytest.raises(SetupProblem, match=r"nftables rules.*Operation not supported") as problem:
        checks.require_machine(LabPlan("one", 0, proxy_mode="nftables"))
    assert "numgen" in problem.value.cure


def done():
    return shell.Completed(("unshare",), 0, "", "")
