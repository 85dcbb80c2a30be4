"""What a site changes about its tickets: lines left out, and words of its own above and below."""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field
from msgspec.structs import replace

from edge.ticket.content import TicketContent, tidy

Language = Literal["vi", "en"]
Hidable = Literal["organisation", "centre", "counters", "ahead", "expected_wait", "issued", "qr"]
Words = Annotated[str, Meta(min_length=1, max_length=120)]
Header = Annotated[tuple[Words, ...], Meta(min_length=1, max_length=2)]
Footer = Annotated[tuple[Words, ...], Meta(max_length=6)]


class TicketTemplate(Struct, frozen=True, forbid_unknown_fields=True):
    """A site's own ticket.

    `hidden` lines are left out. `header` stands for unit and centre, and `footer` for the usual
    notes, in each language that has one; a footer of no lines leaves the notes out.
    """

    hidden: tuple[Hidable, ...] = ()
    header: dict[Language, Header] = field(default_factory=dict)
    footer: dict[Language, Footer] = field(default_factory=dict)

    def apply(self, content: TicketContent) -> TicketContent:
        """`content` as this site wants it."""
        changes: dict[str, Any] = {}
        for language, words in self.header.items():
            if language == content.language:
                unit, centre, *_ = (*map(tidy, words), None)
                changes |= {"organisation": unit, "centre": centre}
        for language, words in self.footer.items():
            if language == content.language:
                changes["footer"] = tuple(map(tidy, words))
        changes |= dict.fromkeys(self.hidden)
        if "qr" in self.hidden:
            changes["qr_caption"] = None
        return replace(content, **changes)
