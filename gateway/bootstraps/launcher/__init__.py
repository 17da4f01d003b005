"""The one process that starts all others, and ends them when the gateway is gone."""
