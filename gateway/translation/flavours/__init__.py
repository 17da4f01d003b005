"""One front door per file; the table of all of them."""
