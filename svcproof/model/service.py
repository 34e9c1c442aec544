"""The nouns of a scenario, as values: kinds of Service, what answers, where traffic starts, and where it goes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class ServiceKind(Enum):
    """The kinds of Service that the contract speaks of; "headless" is a ClusterIP Service without cluster IP."""

    CLUSTER_IP = "ClusterIP"
    NODE_PORT = "NodePort"
    LOAD_BALANCER = "LoadBalancer"
    HEADLESS = "headless"
    EXTERNAL_NAME = "ExternalName"

    @property
    def type(self) -> str:
        """The API's `spec.type`."""
        return "ClusterIP" if self is ServiceKind.HEADLESS else self.value


class Application(Enum):
    """What a backend runs."""

    WITNESS = "witness"  # says its pod, its node, the source it saw and where it was reached
    LINGERING = "lingering"  # a witness that goes on answering for long after its deletion was asked for
    TARDY = "tardy"  # a witness that answers for some seconds before it says that it is ready
    GATED = "gated"  # a witness that is ready only while a readiness gate is open, too
    MANY_PORT = "many-port"  # a witness that answers at thirty more ports
    NGINX = "nginx"  # the sample page, and its pod in a header
    NGINX_WITH_TLS = "nginx-with-tls"  # the sample page, over TLS at a second port
    NGINX_AND_BUSYBOX = "nginx-and-busybox"  # with a shell beside it, for scenarios that look out of its own pods
    HOST_NETWORK = "host-network"  # a witness on its node's own network
    PORT_SWAPPING = "port-swapping"  # a witness that calls its main port second, and its second main
    SIDECAR = "sidecar"  # a witness in a sidecar container, beside a main one that listens nowhere


class Site(Enum):
    """On which nodes pods are put."""

    ANYWHERE = ""
    ONE_NODE = "one node"  # the first of the schedulable ones
    ANOTHER_NODE = "another node"  # the last of them
    TWO_NODES = "two nodes"  # both of these, one pod on each in turn


@dataclass(frozen=True)
class Backends:
    """So many pods that answer, what they run, and where."""

    count: int
    application: Application = Application.WITNESS
    site: Site = Site.ANYWHERE


class Setting(Enum):
    """A property of a Service that a scenario names; its value is what it does to the spec."""

    AFFINITY = "session affinity"
    NO_AFFINITY = "no session affinity"
    EXTERNAL_LOCAL = "the external traffic policy Local"
    EXTERNAL_CLUSTER = "the external traffic policy Cluster"
    INTERNAL_LOCAL = "the internal traffic policy Local"
    INTERNAL_CLUSTER = "the internal traffic policy Cluster"
    UNREADY_PUBLISHED = "unready addresses published"
    BRIEF_AFFINITY = "session affinity of 1 second"
    SHORT_AFFINITY = "session affinity of 5 seconds"
    UNREADY_HIDDEN = "unready addresses not published"
    SAME_NODE = "traffic distribution PreferSameNode"
    SAME_ZONE = "traffic distribution PreferSameZone"
    CLOSE = "traffic distribution PreferClose"
    RANGES_OF_NOBODY = "source ranges of nobody"
    RANGES_OF_EVERYBODY = "source ranges of everybody"
    NO_NODE_PORTS = "no node ports"
    TWO_FAMILIES = "two address families required"
    PREFERRED_FAMILIES = "two address families preferred"
    ONE_FAMILY = "a single address family"
    TCP_AND_UDP = "TCP and UDP on one port number"

    @property
    def spec(self) -> dict[str, object]:
        """The part of a Service's spec that says so."""
        return _SPECS[self]


def _affinity(seconds: int) -> dict[str, object]:
    return {"sessionAffinity": "ClientIP", "sessionAffinityConfig": {"clientIP": {"timeoutSeconds": seconds}}}


