"""Fetches pages from this machine, one connection each: the vantage outside the cluster, for single requests."""

from __future__ import annotations

import socket
import time

import requests

from svcproof.model.pages import Fetch


def fetch_from_here(url: str, limit: float, since: float) -> Fetch:
    """Request a page over a new connection, within *limit* seconds; *since* is the monotonic moment to count from.

    Whatever comes instead of an answer is told, not raised. No proxy of this machine is used: it is no way to a node.
    """
    began = time.monotonic()
    with requests.Session() as session:
        session.trust_env = False
        try:
            answer = session.get(url, timeout=limit, headers={"Connection": "close"}, allow_redirects=False)
        except requests.exceptions.ConnectTimeout:
            problem = f"no connection within {limit:g} s"
        except requests.exceptions.ReadTimeout:
            problem = f"a connection, and no answer within {limit:g} s"
        except requests.exceptions.ConnectionError as trouble:
            problem = _reason(trouble)
        except requests.exceptions.RequestException as trouble:
            problem = f"{type(trouble).__name__}: {trouble}"
        else:
            return Fetch(began - since, time.monotonic() - began, answer.status_code, answer.text)
    mine = "cannot assign" in problem.lower() or "too many open files" in problem.lower()
    return Fetch(began - since, time.monotonic() - began, problem=problem, not_sent=mine)


def _reason(trouble: BaseException) -> str:
    """Find the system's own word for why no connection stood."""
    cause: BaseException | None = trouble
    while cause is not None:
        if isinstance(cause, OSError) and cause.errno and cause.strerror:
            return cause.strerror.lower()
        inner = [one for one in cause.args if isinstance(one, BaseException)]
        cause = getattr(cause, "reason", None) or (inner[-1] if inner else cause.__cause__ or cause.__context__)
        cause = cause if isinstance(cause, BaseException) else None
    said = str(trouble)
    return said.rpartition("] ")[2].rstrip("')\"").lower() if "[Errno" in said else said


def knock(host: str, port: int, limit: float) -> tuple[bool, str]:
    """Try a TCP connection: (whether anything there answered, what came of it). A refusal is an answer."""
    try:
        with socket.create_connection((host, port), timeout=limit):
            return True, f"port {port} accepts"
    except ConnectionRefusedError:
        return True, f"port {port} refuses"
    except OSError as trouble:
        return False, f"port {port}: {trouble.strerror or trouble}"
