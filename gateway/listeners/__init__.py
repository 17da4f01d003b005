"""The listeners and what stands around them on a port."""
