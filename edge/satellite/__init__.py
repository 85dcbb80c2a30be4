"""A further machine of a site: its buttons, pads and printer, for a hub elsewhere."""
