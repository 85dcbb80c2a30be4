"""Writes the references from the code: `messages.md`, `asyncapi.json` and `settings.md`."""

import json
from inspect import cleandoc
from pathlib import Path
from typing import Any, get_args

import msgspec
from msgspec import NODEFAULT, inspect

from central.settings import CentralSettings
from contract import commands, events, slips, snapshot, stamp, wire
from contract.codec import MAX_MESSAGE_BYTES
from contract.ids import whole
from contract.refusals import Reason
from contract.topics import LANES, down, up
from display.boards import __main__ as boards
from display.hall import __main__ as hall
from display.terminal import settings as terminal
from display.voice import settings as voice
from edge.satellite.__main__ import SatelliteSettings
from edge.settings import HubSettings
from provision.update.follow import FollowSettings
from runtime.wording import catalogue

FOLDER = Path(__file__).parent
_LANE = (
    f"The CRC-32 of the site's name (`01-00097-01`) modulo {LANES}, as two digits; what comes in "
    "another lane is refused."
)


def main() -> None:
    """Write the files."""
    for name, text in references().items():
        (FOLDER / name).write_text(text, encoding="utf-8")


def references() -> dict[str, str]:
    """Every reference by the name of its file."""
    return {"messages.md": messages(), "asyncapi.json": asyncapi(), "settings.md": settings()}


def messages() -> str:
    """The reference for people, in Markdown."""
    parts = [
        "# Messages",
        "Made from the code by `make reference`; a test keeps it true.",
        "## Between a node and the centre (MQTT, QoS 1)",
        "Payloads are MessagePack arrays, compressed with zstd when that pays; at most "
        f"{MAX_MESSAGE_BYTES:,} bytes unpacked. A field is only ever appended, with a default.",
        _table(
            ("topic", "message", "retained"),
            [
                (f"`{_shape(up('+', 'events'))}`", "Batch", "no"),
                (f"`{_shape(up('+', 'status'))}`", "Status, also as the will", "yes"),
                (f"`{_shape(down('+', 'ack'))}`", "Ack", "no"),
                (f"`{_shape(up('+', 'renew'))}`", "CertificateRequest", "no"),
                (f"`{_shape(down('+', 'certificate'))}`", "Certificate", "no"),
                (f"`{_shape(up('+', 'state'))}`", "StateRequest", "no"),
                (
                    f"`{_shape(down('+', 'state'))}`",
                    "StatePart: a sealed SiteState in pieces",
                    "no",
                ),
                (f"`{_shape(down('+', 'config'))}`", "a sealed Configuration", "yes"),
                (f"`{_shape(down('+', 'update'))}`", "a sealed Update", "yes"),
                (f"`{_shape(down('+', 'appointments'))}`", "sealed Appointments", "no"),
            ],
        ),
        f"`lane`: {_LANE[0].lower()}{_LANE[1:]}",
        *(
            _struct(kind)
            for kind in (
                wire.Batch,
                wire.Ack,
                wire.Status,
                wire.Health,
                wire.UpdateState,
                wire.SiteMachine,
                wire.CertificateRequest,
                wire.Certificate,
                wire.StateRequest,
                wire.StatePart,
            )
        ),
        "## Sealed messages (in files, and over MQTT)",
        "An array of `thutu-sealed-1`, the message's name, the signer's Ed25519 public key, the "
        "signature, and the message compressed with zstd. What is signed is `thutu sealed 1`, a "
        "zero byte, the name, a zero byte, and the compressed message.",
        *(
            _struct(kind)
            for kind in (
                wire.SiteState,
                wire.HeldRows,
                wire.Export,
                wire.Receipt,
                wire.Configuration,
                wire.Update,
                wire.Appointments,
                wire.Booking,
                wire.Release,
                wire.ReleaseFile,
            )
        ),
        "## A journal entry",
        *(_struct(kind) for kind in (events.Entry, events.Brought, stamp.Stamp, stamp.Span)),
        "## Events",
        "The event is the last item of an entry: an array of its name and then its fields.",
        *(_struct(kind) for kind in get_args(events.AnyEvent)),
        "## Commands (HTTP, JSON)",
        "`POST /api/commands` with an `Idempotency-Key`; `type` names the command.",
        *(_struct(kind) for kind in get_args(commands.AnyCommand)),
        _struct(commands.Answer),
        "## Refusals",
        _table(
            ("reason", "Tiếng Việt", "English"),
            [(f"`{r}`", _refusal(r, "vi"), _refusal(r, "en")) for r in Reason],
        ),
        "## The snapshot (HTTP, JSON)",
        "`GET /api/snapshot`, and every event of `GET /api/stream`.",
        *(
            _struct(kind)
            for kind in (
                snapshot.Snapshot,
                snapshot.CounterView,
                snapshot.TicketView,
                snapshot.ServiceView,
                snapshot.CallView,
                snapshot.DeviceView,
                snapshot.RollView,
                snapshot.LinkView,
            )
        ),
        "## Slips for a printer elsewhere on the site (HTTP, JSON)",
        "Every event of `GET /api/slips`, for the role `printer`.",
        *(_struct(kind) for kind in (slips.Slips, slips.SlipView)),
    ]
    return "\n\n".join(parts) + "\n"


