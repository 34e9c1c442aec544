"""Values and laws: no input or output, no clock, no cluster."""
