"""What the chosen scenarios must be allowed to do is told by their own words."""

import pytest

from svcproof.model.permission import cluster_role, needed


def _verbs(sentence: str, resource: str) -> list[str]:
    rules = cluster_role(needed((), [sentence]))["rules"]
    return next((rule["verbs"] for rule in rules if rule["resources"] == [resource]), [])


@pytest.mark.parametrize(
    ("sentence", "resource", "verb"),
    [
        ('the EndpointSlice "one" of "web" lists the backends of "blue" at port 8080', "endpointslices", "patch"),
        ('30 EndpointSlices of "web" list the backends of "many"', "endpointslices", "create"),
        ('the Endpoints object of "web" lists the backends of "blue" at port 8080', "endpoints", "patch"),
        ('a NodePort Service "web" with 2 ready nginx-with-tls pods joins', "secrets", "create"),
        ('the Ingress is given a certificate for host "shop"', "secrets", "create"),
        ('120 pods of "web" join that no node runs', "pods/status", "patch"),
        ('a NodePort Service "web" with 2 ready gated backends', "pods/status", "patch"),
        ('the sample "three-tiers" is deployed', "configmaps", "patch"),
    ],
)
def test_a_sentence_tells_what_it_must_be_allowed_to_do(sentence: str, resource: str, verb: str) -> None:
    assert verb in _verbs(sentence, resource)
    assert verb not in _verbs("a pod opens 20 connections", resource)
