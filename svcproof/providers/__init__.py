"""Where a cluster comes from: an existing one, kind, or the lab."""
