"""What runs in a scenario's pods: the sample page, the witness, a shell, a prober; all of them restricted."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from svcproof.cluster.api import Object
from svcproof.model.service import Application
from svcproof.probe import agent_compiled, agent_files

PORT = 8080
"""Where every backend listens: no process here may open a port below 1024."""

SECOND_PORT = 8081
"""Where witnesses also answer HTTP: a Service's target port can be changed to it."""

TCP_PORT = 9000
UDP_PORT = 9001
"""Where witnesses also listen: lines over TCP, datagrams over UDP."""

SECOND_UDP_PORT = 9002
"""Where witnesses answer datagrams, too: a flow can be led to it."""

DRAIN_SECONDS = 5
"""How long a backend goes on answering after its deletion was asked for: the data plane needs time to turn away."""

TARDY_SECONDS = 6
"""How long a tardy backend answers before it says that it is ready: longer than a busy machine takes to notice."""

MANY_PORTS = range(10000, 10030)
"""Where many-port backends answer HTTP, too."""

LINGER_SECONDS = 45
"""How long a lingering backend does: longer than a scenario looks at it."""

BACKEND = {"kind": "backend"}
"""What the pods of every Deployment are labelled beside their name: a Service may select several Deployments' pods."""

SHELL = "shell"
AGENT_FOLDER = "/svcproof"
AGENT_CONFIG = "svcproof-agent"
NGINX_CONFIG = "svcproof-nginx"
TLS_CONFIG = "svcproof-nginx-tls"
CERTIFICATE = "certificate"
"""The Secret that holds the certificate of a Deployment that speaks TLS."""

TLS_PORT = 8443
_CERTIFICATE_FOLDER = "/etc/svcproof-certificate"

_NGINX_CONF = f"""\
worker_processes 1;
pid /tmp/nginx.pid;
error_log stderr notice;
events {{ worker_connections 1024; }}
http {{
    default_type text/html;
    access_log off;
    client_body_temp_path /tmp/body;
    proxy_temp_path /tmp/proxy;
    fastcgi_temp_path /tmp/fastcgi;
    uwsgi_temp_path /tmp/uwsgi;
    scgi_temp_path /tmp/scgi;
    server {{
        listen {PORT};
        listen [::]:{PORT};
        root /usr/share/nginx/html;
        add_header X-Pod $hostname always;
    }}
}}
"""
_TLS_CONF = _NGINX_CONF.replace(
    f"        listen [::]:{PORT};\n",
    f"""\
        listen [::]:{PORT};
        listen {TLS_PORT} ssl;
        listen [::]:{TLS_PORT} ssl;
        ssl_certificate {_CERTIFICATE_FOLDER}/tls.crt;
        ssl_certificate_key {_CERTIFICATE_FOLDER}/tls.key;
""",
)
_IDLE = "trap 'exit 0' TERM INT; while :; do sleep 3600 & wait $!; done"
AGENT = ("python3", "-IS", f"{AGENT_FOLDER}/agent.py")
"""How the agent is started in a pod; Python leaves out what it would look for beside its own library."""

_WITNESS_PORTS = [
    *("--http", str(PORT), "--http", str(SECOND_PORT)),
    *("--tcp", str(TCP_PORT), "--udp", str(UDP_PORT), "--udp", str(SECOND_UDP_PORT)),
]
_DRAINS = {
    Application.WITNESS: DRAIN_SECONDS,
    Application.LINGERING: LINGER_SECONDS,
    Application.TARDY: DRAIN_SECONDS,
    Application.GATED: DRAIN_SECONDS,
    Application.HOST_NETWORK: DRAIN_SECONDS,
    Application.PORT_SWAPPING: DRAIN_SECONDS,
    Application.SIDECAR: DRAIN_SECONDS,
    Application.MANY_PORT: DRAIN_SECONDS,
}
_MANNERS = {
    Application.TARDY: ("--delay-ready", str(TARDY_SECONDS)),
    Application.MANY_PORT: tuple(word for port in MANY_PORTS for word in ("--http", str(port))),
}
"""What else the witness of an application is told."""

