"""Asks the API server what our own credentials may do."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from svcproof.cluster.api import ClusterApi
from svcproof.model.permission import Permission

AT_ONCE = 8


def may(api: ClusterApi, verb: str, group: str, resource: str, namespace: str = "") -> bool:
    """Whether these credentials may do this in a namespace, or in all where none is named (SelfSubjectAccessReview)."""
    name, _, subresource = resource.partition("/")
    attributes = {"verb": verb, "group": group, "resource": name, "subresource": subresource, "namespace": namespace}
    review = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "metadata": {},
        "spec": {"resourceAttributes": attributes},
    }
    return bool(api.create(review).get("status", {}).get("allowed"))


def missing(api: ClusterApi, wanted: Iterable[Permission]) -> list[Permission]:
    """Return what these credentials lack in all namespaces, with the verbs that are lacking."""
    every = list(wanted)
    questions = [(one, verb) for one in every for verb in one.verbs]
    with ThreadPoolExecutor(AT_ONCE, "permission") as pool:
        granted = list(pool.map(lambda asked: may(api, asked[1], asked[0].group, asked[0].resource), questions))
    denied = [asked for asked, allowed in zip(questions, granted, strict=True) if not allowed]
    lacking = {one: tuple(verb for asked, verb in denied if asked is one) for one in every}
    return [replace(one, verbs=verbs) for one, verbs in lacking.items() if verbs]