def settings() -> str:
    """The settings of every program, in Markdown."""
    parts = [
        "# Settings",
        "Made from the code by `make reference`; a test keeps it true.",
        "One TOML file per program. An unknown key is an error. A variable in the environment "
        "overrides a key: `THUTU_HUB_HTTP__PORT=8200` is `port` in `[http]` of `thutu-hub`. "
        "A relative path means one beside the file.",
    ]
    for program, prefix, kind in (
        ("thutu-hub", "THUTU_HUB", HubSettings),
        ("thutu-central", "THUTU_CENTRAL", CentralSettings),
        ("thutu-boards", "THUTU_BOARDS", boards.Settings),
        ("thutu-hall", "THUTU_HALL", hall.Settings),
        ("thutu-satellite", "THUTU_SATELLITE", SatelliteSettings),
        ("thutu-update follow", "THUTU_UPDATE", FollowSettings),
        ("thutu-voice", "THUTU_VOICE", voice.Settings),
        ("thutu-terminal", "THUTU_TERMINAL", terminal.Settings),
    ):
        parts += [f"## {program} (`{prefix}_…`)", *map(_struct, _reachable(kind))]
    return "\n\n".join(parts) + "\n"


def _reachable(kind: type[Any]) -> list[type[Any]]:
    """A struct and all structs that it is made of, each once, outermost first."""
    found: list[type[Any]] = []

    def visit(part: inspect.Type) -> None:
        if isinstance(part, inspect.StructType):
            if part.cls in found:
                return
            found.append(part.cls)
            for field in part.fields:
                visit(field.type)
        for name in ("type", "item_type", "value_type"):
            inner = getattr(part, name, None)
            if isinstance(inner, inspect.Type):
                visit(inner)
        for inner in getattr(part, "types", ()):
            visit(inner)

    visit(inspect.type_info(kind))
    return found


