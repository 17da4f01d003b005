"""What invokes functions besides HTTP: the events of other AWS services."""
