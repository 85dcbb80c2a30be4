"""Drivers of what a centre's node holds: printers, buttons and keypads."""