def asyncapi() -> str:
    """The MQTT part as an AsyncAPI 3.0 document."""
    kinds = {
        "batch": wire.Batch,
        "status": wire.Status,
        "ack": wire.Ack,
        "certificate-request": wire.CertificateRequest,
        "certificate": wire.Certificate,
        "state-request": wire.StateRequest,
        "state-part": wire.StatePart,
        "configuration": wire.Configuration,
        "update": wire.Update,
        "appointments": wire.Appointments,
    }
    schemas, components = msgspec.json.schema_components(
        kinds.values(), ref_template="#/components/schemas/{name}"
    )
    channels = {
        "events": (up("+", "events"), "batch", "receive"),
        "status": (up("+", "status"), "status", "receive"),
        "ack": (down("+", "ack"), "ack", "send"),
        "renew": (up("+", "renew"), "certificate-request", "receive"),
        "certificate": (down("+", "certificate"), "certificate", "send"),
        "state": (up("+", "state"), "state-request", "receive"),
        "state-answer": (down("+", "state"), "state-part", "send"),
        "config": (down("+", "config"), "configuration", "send"),
        "update": (down("+", "update"), "update", "send"),
        "appointments": (down("+", "appointments"), "appointments", "send"),
    }
    for schema in components.values():
        if "description" in schema:
            schema["description"] = cleandoc(schema["description"])
    document: dict[str, Any] = {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Thứ Tự: nodes and the centre",
            "version": str(wire.VERSION),
            "description": "Seen from the centre. Payloads are MessagePack, arrays by position.",
        },
        "defaultContentType": "application/msgpack",
        "channels": {
            name: {
                "address": _shape(address),
                "parameters": {
                    "lane": {"description": _LANE},
                    "node": {"description": "A node, e.g. `01-00097-01-h1`."},
                },
                "messages": {message: {"$ref": f"#/components/messages/{message}"}},
            }
            for name, (address, message, _) in channels.items()
        },
        "operations": {
            name: {"action": action, "channel": {"$ref": f"#/channels/{name}"}}
            for name, (_, _, action) in channels.items()
        },
        "components": {
            "messages": {
                name: {"payload": schema, "summary": _first_line(kind)}
                for (name, kind), schema in zip(kinds.items(), schemas, strict=True)
            },
            "schemas": components,
        },
    }
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def _shape(filter_: str) -> str:
    """The topic of a filter for every node."""
    return filter_.replace("+/+", "{lane}/{node}")


def _struct(kind: type[msgspec.Struct]) -> str:
    info = inspect.type_info(kind)
    assert isinstance(info, inspect.StructType)
    rows = []
    first = 0 if info.tag is None else 1
    for position, field in enumerate(info.fields, first):
        default = _default(field)
        where = (str(position),) if info.array_like else ()
        rows.append((*where, f"`{field.name}`", _type(field.type), default))
    heads = ("", "field", "type", "default") if info.array_like else ("field", "type", "default")
    doc = " ".join((kind.__doc__ or "").split())
    return f"### {kind.__name__}\n\n{doc}" + (f"\n\n{_table(heads, rows)}" if rows else "")


def _default(field: inspect.Field) -> str:
    value = field.default if field.default_factory is NODEFAULT else field.default_factory()
    if value is NODEFAULT:
        return ""
    # A part with defaults of its own is described where it stands.
    return "all of its defaults" if isinstance(value, msgspec.Struct) else f"`{_plain(value)}`"


def _plain(value: object) -> str:
    return json.dumps(msgspec.to_builtins(value, enc_hook=str), ensure_ascii=False)


def _type(kind: inspect.Type) -> str:  # noqa: PLR0911 - one line for each kind of type
    match kind:
        case inspect.Metadata(type=inspect.StrType(), extra_json_schema={"pattern": pattern}):
            return f"text `{_inner(pattern)}`"
        case inspect.Metadata(type=inner):
            return _type(inner)
        case inspect.UnionType(types=types):
            return " or ".join(_type(t) for t in types)
        case inspect.LiteralType(values=values):
            return ", ".join(f"`{value}`" for value in values)
        case inspect.StructType(cls=cls):
            return cls.__name__
        case inspect.VarTupleType(item_type=item) | inspect.ListType(item_type=item):
            return f"array of {_type(item)}"
        case inspect.DictType(key_type=key, value_type=value):
            return f"map of {_type(key)} to {_type(value)}"
        case inspect.StrType(pattern=pattern):
            return f"text `{_inner(pattern)}`" if pattern else "text"
        case inspect.CustomType(cls=cls):
            return cls.__name__.lower()
        case _:
            return type(kind).__name__.removesuffix("Type").lower()


def _inner(pattern: str) -> str:
    before, after = whole("§").split("§")
    return pattern.removeprefix(before).removesuffix(after).replace("|", "\\|")


def _table(heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [heads, tuple("---" for _ in heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _refusal(reason: Reason, language: str) -> str:
    return catalogue(language)[f"refusal.{reason}"].replace("|", "\\|")


def _first_line(kind: type[Any]) -> str:
    return (kind.__doc__ or "").split("\n", 1)[0]


if __name__ == "__main__":
    main()
