"""Plumbing that at least two of edge, display and central share."""
