"""Golden answers: requests and the bytes that ``gateway serve`` answers them with, as data (``tests/data/golden``)."""
