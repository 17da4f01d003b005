"""The HTTP front doors and their rims."""
