"""What the centre keeps: values, one protocol, and SQLite behind it."""
