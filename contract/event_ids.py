"""The names of `contract.ids` as they stand in events.

MessagePack's decoder does not check them: a regular expression for every name of every event took
most of the time of reading. `contract.known_ids` does, for many entries at once.
"""

from typing import Annotated, get_args

from msgspec import Meta

from contract import ids


def _unchecked(name: object) -> Meta:
    of_name = get_args(name)[1]
    pattern = {"pattern": of_name.pattern}
    return Meta(description=of_name.description, extra_json_schema=pattern)


CounterId = Annotated[str, _unchecked(ids.CounterId)]
Name = Annotated[str, _unchecked(ids.Name)]
Series = Annotated[str, _unchecked(ids.Series)]
ServiceId = Annotated[str, _unchecked(ids.ServiceId)]
TicketNumber = Annotated[str, _unchecked(ids.TicketNumber)]
