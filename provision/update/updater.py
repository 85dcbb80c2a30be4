"""An update, step by step: what the disk says decides the next one, so a cut anywhere is mended."""

import logging
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import msgspec

from contract.wire import (
    JOURNAL_READS,
    JOURNAL_WRITES,
    VERSION,
    Phase,
    Release,
    Update,
    UpdateState,
    release_file,
)
from provision.update import decide
from provision.update.decide import Facts, Step
from provision.update.environment import BuildError, build, is_whole
from provision.update.machine import Machine, MachineError
from provision.update.notebook import Notebook, Plan, RestartDue, Trial
from provision.update.releases import CURRENT, PREVIOUS, PROVEN, Releases
from runtime.clock import Clock
from runtime.sealed import SealError, signer, unseal, unseal_from

logger = logging.getLogger(__name__)

_LOOK_S = 5.0
_MOST_ORDER_BYTES = 100_000


class RefusedError(Exception):
    """The release is not for this node; the words say why."""


@dataclass(frozen=True, slots=True)
class Trusted:
    """Whom a node believes: the centre of which release and when, publishers of what is in it.

    Keys are Ed25519 (32 bytes); `target` is this machine's, as `cp313-aarch64`.
    """

    node: str
    centre: bytes | None
    publishers: frozenset[bytes]
    target: str


