"""How one invocation runs."""
