"""Asks one resolver for one name, again and again until it answers; a program of its own, run inside a namespace.

Usage: python ask_name.py RESOLVER NAME SECONDS. Exit code 0 when an address came, 1 when none did in time.
"""

from __future__ import annotations

import secrets
import socket
import struct
import sys
import time

PAUSE = 0.2
"""Seconds until a question is put again."""


def question(number: int, name: str) -> bytes:
    """A query for the A records of *name* (RFC 1035, section 4.1)."""
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.rstrip(".").split("."))
    return struct.pack(">HHHHHH", number, 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack(">HH", 1, 1)


def answers(resolver: str, name: str) -> bool:
    """Whether *resolver* gives at least one record for *name* at once."""
    number = secrets.randbelow(1 << 16)
    family = socket.AF_INET6 if ":" in resolver else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as asking:
        asking.settimeout(PAUSE)
        try:
            asking.connect((resolver, 53))
            asking.send(question(number, name))
            reply = asking.recv(4096)
        except OSError:
            return False
    seen, flags, _, records = struct.unpack(">HHHH", reply[:8])
    return bool(seen == number and flags & 0x000F == 0 and records > 0)


def main() -> int:
    resolver, name, seconds = sys.argv[1:4]
    give_up = time.monotonic() + float(seconds)
    while time.monotonic() < give_up:
        began = time.monotonic()
        if answers(resolver, name):
            return 0
        time.sleep(max(0.0, PAUSE - (time.monotonic() - began)))
    return 1


if __name__ == "__main__":
    sys.exit(main())
