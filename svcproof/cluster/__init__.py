"""Verbs on a cluster, written against the port in api.py."""
