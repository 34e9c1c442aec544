"""Tells whether a Kubernetes cluster keeps the promises of a Service."""

from __future__ import annotations

__version__ = "0.1.0"
