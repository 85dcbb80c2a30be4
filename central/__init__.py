"""The centre: what all hubs report, made into figures for those who are responsible."""
