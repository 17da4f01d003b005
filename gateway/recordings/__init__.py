"""Recordings of a running gateway, and recordings sent again."""
