"""The commands of `thutu-central` about releases and rollouts."""

import argparse
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import msgspec

from central.access.audit import Deed, record
from central.commands import Commands, invoking_user, note
from central.rollup.business_day import day_of
from central.scope import Scope
from central.settings import CentralSettings
from central.store.connection import Connection
from central.store.database import reading, transaction, writing
from central.store.updates import UpdateBook, UpdateReader
from central.store.visible import Where
from central.updates.progress import SILENT_AFTER_MS, Progress, progress_of
from central.updates.pruning import superfluous
from central.updates.reasons import reason_words, refusal_words
from central.updates.releases import ReleaseShelf
from central.updates.rollout import Rollout, RolloutState
from runtime.clock import SystemClock
from runtime.command_line import reader_language
from runtime.worded_error import WordedError
from runtime.wording import say

_WORDS = "rollout"
_PLACE = re.compile(r"[0-9]{2}(-[0-9]{5}(-[0-9]{2})?)?")
_COUNT = re.compile(r"[0-9]{1,6}")


class RolloutError(WordedError):
    """A rollout that cannot be begun or changed so; nothing was changed."""

    section = _WORDS


def add_update_commands(commands: Commands) -> None:
    """Add `release` and `rollout`, each with commands of its own."""
    release = commands.group("release", _WORDS)
    add = release.add("add", _add)
    add.add_argument("folder", type=Path, help=_words("help_wheelhouse"))
    add.add_argument("--without-wheels", action="store_true", help=_words("help_without_wheels"))
    release.add("list", _list)
    prune = release.add("prune", _prune)
    prune.add_argument("--dry-run", action="store_true", help=_words("help_dry_run"))

    rollout = commands.group("rollout", _WORDS)
    start = rollout.add("start", _start)
    start.add_argument("release", type=int, help=_words("help_release"))
    _percent(start)
    start.add_argument("--place", nargs="+", default=(), type=_place, help=_words("help_place"))
    start.add_argument("--urgent", action="store_true", help=_words("help_urgent"))
    start.add_argument("--most-refused", type=_count, default=2, help=_words("help_most_refused"))
    start.add_argument(
        "--most-refused-percent",
        type=int,
        default=5,
        choices=range(101),
        metavar="0-100",
        help=_words("help_most_refused_percent"),
    )
    for name, command in (
        ("widen", _widen),
        ("pause", _pause),
        ("resume", _resume),
        ("stop", _stop),
    ):
        parser = rollout.add(name, command)
        parser.add_argument("rollout", type=int, help=_words("help_rollout"))
        if name == "widen":
            _percent(parser)
    show = rollout.add("show", _show)
    show.add_argument("rollout", type=int, nargs="?", help=_words("help_rollout"))


def _add(settings: CentralSettings, given: argparse.Namespace) -> str:
    shelf = _shelf(settings)
    new = shelf.add(given.folder, with_wheels=not given.without_wheels)
    for kept in new:
        subject = f"{kept.release.number} ({kept.release.software})"
        note(settings.database(), "release-added", subject)
    with writing(settings.database()) as db, transaction(db.conn):
        for kept in shelf.releases():
            UpdateBook(db.conn).note_release(kept.release)
    return "\n".join(
        _words(
            "added",
            release=kept.release.number,
            software=kept.release.software,
            wheels=len(kept.release.files),
        )
        for kept in new
    ) or _words("nothing_new")


def _list(settings: CentralSettings, _given: argparse.Namespace) -> str:
    return "\n".join(
        f"{release.number}  {release.software}  {len(release.files)} wheels, "
        f"{sum(file.size for file in release.files) / 1e6:.1f} MB  {manifest.hex()}"
        for release, manifest in _shelf(settings).releases()
    ) or _words("no_release")


def _prune(settings: CentralSettings, given: argparse.Namespace) -> str:
    shelf = _shelf(settings)
    now_ms = SystemClock().stamp().wall_ms
    today = day_of(now_ms)
    with writing(settings.database()) as db, transaction(db.conn):
        book = UpdateBook(db.conn)
        gone = superfluous(
            [kept.release for kept in shelf.releases()],
            book.rollouts(),
            software=book.software_run(today).union(book.software_told(today).values()),
            numbers=book.releases_held(today),
        )
        if not given.dry_run:
            for release in gone:
                subject = f"{release.number} ({release.software})"
                deed = Deed(invoking_user(), "release-removed", subject)
                record(db.conn, deed, now_ms)
            shelf.remove(gone)
    key = "would_remove" if given.dry_run else "removed"
    return "\n".join(
        _words(key, release=release.number, software=release.software) for release in gone
    ) or _words("all_needed")


def _start(settings: CentralSettings, given: argparse.Namespace) -> str:
    kept = _shelf(settings).get(given.release)
    if not settings.updates.sources:
        raise RolloutError("no_sources")
    now_ms = SystemClock().stamp().wall_ms
    with writing(settings.database()) as db, transaction(db.conn):
        book = UpdateBook(db.conn)
        rollout = Rollout(
            rollout=book.next_rollout(),
            release=kept.release.number,
            software=kept.release.software,
            manifest=kept.manifest,
            places=tuple(given.place),
            percent=given.percent,
            urgent=given.urgent,
            most_refused=given.most_refused,
            most_refused_percent=given.most_refused_percent,
            state=RolloutState.RUNNING,
            reason="",
            started_ms=now_ms,
            changed_ms=now_ms,
        )
        _refuse_places_without_a_site(book, rollout)
        _refuse_a_way_back(book, rollout)
        book.add(rollout)
        _record(db.conn, "rollout-started", rollout)
    return _line(rollout)


