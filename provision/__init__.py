"""Putting Thứ Tự on a machine, and on a card for one."""
