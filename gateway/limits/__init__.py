"""What an execution environment may use: memory, CPU and a ``/tmp`` of its own, by the means that the system allows."""
