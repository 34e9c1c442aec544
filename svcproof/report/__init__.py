"""One result model, read from a run's events, and its writers."""
