"""One front door per file; `table` has them by their names on the command line."""
