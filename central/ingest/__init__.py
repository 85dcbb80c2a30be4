"""From MQTT messages to rows that are checked, deduplicated, committed and then acknowledged."""
