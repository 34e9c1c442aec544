"""Where a cluster comes from: existing, kind, lab."""
