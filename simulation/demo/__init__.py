"""The demo: three centres, a broker and the national centre live one working day."""
