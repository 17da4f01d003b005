"""The Application Load Balancer."""
