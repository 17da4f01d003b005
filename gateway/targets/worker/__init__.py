"""Python handlers in processes of their own: the default way to run a function."""
