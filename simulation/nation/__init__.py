"""All centres of the country on one machine, with the real core, uplink, broker and centre."""