_SPECS: dict[Setting, dict[str, object]] = {
    Setting.AFFINITY: {"sessionAffinity": "ClientIP"},
    Setting.NO_AFFINITY: {"sessionAffinity": "None"},
    Setting.EXTERNAL_LOCAL: {"externalTrafficPolicy": "Local"},
    Setting.EXTERNAL_CLUSTER: {"externalTrafficPolicy": "Cluster"},
    Setting.INTERNAL_LOCAL: {"internalTrafficPolicy": "Local"},
    Setting.INTERNAL_CLUSTER: {"internalTrafficPolicy": "Cluster"},
    Setting.UNREADY_PUBLISHED: {"publishNotReadyAddresses": True},
    Setting.BRIEF_AFFINITY: _affinity(1),
    Setting.SHORT_AFFINITY: _affinity(5),
    Setting.UNREADY_HIDDEN: {"publishNotReadyAddresses": False},
    Setting.SAME_NODE: {"trafficDistribution": "PreferSameNode"},
    Setting.SAME_ZONE: {"trafficDistribution": "PreferSameZone"},
    Setting.CLOSE: {"trafficDistribution": "PreferClose"},
    Setting.RANGES_OF_NOBODY: {"loadBalancerSourceRanges": ["192.0.2.0/24", "2001:db8::/32"]},  # RFC 5737, RFC 3849
    Setting.RANGES_OF_EVERYBODY: {"loadBalancerSourceRanges": ["0.0.0.0/0", "::/0"]},
    Setting.NO_NODE_PORTS: {"allocateLoadBalancerNodePorts": False},
    Setting.TWO_FAMILIES: {"ipFamilyPolicy": "RequireDualStack"},
    Setting.PREFERRED_FAMILIES: {"ipFamilyPolicy": "PreferDualStack"},
    Setting.ONE_FAMILY: {"ipFamilyPolicy": "SingleStack", "ipFamilies": None, "clusterIPs": None},
    Setting.TCP_AND_UDP: {
        "ports": [
            {"name": "http", "port": 80, "targetPort": "main", "protocol": "TCP"},
            {"name": "udp", "port": 80, "targetPort": "udp", "protocol": "UDP"},
        ]
    },
}


@dataclass(frozen=True)
class Listing:
    """Endpoints of a Service, listed by hand: in an EndpointSlice of this name, or in its Endpoints object."""

    service: str
    slice: str = ""


@dataclass(frozen=True)
class Equipment:
    """What a Service begins with: backends, and a setting where one is said."""

    backends: Backends
    setting: Setting | None = None


class Which(Enum):
    """Which backends of a Deployment are meant."""

    ANY = "backends"  # every pod that was ever ready
    READY = "ready backends"
    NEW = "new backends"  # those that came with the last change
    OTHER = "other backends"  # the ready ones that did not change
    CALLED_NODE = "backends of the called node"
    OWN_NODE = "backends of the caller's own node"
    OWN_ZONE = "backends of the caller's own zone"


class Answers(Enum):
    """What a look-up is to answer with."""

    CLUSTER_IP = "the cluster IP"
    READY_PODS = "the addresses of the ready pods"
    EVERY_POD = "the addresses of all pods"
    POD = "the address"  # of one pod, by the pod's name
    NAME = "the full name"
    PORT = "the port and full name"
    PORTS_OF_PODS = "the port and pod names"
    ALIAS = "the external name"


class Silence(Enum):
    """How connections end where nobody is to answer."""

    REFUSED = "refused"
    UNANSWERED = "not answered"


class Meeting(Enum):
    """Which backends a caller meets."""

    ONE = "one backend only"
    SEVERAL = "more than one backend"
    OWN_NODE = "its own node's backends only"
    OWN_ZONE = "its own zone's backends only"


class Errand(Enum):
    """What a caller asks for: bytes, or its own bytes back."""

    GIVE = "for"
    SEND_BACK = "to send back"


