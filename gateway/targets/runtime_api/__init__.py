"""Functions in any language, through the Lambda Runtime API."""
