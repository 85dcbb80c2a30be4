"""Tests of appointments at the centre."""