def _refuse_places_without_a_site(book: UpdateBook, rollout: Rollout) -> None:
    nowhere = [place for place in rollout.places if not book.has_site(place)]
    if nowhere:
        raise RolloutError("no_site", places=", ".join(nowhere))


def _refuse_a_way_back(book: UpdateBook, rollout: Rollout) -> None:
    """A hub that has the newer release says that it is done, and stays: the older one would only
    seem to have come."""
    for other in book.rollouts():
        if other.release > rollout.release and (
            (other.meets(rollout) and not other.state.is_over)
            or any(map(rollout.covers, book.switched(other)))
        ):
            raise RolloutError(
                "only_forward",
                release=rollout.release,
                newer=other.release,
                rollout=other.rollout,
            )


def _widen(settings: CentralSettings, given: argparse.Namespace) -> str:
    def widened(rollout: Rollout) -> Rollout:
        if given.percent <= rollout.percent:
            raise RolloutError("not_wider", percent=rollout.percent)
        return msgspec.structs.replace(rollout, percent=given.percent)

    return _changed(settings, given.rollout, "rollout-widened", widened)


def _pause(settings: CentralSettings, given: argparse.Namespace) -> str:
    return _changed(settings, given.rollout, "rollout-paused", _to(RolloutState.PAUSED))


def _resume(settings: CentralSettings, given: argparse.Namespace) -> str:
    return _changed(settings, given.rollout, "rollout-resumed", _to(RolloutState.RUNNING))


def _stop(settings: CentralSettings, given: argparse.Namespace) -> str:
    return _changed(settings, given.rollout, "rollout-stopped", _to(RolloutState.STOPPED))


def _show(settings: CentralSettings, given: argparse.Namespace) -> str:
    now_ms = SystemClock().stamp().wall_ms
    with reading(settings.database()) as conn:
        book, reader = UpdateBook(conn), UpdateReader(conn, Scope())
        if given.rollout is None:
            return "\n".join(_line(one) for one in book.rollouts()) or _words("no_rollout")
        rollout = _existing(book, given.rollout)
        silent_ms = now_ms - SILENT_AFTER_MS
        hubs = reader.hubs(rollout, Where(), heard_since_ms=silent_ms, today=day_of(now_ms))
    mine = [hub for hub in hubs if hub.is_told or rollout.includes(hub.node)]
    counts = Counter(progress_of(hub, rollout) for hub in mine)
    return "\n".join(
        (
            _line(rollout),
            *(f"  {_words(one.value)}: {counts[one]}" for one in Progress if counts[one]),
            *(
                f"  {hub.node}: {refusal_words(hub.reason, reader_language())}"
                for hub in mine
                if hub.phase == "refused"
            ),
        )
    )


def _to(state: RolloutState) -> Callable[[Rollout], Rollout]:
    def changed(rollout: Rollout) -> Rollout:
        if rollout.state is state:
            raise RolloutError("is_so_already", state=RolloutError(state.value))
        return msgspec.structs.replace(rollout, state=state)

    return changed


def _changed(
    settings: CentralSettings, number: int, action: str, change: Callable[[Rollout], Rollout]
) -> str:
    with writing(settings.database()) as db, transaction(db.conn):
        book = UpdateBook(db.conn)
        rollout = _existing(book, number)
        if rollout.state.is_over:
            raise RolloutError("is_over", rollout=number)
        now_ms = SystemClock().stamp().wall_ms
        rollout = msgspec.structs.replace(change(rollout), changed_ms=now_ms)
        book.change(rollout)
        _record(db.conn, action, rollout)
    return _line(rollout)


def _existing(book: UpdateBook, number: int) -> Rollout:
    rollout = book.rollout(number)
    if rollout is None:
        raise RolloutError("unknown_rollout", rollout=number)
    return rollout


def _record(conn: Connection, action: str, rollout: Rollout) -> None:
    where = " ".join(rollout.places) or "the nation"
    subject = f"{rollout.rollout}: release {rollout.release}, {rollout.percent} % of {where}"
    record(conn, Deed(invoking_user(), action, subject), rollout.changed_ms)


def _line(rollout: Rollout) -> str:
    state = _words(rollout.state.value)
    reason = reason_words(rollout.reason, reader_language())
    return _words(
        "rollout_line",
        rollout=rollout.rollout,
        release=rollout.release,
        software=rollout.software,
        percent=rollout.percent,
        where=" ".join(rollout.places) or _words("nation"),
        state=f"{state}, {reason}" if reason else state,
    )


def _shelf(settings: CentralSettings) -> ReleaseShelf:
    return ReleaseShelf(
        settings.folder, [bytes.fromhex(key) for key in settings.updates.publisher_keys]
    )


def _percent(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--percent",
        type=int,
        required=True,
        choices=range(1, 101),
        metavar="1-100",
        help=_words("help_percent"),
    )


def _place(text: str) -> str:
    if not _PLACE.fullmatch(text):
        raise argparse.ArgumentTypeError(_words("bad_place", place=text))
    return text


def _count(text: str) -> int:
    if not _COUNT.fullmatch(text):
        raise argparse.ArgumentTypeError(_words("bad_count", count=text))
    return int(text)


def _words(key: str, **values: object) -> str:
    return say(f"{_WORDS}.{key}", reader_language(), **values)
