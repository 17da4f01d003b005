"""Attacks on a running gateway, for ``scripts/attack``; short forms of them run in the suite."""
