"""Counter displays on serial lines: what they show, in which bytes, and who owns the line."""
