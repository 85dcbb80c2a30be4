"""What is said of a card that cannot be written."""

from runtime.worded_error import WordedError


class ImageError(WordedError):
    """A card that cannot be written; nothing was written."""

    section = "image_refused"
