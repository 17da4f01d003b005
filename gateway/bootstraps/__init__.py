"""The small runtimes that are given to handlers; standard library only, run outside the gateway."""
