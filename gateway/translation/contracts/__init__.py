"""What each listener type promises: its verdicts, the shape of its events, and events read backwards."""
