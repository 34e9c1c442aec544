"""Laws about the features themselves, and the vocabulary page: over behave's own parser and registry."""
