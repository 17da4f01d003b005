"""The Application Load Balancer: rules, conditions, actions, transforms, target groups and health checks."""
