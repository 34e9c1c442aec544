"""What each of the lab's images is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Role:
    """The recipe of one image; paths are relative to its root."""

    name: str
    config: Mapping[str, Any]
    """What the image says of itself: Entrypoint, Cmd, User …"""

    packages: tuple[str, ...] = ()
    programs: Mapping[str, str] = field(default_factory=dict)
    """Built program → where it lies."""

    files: Mapping[str, str] = field(default_factory=dict)
    folders: Mapping[str, int] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)
    environment: tuple[str, ...] = ()


ACCOUNTS: Mapping[str, str] = {
    "etc/group": "root:x:0:\nwww-data:x:33:\nnginx:x:101:\nredis:x:999:\nnogroup:x:65534:\n",
    "etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
    "etc/passwd": "root:x:0:0:root:/root:/bin/sh\nwww-data:x:33:33::/var/www:/bin/false\n"
    "nginx:x:101:101::/tmp:/bin/false\nredis:x:999:999::/data:/bin/false\nnobody:x:65534:65534::/tmp:/bin/false\n",
}
"""In every image: the accounts, and look-ups of names in /etc/hosts, then in the DNS."""

_NGINX = """\
worker_processes auto;
error_log /dev/stderr notice;
pid /run/nginx.pid;

events {
    worker_connections 1024;
}

http {
    include /etc/nginx/mime.types;
    default_type application/octet-stream;
    access_log /dev/stdout combined;
    sendfile on;
    keepalive_timeout 65;
    client_body_temp_path /var/cache/nginx/body;
    fastcgi_temp_path /var/cache/nginx/fastcgi;
    proxy_temp_path /var/cache/nginx/proxy;
    scgi_temp_path /var/cache/nginx/scgi;
    uwsgi_temp_path /var/cache/nginx/uwsgi;
    include /etc/nginx/conf.d/*.conf;
}
"""

_NGINX_SITE = """\
server {
    listen 80;
    location / {
        root /usr/share/nginx/html;
        index index.html;
    }
}
"""

_REDIS_START = """\
#!/bin/sh
# A pod is reached from other pods only through its Service: no reason to answer loopback alone.
[ "$1" = redis-server ] && set -- "$@" --protected-mode no
exec "$@"
"""

_NGINX_ROLE = Role(
    "nginx",
    {"Cmd": ["nginx", "-g", "daemon off;"], "User": "101:101", "StopSignal": "SIGQUIT", "ExposedPorts": {"80/tcp": {}}},
    packages=("busybox", "nginx"),
    files={"etc/nginx/nginx.conf": _NGINX, "etc/nginx/conf.d/default.conf": _NGINX_SITE},
    folders={"run": 0o1777, "var/cache/nginx": 0o1777, "var/lib/nginx": 0o1777, "var/log/nginx": 0o1777},
    links={"var/log/nginx/access.log": "/dev/stdout", "var/log/nginx/error.log": "/dev/stderr"},
)
_PYTHON_ROLE = Role(
    "python",
    {"Cmd": ["python3"], "User": "65534:65534"},
    packages=("busybox", "libpython3-stdlib", "python3-minimal"),
    links={"usr/local/bin/python": "/usr/bin/python3"},
    environment=("LANG=C.UTF-8", "PYTHONDONTWRITEBYTECODE=1"),
)
_REDIS_ROLE = Role(
    "redis",
    {
        "Entrypoint": ["/usr/local/bin/redis-start"],
        "Cmd": ["redis-server"],
        "User": "999:999",
        "WorkingDir": "/data",
        "ExposedPorts": {"6379/tcp": {}},
    },
    packages=("busybox", "redis-server"),
    files={"usr/local/bin/redis-start": _REDIS_START},
    folders={"data": 0o1777},
)


def _program(name: str, path: str, user: str) -> Role:
    return Role(name, {"Entrypoint": [f"/{path}"], "User": user}, programs={name: path})


ROLES: Mapping[str, Role] = {
    role.name: role
    for role in (
        _program("pause", "pause", "65535:65535"),
        _NGINX_ROLE,
        Role("busybox", {"Cmd": ["sh"], "User": "65534:65534"}, packages=("busybox",)),
        _PYTHON_ROLE,
        _REDIS_ROLE,
        _program("coredns", "coredns", "65532:65532"),
        _program("metallb-controller", "controller", "65534:65534"),
        _program("metallb-speaker", "speaker", "0:0"),
        _program("traefik", "usr/local/bin/traefik", "65532:65532"),
    )
}
