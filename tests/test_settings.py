"""Settings: from userdata, overridden by the environment, and never half understood."""

import json

import pytest

from svcproof.cluster.settings import read
from svcproof.problems import SetupProblem


def test_images_have_defaults_that_a_role_or_a_registry_replaces() -> None:
    settings = read({"image.nginx": "mine/nginx:1", "image_registry": "registry.example/"}, {})
    assert settings.image("nginx") == "mine/nginx:1"
    assert settings.image("busybox").startswith("registry.example/busybox:")


def test_the_environment_overrides_userdata() -> None:
    told = {"SVCPROOF_SETTINGS": json.dumps({"budget": 3, "image.busybox": "b:1"})}
    settings = read({"budget": "30"}, told)
    assert settings.budget == 3
    assert settings.image("busybox") == "b:1"


def test_a_run_without_a_name_is_given_one() -> None:
    assert len(read({}, {}).run) == 6


@pytest.mark.parametrize("told", [{"budget": "soon"}, {"patience": "0"}, {"budget": "-1"}, {"budget": "nan"}])
def test_a_number_that_is_none_is_a_setup_problem(told: dict[str, str]) -> None:
    with pytest.raises(SetupProblem, match="wanted a number"):
        read(told, {})


def test_a_role_that_does_not_exist_is_told_with_those_that_do() -> None:
    with pytest.raises(SetupProblem, match="ngnix") as told:
        read({"image.ngnix": "x"}, {})
    assert "nginx" in told.value.cure


@pytest.mark.parametrize("text", ["{", "7", '["a"]'])
def test_settings_that_are_no_object_are_a_setup_problem(text: str) -> None:
    with pytest.raises(SetupProblem):
        read({}, {"SVCPROOF_SETTINGS": text})


def test_a_labs_own_images_are_used_where_every_node_has_them() -> None:
    def node(*names: str) -> dict:
        return {"status": {"images": [{"names": [name]} for name in names]}}

    nodes = [node("svcproof.lab/nginx:1", "svcproof.lab/busybox:1", "other/python:3"), node("svcproof.lab/nginx:1")]
    settings = read({}, {}).with_images_of(nodes)
    assert settings.image("nginx") == "svcproof.lab/nginx:1"
    assert settings.image("busybox").startswith("busybox:")
    assert read({"image.nginx": "mine"}, {}).with_images_of(nodes).image("nginx") == "mine"