class Updater:
    """One node's updates. `wheelhouse` is what the fetcher fills, and is not believed."""

    def __init__(
        self,
        *,
        releases: Releases,
        notebook: Notebook,
        wheelhouse: Path,
        machine: Machine,
        clock: Clock,
        trusted: Trusted,
    ) -> None:
        self._releases = releases
        self._notebook = notebook
        self._wheelhouse = wheelhouse
        self._machine = machine
        self._clock = clock
        self._trusted = trusted
        self._steps: dict[Step, Callable[[], None]] = {
            Step.RESTART: self._restart,
            Step.GO_BACK: self._go_back,
            Step.PROVE: self._prove,
            Step.SETTLE: self._settle,
            Step.FETCH: self._fetch,
            Step.BUILD: self._build,
            Step.CHECK: self._check,
            Step.SWITCH: self._switch,
        }

    def take_order(self, path: Path) -> bool:
        """Take up the sealed Update at `path`, if it is newer, and no trial under way; whether.

        The file was laid there by a program that is not trusted. Raises SealError and OSError.
        """
        if self._facts().on_trial or not path.is_file():
            return False
        with path.open("rb") as file:
            sealed = file.read(_MOST_ORDER_BYTES)
        if self._trusted.centre is None:
            raise SealError("no_centre_key")
        update = unseal_from(sealed, Update, self._trusted.centre)
        if (update.version, update.node) != (VERSION, self._trusted.node):
            raise SealError("for_another", form=update.version, node=update.node)
        plan = self._notebook.plan
        if plan is not None and update.number <= plan.state.order:
            return False
        phase = UpdateState(update.number, update.release, "preparing")
        self._notebook.keep_plan(Plan(phase, update.manifest, update.sources, update.urgent))
        return True

    def take_folder(self, folder: Path, *, urgent: bool) -> Release:
        """Take up the newest release of a wheelhouse that a person brought; returns it.

        Raises RefusedError when there is none, or a trial is under way; SealError and OSError.
        """
        if self._facts().on_trial:
            raise RefusedError("a release is on trial; wait until that is over")
        found = [self._believed(path.read_bytes()) for path in folder.glob("release-*.thutu")]
        if not found:
            raise RefusedError(f"{folder} holds no release-….thutu")
        release = max(found, key=lambda release: release.number)
        manifest = sha256((folder / release_file(release.number)).read_bytes()).digest()
        plan = self._notebook.plan
        order = 0 if plan is None else plan.state.order
        phase = UpdateState(order, release.number, "preparing")
        self._notebook.keep_plan(Plan(phase, manifest, (str(folder.resolve()),), urgent))
        return release

    def take_offer(self, number: int, manifest: bytes, source: str) -> bool:
        """Take up the release that the site's hub runs, at `source`, unless this machine runs or
        has refused it, or one is on trial; whether. Where the hub went back to what this machine
        has still, so does this machine, by the same steps. Raises OSError.
        """
        facts = self._facts()
        if facts.on_trial or number == 0 or (facts.state and facts.state.release == number):
            return False
        is_back = number < decide.number(facts.running)
        if is_back and self._releases.named(PREVIOUS) != str(number):
            return False
        phase = UpdateState(facts.state.order if facts.state else 0, number, "preparing")
        self._notebook.keep_plan(Plan(phase, manifest, (source,), is_back=True))
        return True

    def run(self, orders: Callable[[], bool]) -> None:
        """Do what is to be done, to the end. `orders` takes a newer order, if there is one, and
        says whether; it is asked until nothing but the switch is left to do.

        Raises MachineError and OSError where trying again later may help; then and after a cut,
        running again goes on.
        """
        orders()
        while (step := decide.next_step(self._facts())) is not Step.REST:
            logger.info("update: %s", step)
            if step is Step.SWITCH and not self._is_quiet_before(orders):
                continue
            try:
                self._steps[step]()
            except (RefusedError, BuildError) as error:
                self._note("refused", str(error))
        if self._notebook.trial is not None:
            self._notebook.end_trial()
        self._releases.remove_unused()
        self._tidy()

    def back(self) -> str:
        """Give back by hand what runs, and start the release before it; returns its name.

        The centre hears of it as of a refusal, and nothing is tried again without a newer order.
        What was cut is mended by doing it again. Raises RefusedError when there is none before it
        or one is on trial, MachineError and OSError.
        """
        if self._facts().on_trial:
            raise RefusedError("a release is on trial, and goes back by itself if it does not live")
        before, running = self._releases.named(PREVIOUS), self._releases.named(CURRENT)
        if before in ("", running):
            raise RefusedError(f"there is no release before {running}")
        plan = self._notebook.plan
        if plan is not None:
            self._note("refused", f"release {running} was given back by hand")
        units = self._machine.running()
        self._notebook.keep_restart_due(RestartDue(self._clock.stamp().boot, units))
        self._releases.point_as(PROVEN, PREVIOUS)
        self._releases.point_as(CURRENT, PREVIOUS)
        self._restart()
        return before

    def resume(self) -> None:
        """Before the services start at boot: count the start of a release on trial, and go back if
        it has had its starts. Needs no network, no clock and no settings."""
        self._notebook.restarted()
        facts = self._facts()
        if facts.trial is None or not facts.on_trial:
            return
        trial = self._entered(facts.trial)
        reason = decide.failure(trial, self._clock.stamp().mono_s)
        if reason:
            self._note("refused", reason)
        if reason or (facts.state is not None and facts.state.phase == "refused"):
            self._releases.point_as(CURRENT, PROVEN)

    def _tidy(self) -> None:
        """What is left over only takes room; that it cannot be removed now harms nothing."""
        state = None if (plan := self._notebook.plan) is None else plan.state
        if state is None or state.phase != "refused":
            return
        if not (self._wheelhouse / release_file(state.release)).exists():
            return
        try:
            self._machine.tidy()
        except MachineError as error:
            logger.warning("what was fetched of release %d stays: %s", state.release, error)

    def _facts(self) -> Facts:
        plan, trial = self._notebook.plan, self._notebook.trial
        name = "" if plan is None else str(plan.state.release)
        due = self._notebook.restart_due
        running = self._releases.named(CURRENT)
        built = self._releases.is_built(name) if name else False
        return Facts(
            state=None if plan is None else plan.state,
            trial=trial,
            running=running,
            proven=self._releases.named(PROVEN) or running,
            restart_due=due is not None and due.boot == self._clock.stamp().boot,
            fetched=built or (plan is not None and self._is_fetched(plan)),
            built=built,
            checked=built and self._releases.is_checked(name),
            is_back=plan is not None and plan.is_back,
        )

    def _is_fetched(self, plan: Plan) -> bool:
        if plan.state.phase in ("done", "refused"):
            return False
        sealed = self._sealed(plan)
        if sealed is None:
            return False
        try:
            files = self._believed(sealed).files_for(self._trusted.target)
        except (RefusedError, SealError):
            return True  # what was ordered is here; building finds the words for it
        return all(is_whole(self._wheelhouse / file.path, file) for file in files)

    def _sealed(self, plan: Plan) -> bytes | None:
        path = self._wheelhouse / release_file(plan.state.release)
        sealed = path.read_bytes() if path.is_file() and not path.is_symlink() else b""
        return sealed if sha256(sealed).digest() == plan.manifest else None

    def _fetch(self) -> None:
        self._note("preparing")
        self._machine.fetch()
        if not self._facts().fetched:
            raise MachineError("the release has not come yet")

    def _build(self) -> None:
        plan = self._planned()
        sealed = self._sealed(plan)
        if sealed is None:
            raise MachineError("the release is not there any more")
        release, running = self._believed(sealed), self._releases.named(CURRENT)
        if decide.is_newer(running, release.software) and not plan.is_back:
            self._settle()  # a card came with newer software, which stays
            return
        reason = decide.objection(
            release,
            wanted=plan.state.release,
            running=decide.number(running),
            reads=JOURNAL_READS,
            writes=JOURNAL_WRITES,
            target=self._trusted.target,
        )
        if reason:
            raise RefusedError(reason)
        name = str(release.number)
        self._releases.clear(name)
        folder = self._releases.folder(name)
        free = shutil.disk_usage(folder).free - decide.RESERVE_BYTES
        if free < (needed := decide.bytes_needed(release, self._trusted.target)):
            raise MachineError(f"the disk has {max(free, 0)} bytes to spare, and {needed} it takes")
        build(folder, release.files_for(self._trusted.target), self._wheelhouse)
        (folder / release_file(release.number)).write_bytes(sealed)
        self._releases.mark_built(name)

    def _check(self) -> None:
        name = str(self._planned().state.release)
        try:
            self._machine.check(name)
        except MachineError as error:
            raise RefusedError(f"it cannot work with what is on this machine: {error}") from error
        self._releases.mark_checked(name)

    def _switch(self) -> None:
        plan = self._planned()
        now = self._clock.stamp()
        units = self._machine.running()
        self._note("trying")
        state = plan.state
        well = tuple(unit for unit in units if self._machine.lives((unit,)) is not None)
        trial = Trial(state.order, state.release, 1, now.boot, now.mono_s, units, well)
        self._releases.point_as(PROVEN, CURRENT)
        self._notebook.keep_trial(trial)
        self._notebook.keep_restart_due(RestartDue(now.boot, units))
        self._releases.point(CURRENT, str(state.release))

    def _is_quiet_before(self, orders: Callable[[], bool]) -> bool:
        """Wait for a quiet time; False when another order came before it."""
        self._note("waiting")
        urgent = self._planned().urgent
        not_busy_since_s = self._clock.stamp().mono_s
        while not orders():
            hub = self._machine.hub()
            house = None if hub is None else hub.house
            if house == "busy":
                not_busy_since_s = self._clock.stamp().mono_s
            if decide.is_quiet(house, self._clock.stamp().mono_s - not_busy_since_s, urgent=urgent):
                return True
            self._clock.sleep(_LOOK_S)
        return False

    def _restart(self) -> None:
        self._lay()
        due = self._notebook.restart_due
        if due is not None:
            self._machine.restart(due.units)
        self._notebook.restarted()

    def _lay(self) -> None:
        """A release that cannot lay down what it needs is refused; what went back starts in any
        case."""
        try:
            self._machine.lay()
        except MachineError as error:
            if self._facts().on_trial:
                raise RefusedError(f"its units cannot be laid down: {error}") from error
            logger.warning("units stay as they are: %s", error)

    def _prove(self) -> None:
        trial = self._notebook.trial
        if trial is None:
            return
        self._lay()  # it may have failed at the start of the machine
        trial = self._entered(trial)
        software = self._software(trial.release)
        lived, well_since_s = None, self._clock.stamp().mono_s
        while not (reason := decide.failure(trial, now_s := self._clock.stamp().mono_s)):
            lives = self._lives(trial, software)
            if lives is None or lives != lived:
                lived, well_since_s = lives, now_s
            elif now_s - well_since_s >= decide.WELL_FOR_S:
                self._accept(trial)
                return
            self._clock.sleep(_LOOK_S)
        raise RefusedError(reason)

    def _lives(self, trial: Trial, software: str) -> tuple[str, ...] | None:
        """Which starts of the services live; None where not all is well."""
        hub = self._machine.hub()
        if hub is None or hub.software != software:
            return None
        return self._machine.lives(trial.well)

    def _software(self, release: int) -> str:
        path = self._releases.folder(str(release)) / release_file(release)
        return unseal(path.read_bytes(), Release).message.software

    def _accept(self, trial: Trial) -> None:
        self._releases.point_as(PREVIOUS, PROVEN)
        self._releases.point(PROVEN, str(trial.release))

    def _settle(self) -> None:
        self._note("done")

    def _go_back(self) -> None:
        trial = self._notebook.trial
        units = () if trial is None else trial.units
        self._notebook.keep_restart_due(RestartDue(self._clock.stamp().boot, units))
        self._releases.point_as(CURRENT, PROVEN)

    def _entered(self, trial: Trial) -> Trial:
        stamp = self._clock.stamp()
        now = decide.entered(trial, stamp.boot, stamp.mono_s)
        if now != trial:
            self._notebook.keep_trial(now)
        return now

    def _believed(self, sealed: bytes) -> Release:
        publisher = signer(sealed, Release)
        if publisher not in self._trusted.publishers:
            raise RefusedError(f"its publisher is not known here: {publisher.hex()}")
        return unseal_from(sealed, Release, publisher)

    def _planned(self) -> Plan:
        plan = self._notebook.plan
        if plan is None:
            raise MachineError("the plan is gone")
        return plan

    def _note(self, phase: Phase, reason: str = "") -> None:
        plan, trial = self._notebook.plan, self._notebook.trial
        if plan is None and trial is not None:  # a damaged plan must not keep anyone on trial
            plan = Plan(UpdateState(trial.order, trial.release, "trying"), b"", ())
        if plan is None:
            raise MachineError("the plan is gone")
        state = msgspec.structs.replace(plan.state, phase=phase, reason=reason)
        self._notebook.keep_plan(msgspec.structs.replace(plan, state=state))
        if reason:
            logger.warning("update to release %d: %s", state.release, reason)
