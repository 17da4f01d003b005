"""Pure translation between HTTP messages and Lambda events: no I/O, no clock, no randomness."""
