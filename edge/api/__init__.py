"""The hub's local HTTP API: commands in, snapshots out, for every device and person on site."""
