"""From events to figures: pure folds, and the shell that keeps their cursor."""
