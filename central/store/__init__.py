"""What the centre keeps: values, one protocol, and SQLite or PostgreSQL behind it."""
