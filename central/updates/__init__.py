"""Which hubs shall have which release of the software, and what became of it."""
