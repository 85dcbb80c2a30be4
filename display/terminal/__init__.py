"""The clerk's terminal: one key for the common path, and the truth at a glance."""
