"""Write the golden rows of the present contract to a new file; see `golden/README.md`."""

import json
import sys
from pathlib import Path

import msgspec

from contract.codec import encode_entry
from contract.events import Entry
from tests.contract.samples import sample_rows


def golden(row: Entry) -> dict[str, object]:
    """One row for people and for machines."""
    data = encode_entry(row)
    shown = json.loads(msgspec.json.encode(msgspec.msgpack.decode(data)))
    return {"event": type(row.event).__name__, "row": shown, "hex": data.hex(" ")}


def main() -> None:
    """Write all rows to the path named on the command line, which must be new."""
    path = Path(sys.argv[1])
    rows = ",\n".join(json.dumps(golden(row), ensure_ascii=False) for row in sample_rows())
    with path.open("x", encoding="utf-8") as file:
        file.write(f"[\n{rows}\n]\n")


if __name__ == "__main__":
    main()
