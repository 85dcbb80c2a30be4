"""What Python's collector of cycles looks at in a process that runs for months."""

import gc


def keep_what_was_made() -> None:
    """Let the collector look no more at what the start has made: it stays until the end, and going
    through it now and then would stop all threads for a tenth of a second."""
    gc.collect()
    gc.freeze()
