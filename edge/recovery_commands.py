"""The commands of `thutu-hub` for the day on which a card or a line is lost."""

import argparse
import contextlib
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

from contract.local_time import local_time
from contract.wire import VERSION, Receipt, SiteState
from edge.command_refused import CommandRefused
from edge.settings import HubSettings
from edge.store.journal import Journal
from edge.store.recovery import JOURNAL
from edge.upstream.ask_centre import NoAnswerError, ask_centre
from edge.upstream.replace import (
    AlreadyAtWorkError,
    TakenOver,
    check_unused,
    orders_on_paper,
    take_over,
)
from edge.upstream.stick import NotForThisJournalError, NothingToExportError, acknowledge, export
from runtime.clock import SystemClock
from runtime.command_line import words_of
from runtime.folder_lock import FolderLock
from runtime.sealed import SealError, signing_key, unseal_from

_words = words_of("hub_tool")
_SIGNING_KEY = "signing.key"

_Run = Callable[[HubSettings, argparse.Namespace], int]
_Answer = Callable[[HubSettings, argparse.Namespace], str]


def add_recovery_commands(
    command: Callable[[str, _Run], argparse.ArgumentParser],
    tell: Callable[[str], None],
) -> None:
    """Add them to the parser; `command` is that of `thutu-hub`.

    What people should know is said to `tell`.
    """

    def add(name: str, answer: _Answer) -> argparse.ArgumentParser:
        def run(settings: HubSettings, options: argparse.Namespace) -> int:
            tell(answer(settings, options))
            return 0

        return command(name, run)

    replacing = add("replace", _replace)
    replacing.add_argument("--last-number", required=True, help=_words("help_last_number"))
    source = replacing.add_mutually_exclusive_group()
    source.add_argument("--from", dest="file", type=Path, help=_words("help_from"))
    source.add_argument("--without-centre", action="store_true", help=_words("help_without_centre"))
    exporting = add("export", _export)
    exporting.add_argument("folder", type=Path, help=_words("help_export_folder"))
    acknowledging = add("acknowledge", _acknowledge)
    acknowledging.add_argument("file", type=Path, help=_words("help_receipt"))


def _replace(settings: HubSettings, options: argparse.Namespace) -> str:
    series = {service.series for service in settings.site.services}
    _on_paper(options.last_number, series)  # before the centre is asked
    with _unused():
        with FolderLock(settings.data):
            check_unused(settings.data)
        state = _state(settings, options)
        given_out = {series for series, order in state.orders.items() if order}
        on_paper = _on_paper(options.last_number, series | given_out)
        done = take_over(settings.data, state, on_paper, SystemClock().stamp().wall_ms)
    told = _told(done)
    if settings.http.tls and not settings.tls_folder.exists():
        told += "\n" + _words("trust_anew")
    return told


def _on_paper(text: str, series: Collection[str]) -> dict[str, int]:
    try:
        return orders_on_paper(text, series)
    except ValueError as error:
        example = ",".join(f"{s}={s}042" for s in sorted(series))
        raise CommandRefused("bad_last_number", what=error, example=example) from error


@contextlib.contextmanager
def _unused() -> Iterator[None]:
    try:
        yield
    except AlreadyAtWorkError as error:
        raise CommandRefused("already_at_work", last=", ".join(error.highest)) from error


def _state(settings: HubSettings, options: argparse.Namespace) -> SiteState:
    if options.without_centre:
        return SiteState(VERSION, settings.node, missing=0, orders={}, journals=())
    if options.file is None:
        if settings.line is None:
            raise CommandRefused("no_uplink")
        key = _centre_key(settings)
        try:
            return ask_centre(settings.line, settings.node, key)
        except NoAnswerError as error:
            raise CommandRefused("centre_silent", what=error, node=settings.node) from error
    try:
        state = unseal_from(options.file.read_bytes(), SiteState, _centre_key(settings))
    except SealError as error:
        raise CommandRefused("bad_file", file=options.file, what=error) from error
    if (state.version, state.node) != (VERSION, settings.node):
        raise CommandRefused("bad_file", file=options.file, what=state.node)
    return state


def _export(settings: HubSettings, options: argparse.Namespace) -> str:
    key = signing_key(settings.data / _SIGNING_KEY)
    with _journal(settings) as journal:
        try:
            done = export(journal, settings.node, key, options.folder)
        except NothingToExportError:
            return _words("nothing_to_export")
    public = key.public_key().public_bytes_raw().hex()
    return _words(
        "exported",
        file=done.file,
        first=done.first,
        last=done.last,
        node=settings.node,
        public_key=public,
    )


def _acknowledge(settings: HubSettings, options: argparse.Namespace) -> str:
    key = _centre_key(settings)
    try:
        receipt = unseal_from(options.file.read_bytes(), Receipt, key)
        with _journal(settings) as journal:
            done = acknowledge(journal, settings.node, receipt)
    except (SealError, NotForThisJournalError) as error:
        raise CommandRefused("bad_file", file=options.file, what=error) from error
    if done.lost:
        return _words("acknowledged_less", row=done.row, lost=done.lost)
    return _words("acknowledged", row=done.row)


@contextlib.contextmanager
def _journal(settings: HubSettings) -> Iterator[Journal]:
    path = settings.data / JOURNAL
    if not path.exists():
        raise CommandRefused("no_journal", file=path)
    with contextlib.closing(Journal(path)) as journal:
        yield journal


def _centre_key(settings: HubSettings) -> bytes:
    """The key by which files of the centre must be signed. Raises CommandRefused without one."""
    if settings.centre_key is None:
        raise CommandRefused("no_centre_key")
    return bytes.fromhex(settings.centre_key)


def _told(done: TakenOver) -> str:
    lines: list[tuple[str, dict[str, object]]] = [
        ("taken_over", {"day": done.day, "last": ", ".join(done.last) or "–"})
    ]
    if done.waiting:
        lines.append(("queue_restored", {"count": len(done.waiting), "at": _time(done.as_of_ms)}))
    else:
        lines.append(("queue_not_restored", {}))
    if done.missing or done.unread:
        lines.append(("rows_unknown", {"rows": done.missing + done.unread}))
    if done.unknown:
        ranges = ", ".join(f"{first}–{last}" for first, last in done.unknown)
        lines.append(("numbers_unknown", {"numbers": ranges}))
    lines.append(("let_in_anew", {}))
    return "\n".join(_words(key, **values) for key, values in lines)


def _time(wall_ms: int | None) -> str:
    return "?" if wall_ms is None else local_time(wall_ms).strftime("%H:%M %d/%m/%Y")
