"""How a pod's resolver is set up, as its resolv.conf says, and the verdicts over it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address

from svcproof.model.verdict import Verdict, met, violated


@dataclass(frozen=True)
class Resolver:
    """The name servers and the search list of one resolv.conf, in order (resolv.conf(5))."""

    servers: tuple[str, ...]
    search: tuple[str, ...]


def read(text: str) -> Resolver:
    """Read a resolv.conf; the last search line counts."""
    servers: list[str] = []
    search: tuple[str, ...] = ()
    for words in (line.split() for line in text.splitlines()):
        if len(words) > 1 and words[0] == "nameserver":
            servers.append(words[1])
        if words and words[0] == "search":
            search = tuple(word.rstrip(".") for word in words[1:])
    return Resolver(tuple(servers), search)


def asks_cluster_dns(found: Resolver, addresses: Collection[str]) -> Verdict:
    """The first name server is cluster DNS, at one of these addresses, or a link-local cache on the pod's node.

    Kubernetes docs, DNS for Services and Pods; Using NodeLocal DNSCache.
    """
    first = found.servers[0] if found.servers else ""
    if first and ip_address(first) in {ip_address(address) for address in addresses}:
        return met(f"the resolver asks {first}, the Service of cluster DNS")
    if first and ip_address(first).is_link_local:
        return met(f"the resolver asks {first}, a cache on its node")
    return violated(
        f"the resolver asks {first or 'nobody'}; wanted {' or '.join(sorted(addresses))}, or a node's cache"
    )


def is_as_given(found: Resolver, servers: Sequence[str], search: Sequence[str], *, alone: bool) -> Verdict:
    """The resolver has the name servers and search list of the pod's DNS configuration: *alone*, or after its policy's.

    Kubernetes docs, DNS for Services and Pods, Pod's DNS Config.
    """
    pairs = (("asks", found.servers, tuple(servers)), ("searches", found.search, tuple(search)))
    for verb, has, wanted in pairs:
        if (has if alone else has[len(has) - len(wanted) :]) != wanted:
            return violated(f"the resolver {verb} {', '.join(has) or 'nothing'}; wanted {', '.join(wanted)}")
    return met(f"the resolver asks {', '.join(found.servers)} and searches {', '.join(found.search)}")


def is_a_dns_service(offers: Collection[str], ready: Collection[str]) -> Verdict:
    """The Service of cluster DNS offers port 53 over UDP and TCP, and lists a ready pod; *offers* says "53/UDP"."""
    missing = {"53/UDP", "53/TCP"} - set(offers)
    if missing:
        return violated(f"the DNS Service offers {', '.join(sorted(offers))}; missing {', '.join(sorted(missing))}")
    if not ready:
        return violated("the DNS Service lists no ready endpoint")
    return met(f"the DNS Service offers {', '.join(sorted(offers))} and lists {', '.join(sorted(ready))}")


def searches(found: Resolver, namespace: str) -> Verdict:
    """The search list begins with the pod's namespace, then all Services, then the cluster's domain.

    Kubernetes docs, DNS for Services and Pods, Pod's DNS Config.
    """
    first = f"{namespace}.svc."
    domain = next((entry.removeprefix(first) for entry in found.search[:1] if entry.startswith(first)), "")
    if domain and found.search[1:3] == (f"svc.{domain}", domain):
        return met(f"the resolver searches {', '.join(found.search)}")
    wanted = f"{first}DOMAIN, svc.DOMAIN, DOMAIN"
    return violated(f"the resolver searches {', '.join(found.search) or 'nothing'}; wanted {wanted} first of all")


def one_domain(found: Mapping[str, Resolver]) -> Verdict:
    """Every pod's resolver searches the same domain of the cluster: only one is served; *found* is by pod.

    Kubernetes docs, Kubelet Configuration, clusterDomain.
    """
    pods: dict[str, list[str]] = {}
    for pod, resolver in found.items():
        domain = next((entry.removeprefix("svc.") for entry in resolver.search if entry.startswith("svc.")), "none")
        pods.setdefault(domain, []).append(pod)
    if len(pods) == 1:
        return met(f"every resolver searches the domain {next(iter(pods))}")
    told = "; ".join(f"{domain} ({', '.join(those)})" for domain, those in pods.items())
    return violated(f"the resolvers search several domains of the cluster, wanted one: {told}")