GATE = "svcproof.dev/gate"
"""The condition that a gated backend needs besides its own readiness; whoever holds the gate sets it."""
_RESOURCES = {"requests": {"cpu": "50m", "memory": "16Mi"}}
"""A request is also a weight: on a busy node a pod of 5m stands still for seconds, and its answers are late for reasons
that are no Service's.
"""
_PROBER_RESOURCES = {"requests": {"cpu": "100m", "memory": "32Mi"}}
"""A prober that waits for its turn keeps no schedule: its share of a busy node is larger than a backend's."""


@dataclass(frozen=True)
class Placement:
    """On which nodes pods may run: *nodes* by name (empty: any), spread over them as evenly as there is room.

    With *even* a pod that would make the spread uneven waits.
    """

    nodes: tuple[str, ...] = ()
    even: bool = False

    def spec(self, labels: Mapping[str, str]) -> Object:
        """Return the part of a pod's spec that says so."""
        spread: Object = {
            "topologySpreadConstraints": [
                {
                    "maxSkew": 1,
                    "topologyKey": "kubernetes.io/hostname",
                    "whenUnsatisfiable": "DoNotSchedule" if self.even else "ScheduleAnyway",
                    "labelSelector": {"matchLabels": dict(labels)},
                }
            ]
        }
        if not self.nodes:
            return spread
        # one term a node: a field may be compared with one value only
        terms = [{"matchFields": [{"key": "metadata.name", "operator": "In", "values": [node]}]} for node in self.nodes]
        required = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}
        return {**spread, "affinity": {"nodeAffinity": required}}


ANYWHERE = Placement()


@dataclass(frozen=True)
class Images:
    """The image of each role that pods here use."""

    nginx: str
    busybox: str
    python: str


def configuration(application: Application) -> Object | None:
    """Return the ConfigMap that an application's pods mount; one of each serves all Deployments of a namespace."""
    if application in (Application.NGINX, Application.NGINX_AND_BUSYBOX):
        return _config_map(NGINX_CONFIG, {"nginx.conf": _NGINX_CONF})
    if application is Application.NGINX_WITH_TLS:
        return _config_map(TLS_CONFIG, {"nginx.conf": _TLS_CONF})
    if application in _DRAINS:
        return agent_configuration()
    return None


def agent_configuration() -> Object:
    """Return the ConfigMap that holds the witness and prober program."""
    compiled = {name: base64.b64encode(data).decode() for name, data in agent_compiled().items()}
    return {**_config_map(AGENT_CONFIG, agent_files()), "binaryData": compiled}


def deployment(
    name: str, count: int, application: Application, images: Images, placement: Placement = ANYWHERE
) -> Object:
    """Return a Deployment of *count* pods labelled app=NAME."""
    labels = {"app": name}
    containers = _containers(application, images)
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "labels": labels},
        "spec": {
            "replicas": count,
            "selector": {"matchLabels": labels},
            "strategy": {"rollingUpdate": {"maxSurge": "100%", "maxUnavailable": 0}},
            "template": {
                "metadata": {"labels": labels | BACKEND},
                "spec": {
                    **_pod_spec(containers, grace_seconds=_DRAINS.get(application, DRAIN_SECONDS) + 12),
                    **placement.spec(labels),
                    "volumes": _volumes(application),
                    **_apart(application, images),
                    **({"readinessGates": [{"conditionType": GATE}]} if application is Application.GATED else {}),
                },
            },
        },
    }


def bare_pod(name: str, application: Application, images: Images, labels: Mapping[str, str]) -> Object:
    """Return a pod that answers and that nobody looks after, with these labels; when it ends it stays ended."""
    pod = _pod(name, _containers(application, images), _volumes(application), ANYWHERE)
    pod["metadata"]["labels"] = dict(labels)
    pod["spec"]["restartPolicy"] = "Never"
    return pod


def unrun_pod(name: str, images: Images, labels: Mapping[str, str]) -> Object:
    """Return a pod that no scheduler puts on a node, with these labels."""
    pod = _pod(name, [_shell(images)], [], ANYWHERE)
    pod["metadata"]["labels"] = dict(labels)
    pod["spec"]["schedulerName"] = "svcproof.dev-nobody"
    return pod


