"""Virtual hardware, virtual people, and days lived with the real programs."""
