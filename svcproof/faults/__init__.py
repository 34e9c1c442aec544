"""Known breakages, one file each, and the prover that shows that every check can fail."""
