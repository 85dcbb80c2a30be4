"""Who may ask the centre, and about which provinces."""
