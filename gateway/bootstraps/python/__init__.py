"""The runtime of Python handlers."""
