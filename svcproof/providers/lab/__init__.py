"""A real Kubernetes on one Linux machine: upstream programs, nodes as network namespaces."""
