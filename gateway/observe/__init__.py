"""What is told about exchanges after the client has its answer."""
