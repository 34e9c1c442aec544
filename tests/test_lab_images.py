"""An image is decided by its recipe; its archive is what containerd imports."""

import hashlib
import json
import tarfile
from dataclasses import replace

import pytest

from svcproof.providers.lab import archive, debian, images
from svcproof.providers.lab.image_roles import ROLES
from svcproof.providers.lab.programs import Programs


@pytest.fixture
def root(tmp_path):
    root = tmp_path / "root"
    (root / "usr" / "bin").mkdir(parents=True)
    (root / "usr" / "bin" / "tool").write_text("#!/bin/sh\n")
    (root / "usr" / "bin" / "tool").chmod(0o4755)
    (root / "bin").symlink_to("usr/bin")
    (root / "tmp").mkdir()
    (root / "tmp").chmod(0o1777)
    return root


def _members(path):
    with tarfile.open(path) as opened:
        return {member.name: (member, opened.extractfile(member).read()) for member in opened if member.isfile()}


def _layer(path, tmp_path):
    members = _members(path)
    (manifest,) = json.loads(members["manifest.json"][1])
    layer = tmp_path / "layer.tar"
    layer.write_bytes(members[manifest["Layers"][0]][1])
    with tarfile.open(layer) as opened:
        return {member.name: member for member in opened}


def test_the_archive_has_one_layer_and_says_its_digests(root, tmp_path):
    reference = archive.write_archive(root, tmp_path / "a.tar", repository="svcproof.lab/a", config={"User": "1:1"})
    members = _members(tmp_path / "a.tar")
    (manifest,) = json.loads(members["manifest.json"][1])
    description = json.loads(members[manifest["Config"]][1])
    layer = members[manifest["Layers"][0]][1]

    assert manifest["RepoTags"] == [reference]
    assert reference.startswith("svcproof.lab/a:")
    assert description["rootfs"]["diff_ids"] == [f"sha256:{hashlib.sha256(layer).hexdigest()}"]
    assert description["config"] == {"User": "1:1"}
    assert not (tmp_path / "a.tar.layer").exists()


def test_the_layer_keeps_modes_and_links_and_drops_owners_times_and_setuid(root, tmp_path):
    archive.write_archive(root, tmp_path / "a.tar", repository="a", config={})
    layer = _layer(tmp_path / "a.tar", tmp_path)

    assert layer["bin"].linkname == "usr/bin"
    assert layer["tmp"].mode == 0o1777
    assert layer["usr/bin/tool"].mode == 0o755
    assert {(member.uid, member.gid, member.mtime) for member in layer.values()} == {(0, 0, 0)}
    assert list(layer) == sorted(layer)


def test_the_same_files_give_the_same_archive(root, tmp_path):
    one, two = tmp_path / "1.tar", tmp_path / "2.tar"
    archive.write_archive(root, one, repository="a", config={})
    (root / "usr" / "bin" / "tool").touch()
    archive.write_archive(root, two, repository="a", config={})

    assert one.read_bytes() == two.read_bytes()


def test_other_bytes_give_another_reference(root, tmp_path):
    before = archive.write_archive(root, tmp_path / "a.tar", repository="a", config={})
    (root / "usr" / "bin" / "tool").write_text("#!/bin/false\n")

    assert archive.write_archive(root, tmp_path / "a.tar", repository="a", config={}) != before


@pytest.fixture
def built(tmp_path):
    return Programs({}, {"pause": tmp_path / "pause-1111" / "pause"})


def test_the_recipe_changes_the_key(built):
    role = ROLES["busybox"]

    assert images.key_of(role, built) == images.key_of(role, built)
    assert images.key_of(replace(role, links={"a": "b"}), built) != images.key_of(role, built)


def test_a_new_build_of_the_program_in_it_changes_the_key(built, tmp_path):
    newer = Programs({}, {"pause": tmp_path / "pause-2222" / "pause"})

    assert images.key_of(ROLES["pause"], newer) != images.key_of(ROLES["pause"], built)


@pytest.mark.parametrize(
    "role", [role for name, role in ROLES.items() if name != "metallb-speaker"], ids=lambda r: r.name
)
def test_every_image_but_the_speaker_runs_as_a_numbered_user_that_is_not_root(role):
    user = role.config["User"].split(":")[0]

    assert user.isdigit()
    assert user != "0"


def test_the_first_alternative_is_needed_and_a_virtual_package_is_not():
    answer = """\
nginx
  Depends: libc6
 |Depends: debconf
  Depends: <debconf-2.0>
    cdebconf
  PreDepends: init
 |Depends: <mail>
  Depends: postfix
libc6
  Depends: libgcc-s1
<mail>
"""
    needs = debian.parse_needs(answer)

    assert needs["nginx"] == {"libc6", "debconf", "init", "postfix"}
    assert needs["libc6"] == {"libgcc-s1"}


def test_the_closure_leaves_out_what_only_the_left_out_need():
    needs = {"a": frozenset("bc"), "b": frozenset("d"), "c": frozenset("e"), "d": frozenset("a")}

    assert debian.closure(["a"], needs, without={"c"}) == {"a", "b", "d"}


def test_usr_is_merged_without_losing_either_side(tmp_path):
    (tmp_path / "lib" / "arch").mkdir(parents=True)
    (tmp_path / "usr" / "lib" / "arch").mkdir(parents=True)
    (tmp_path / "lib" / "arch" / "one").write_text("1")
    (tmp_path / "usr" / "lib" / "arch" / "two").write_text("2")
    (tmp_path / "lib" / "loader").symlink_to("/lib/arch/one")

    debian.merge_usr(tmp_path)

    assert (tmp_path / "lib" / "arch" / "one").read_text() == "1"
    assert (tmp_path / "lib" / "arch" / "two").read_text() == "2"
    assert (tmp_path / "usr" / "lib" / "loader").is_symlink()
    assert (tmp_path / "bin").readlink().as_posix() == "usr/bin"
