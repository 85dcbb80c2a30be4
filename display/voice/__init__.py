"""The voice of the waiting hall: calls put into recorded words, one queue a zone."""
