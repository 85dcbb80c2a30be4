"""What every engine can keep of a text that somebody sends."""


def storable(text: str) -> str:
    """The text without halves of characters, and without zeros, which PostgreSQL cannot keep."""
    return text.encode(errors="replace").decode().replace("\0", "\ufffd")
