"""Server-sent events, as hubs send them."""

from collections.abc import Iterable, Iterator

_EVENTS = (b"snapshot", b"slips")


def event_data(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Read server-sent events from a byte stream and yield the data of each of ours.

    Source: the WHATWG HTML standard, section 9.2, with the line ends that hubs send.
    """
    unread = b""
    name = b""
    data = b""
    for chunk in chunks:
        *lines, unread = (unread + chunk).split(b"\n")
        for line in lines:
            field, _, value = line.removesuffix(b"\r").partition(b":")
            if field == b"event":
                name = value.removeprefix(b" ")
            elif field == b"data":
                data += value.removeprefix(b" ")
            elif not line.strip():
                if data and name in _EVENTS:
                    yield data
                name, data = b"", b""
