"""From a roster fixed beforehand to exactly one result for each of its scenarios."""