def busybox_pod(name: str, images: Images, placement: Placement = ANYWHERE) -> Object:
    """Return a pod with one busybox container to run commands in."""
    return _pod(name, [_shell(images)], [], placement)


def prober_pod(name: str, images: Images, placement: Placement = ANYWHERE, *, host_network: bool = False) -> Object:
    """Return a pod that a prober can be started in; on the node's own network where *host_network*."""
    container = {
        **_container("prober", images.python, [*AGENT, "idle"]),
        "resources": _PROBER_RESOURCES,
        "env": _downward(),
        "volumeMounts": [{"name": "agent", "mountPath": AGENT_FOLDER, "readOnly": True}],
    }
    pod = _pod(name, [container], [{"name": "agent", "configMap": {"name": AGENT_CONFIG}}], placement)
    if host_network:
        pod["spec"].update(hostNetwork=True, dnsPolicy="ClusterFirstWithHostNet", tolerations=[{"operator": "Exists"}])
    return pod


def own_dns(servers: Sequence[str], domain: str) -> Object:
    """Return the part of a pod's spec that gives it its own name servers, and one search domain: all Services."""
    options = [{"name": "ndots", "value": "5"}]
    config = {"nameservers": list(servers)[:MOST_SERVERS], "searches": [f"svc.{domain}"], "options": options}
    return {"dnsPolicy": "None", "dnsConfig": config}


def long_search() -> Object:
    """Return the part of a pod's spec that adds many domains to its search list."""
    return {"dnsConfig": {"searches": [f"department-{number:02}.{FAR_AWAY}" for number in range(SEARCH_DOMAINS)]}}


MOST_SERVERS = 3
SEARCH_DOMAINS = 20
FAR_AWAY = "of-a-company-with-long-names.example"
"""Twenty domains of forty-nine letters: less than the 32 domains and 2048 letters that Kubernetes allows, more than
the six domains and 256 letters that C libraries once allowed.
"""


def _pod(name: str, containers: Sequence[Object], volumes: Sequence[Object], placement: Placement) -> Object:
    labels = {"app": name}
    spec = {**_pod_spec(containers, grace_seconds=1), **placement.spec(labels), "volumes": list(volumes)}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": labels}, "spec": spec}


def _pod_spec(containers: Sequence[Object], *, grace_seconds: int) -> Object:
    return {
        "automountServiceAccountToken": False,
        "terminationGracePeriodSeconds": grace_seconds,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": 65534,
            "runAsGroup": 65534,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": list(containers),
    }


def _containers(application: Application, images: Images) -> list[Object]:
    if application is Application.SIDECAR:
        return [_shell(images)]
    if application is Application.PORT_SWAPPING:
        witness = _witness(images, DRAIN_SECONDS)
        main, second, *others = witness["ports"]
        swapped = [{**main, "name": second["name"]}, {**second, "name": main["name"]}]
        return [{**witness, "ports": [*swapped, *others]}]
    if application in _DRAINS:
        return [_witness(images, _DRAINS[application], _MANNERS.get(application, ()))]
    if application is Application.NGINX_AND_BUSYBOX:
        return [_nginx(images), _shell(images)]
    nginx = _nginx(images)
    if application is Application.NGINX_WITH_TLS:
        nginx["volumeMounts"].append({"name": "certificate", "mountPath": _CERTIFICATE_FOLDER, "readOnly": True})
    return [nginx]


def _apart(application: Application, images: Images) -> Object:
    """Return what else of a pod's spec an application needs."""
    if application is Application.HOST_NETWORK:
        return {"hostNetwork": True, "dnsPolicy": "ClusterFirstWithHostNet"}
    if application is Application.SIDECAR:
        return {"initContainers": [{**_witness(images, DRAIN_SECONDS), "restartPolicy": "Always"}]}
    return {}