class Place(Enum):
    """Where traffic starts, in kind."""

    OUTSIDE = "a host outside the cluster"
    POD = "a pod"
    BUSYBOX = "a busybox pod"
    SAME_NODE = "a pod on the same node"
    OTHER_NODE = "a pod on another node"
    OTHER_NAMESPACE = "a pod in another namespace"
    NODE = "a node"
    EVERY_NODE = "every node"
    ONE_NODE = "a pod on one node"
    EACH_NODE = "a pod on every node"
    OWN_DNS = "a pod with a resolver of its own"
    LONG_SEARCH = "a pod with a long search list"
    POD_OF = "a pod of"
    EVERY_POD_OF = "every pod of"
    WITHOUT_DNS = "a pod without cluster DNS"


@dataclass(frozen=True)
class Vantage:
    """Where traffic starts; *of* names the Deployment whose pods are meant, where it is pods of one."""

    place: Place
    of: str = ""

    def __str__(self) -> str:
        return f'{self.place.value} "{self.of}"' if self.of else self.place.value


class Door(Enum):
    """Through which of a Service's addresses one goes."""

    NAME = "name"
    HALF_NAME = "half name"  # with its namespace
    FULL_NAME = "full name"  # with the cluster's domain
    CLUSTER_IP = "cluster IP"
    NODE_PORT = "node port"
    LOAD_BALANCER = "load-balancer address"
    POD_IP = "address of every pod"
    FORMER_POD_IP = "former address of every pod"
    FORMER_CLUSTER_IP = "former cluster IP"
    FORMER_NODE_PORT = "former node port"
    CLUSTER_IPS = "cluster IPs"  # one of each family
    POD_IPS = "addresses of every pod"  # of each family
    FORMER_LOAD_BALANCER = "former load-balancer address"
    HEALTH = "health check port"
    EXTERNAL_IP = "external IP"
    NODE_ADDRESS = "address"  # of a node itself, at a port that is named
    VARIABLES = "address in the variables"  # of the pod that calls
    INGRESS = "of the Ingress"  # a host name and a path that its rules may know
    API_SERVER = "the API server's Service"  # the one that every cluster has

    @property
    def on_nodes(self) -> bool:
        """Whether it is a port of nodes, so that one says which."""
        return self in (Door.NODE_PORT, Door.FORMER_NODE_PORT, Door.NODE_ADDRESS, Door.HEALTH)

    @property
    def former(self) -> bool:
        """Whether it was given back, so that somebody else may have it by now."""
        return self in (Door.FORMER_POD_IP, Door.FORMER_CLUSTER_IP, Door.FORMER_NODE_PORT, Door.FORMER_LOAD_BALANCER)


class Nodes(Enum):
    """On which nodes a node port is used."""

    EVERY = "every node"
    ONE = "one node"
    WITH_BACKEND = "a node with a backend"
    WITHOUT_BACKEND = "a node without a backend"


@dataclass(frozen=True)
class Frontend:
    """An address and port one may connect to: a door of a Service.

    *port* names one of several ports, or is a number that the Service may not declare; *pod* is one of its pods, where
    that pod's own name is meant.
    """

    service: str
    door: Door = Door.NAME
    port: str = ""
    nodes: Nodes = Nodes.EVERY
    pod: str = ""
    path: str = "/"

    def __str__(self) -> str:
        port = f"port {self.port} of " if self.port.isdigit() else f'port "{self.port}" of ' if self.port else ""
        if self.door is Door.API_SERVER:
            return "the API server's Service"
        if self.door is Door.INGRESS:
            at = "" if self.path == "/" else f' at "{self.path}"'
            return f'{port}host "{self.service}"{at} of the Ingress'
        if self.pod:
            return f'{port}pod "{self.pod}" of "{self.service}"'
        if self.door is Door.NAME:
            return f'{port}"{self.service}"'
        at = f" on {self.nodes.value}" if self.door.on_nodes else ""
        return f'{port}the {self.door.value} of "{self.service}"{at}'
