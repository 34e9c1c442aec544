"""Programs that a fault starts beside a lab: they lie, they disturb, and they look, with the standard library alone."""
