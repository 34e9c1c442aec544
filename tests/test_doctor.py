"""What doctor says of capabilities and permissions."""

from svcproof.cli.doctor import table
from svcproof.cluster.permissions import missing
from svcproof.model.capability import Capability
from svcproof.model.permission import ALWAYS, Permission, needed
from svcproof.run.entries import Entry


def entry(*tags):
    return Entry("x-01", "a feature", "a rule", "a claim", "x.feature", 1, tags)


def test_the_table_tells_evidence_and_what_is_enabled():
    lines = table([Capability("dns", present=True, because="a name resolved")], [entry("needs.dns"), entry()])
    assert lines[0].startswith("yes  dns")
    assert lines[0].endswith("enables 1 scenario")
    assert lines[1].endswith("seen: a name resolved")


def test_what_is_missing_says_how_to_get_it():
    lines = table([Capability("ingress", present=False, because="no class")], [entry("needs.ingress")])
    assert "would enable 1 scenario" in lines[0]
    assert "--add-on traefik" in lines[2]


def test_permissions_follow_needs_and_words():
    wanted = {one.resource for one in needed(["network-policy"], ["the added service range goes"])}
    assert {"networkpolicies", "servicecidrs", "pods"} <= wanted
    assert "ingresses" not in wanted
    assert needed([], []) == list(ALWAYS)


class Reviewing:
    def __init__(self, *denied):
        self.denied = denied

    def create(self, body):
        asked = body["spec"]["resourceAttributes"]
        resource = "/".join(filter(None, (asked["resource"], asked["subresource"])))
        return {"status": {"allowed": (asked["verb"], resource) not in self.denied}}


def test_only_the_verbs_that_lack_are_named():
    lacking = missing(Reviewing(("get", "pods/exec")), [Permission(("create", "get"), "", "pods/exec"), *ALWAYS])
    assert [str(one) for one in lacking] == ["get pods/exec"]
