"""A virtual ESC/POS printer that keeps the real one's rules: bytes, buffer, paper and faults.

Its command table is written from printer makers' manuals and shares nothing with our encoder.
"""