def _nginx(images: Images) -> Object:
    return {
        **_container("nginx", images.nginx, ["nginx", "-c", "/etc/svcproof/nginx.conf", "-g", "daemon off;"]),
        "ports": [{"name": "main", "containerPort": PORT}],
        "readinessProbe": _readiness("/"),
        # keep answering while the data plane turns away, then let the last answers out
        "lifecycle": {"preStop": {"exec": {"command": ["sh", "-c", f"sleep {DRAIN_SECONDS}; {_NGINX_QUIT}"]}}},
        "volumeMounts": [
            {"name": "configuration", "mountPath": "/etc/svcproof", "readOnly": True},
            {"name": "scratch", "mountPath": "/tmp"},  # noqa: S108 - inside the container
        ],
    }


_NGINX_QUIT = "nginx -c /etc/svcproof/nginx.conf -s quit; while [ -e /tmp/nginx.pid ]; do sleep 0.1; done"


def _witness(images: Images, drain_seconds: int, manners: Sequence[str] = ()) -> Object:
    ends = ("--on-term", f"drain:{drain_seconds}")
    return {
        **_container("witness", images.python, [*AGENT, "witness", *_WITNESS_PORTS, *ends, *manners]),
        "env": _downward(),
        "ports": [
            {"name": "main", "containerPort": PORT},
            {"name": "second", "containerPort": SECOND_PORT},
            {"name": "tcp", "containerPort": TCP_PORT},
            {"name": "udp", "containerPort": UDP_PORT, "protocol": "UDP"},
        ],
        "readinessProbe": _readiness("/ready"),
        "volumeMounts": [{"name": "agent", "mountPath": AGENT_FOLDER, "readOnly": True}],
    }


def _shell(images: Images) -> Object:
    return _container(SHELL, images.busybox, ["sh", "-c", _IDLE])


def _container(name: str, image: str, command: Sequence[str]) -> Object:
    return {
        "name": name,
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "command": list(command),
        "resources": _RESOURCES,
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
    }


def _readiness(path: str) -> Object:
    get = {"path": path, "port": PORT}
    return {"httpGet": get, "periodSeconds": 1, "timeoutSeconds": 5, "failureThreshold": 3}


def _downward() -> list[Object]:
    fields = {
        "POD_NAME": "metadata.name",
        "POD_NAMESPACE": "metadata.namespace",
        "NODE_NAME": "spec.nodeName",
        "POD_IP": "status.podIP",
    }
    return [{"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}} for name, path in fields.items()]


def _volumes(application: Application) -> list[Object]:
    if application in _DRAINS:
        return [{"name": "agent", "configMap": {"name": AGENT_CONFIG}}]
    scratch: Object = {"name": "scratch", "emptyDir": {}}
    if application is Application.NGINX_WITH_TLS:
        certificate = {"name": "certificate", "secret": {"secretName": CERTIFICATE}}
        return [{"name": "configuration", "configMap": {"name": TLS_CONFIG}}, scratch, certificate]
    return [{"name": "configuration", "configMap": {"name": NGINX_CONFIG}}, scratch]


def _config_map(name: str, files: Mapping[str, str]) -> Object:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": dict(files)}


def why_not_ready(pod: Object) -> str:
    """Say in a few words why a pod is not ready: what its scheduler, its kubelet or its containers say."""
    status = pod.get("status", {})
    if "deletionTimestamp" in pod["metadata"]:
        return "terminating"
    for condition in status.get("conditions") or []:
        if condition["type"] == "PodScheduled" and condition["status"] != "True":
            return f"not scheduled: {condition.get('message') or condition.get('reason')}"
    for container in [*(status.get("initContainerStatuses") or []), *(status.get("containerStatuses") or [])]:
        state = container.get("state") or {}
        for phase in ("waiting", "terminated"):
            if phase in state and state[phase].get("reason") != "ContainerCreating":
                said = state[phase]
                detail = said.get("message") or json.dumps(said.get("exitCode", ""))
                return f"{container['name']} {said.get('reason', phase)}: {detail}"[:300]
        if "running" in state and not container.get("ready"):
            return f"{container['name']} runs and is not ready"
    return str(status.get("phase", "unknown")).lower()
