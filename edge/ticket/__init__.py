"""The citizen's ticket: its words, its layout, and the bytes of each render mode."""
