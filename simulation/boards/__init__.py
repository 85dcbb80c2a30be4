"""Emulated counter displays on emulated serial lines."""
