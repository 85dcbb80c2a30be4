"""Where sound goes: to a sound card through ALSA's `aplay`, or into files."""

import logging
import os
import selectors
import subprocess
import tempfile
import wave
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Protocol

from contract.local_time import local_time
from display.voice.mixing import Sound
from runtime.clock import Clock

logger = logging.getLogger(__name__)

_MARGIN_S = 5.0
_KILLED_S = 1.0
_PIPE_BYTES = 4096
_LAST_WORDS = 300


class PlayerError(Exception):
    """Nothing can be heard; `condition` is what the hub is told."""

    def __init__(self, condition: str, cause: str) -> None:
        super().__init__(f"{condition}: {cause}")
        self.condition = condition


class Player(Protocol):
    """One loudspeaker, used by one thread."""

    def probe(self, silence: Sound) -> None:
        """See whether anything could be heard, without a sound. Raises PlayerError."""
        ...

    def play(self, sound: Sound, title: str) -> None:
        """Play to the end; `title` names the sound. Raises PlayerError."""
        ...


class AplayPlayer:
    """An ALSA device such as `default` or `plughw:CARD=Headphones`; see `aplay -L`.

    One process plays one sound, so that nothing is left behind by a card that was pulled out. A
    process that takes longer than the sound and five seconds is killed.
    """

    def __init__(self, device: str, clock: Clock) -> None:
        self._device = device
        self._clock = clock
        self._stuck: subprocess.Popen[bytes] | None = None

    def probe(self, silence: Sound) -> None:
        """Play silence, which opens the device."""
        self.play(silence, "silence")

    def play(self, sound: Sound, title: str) -> None:
        """Stream the sound to `aplay`, and wait until it has played."""
        if self._stuck is not None and self._stuck.poll() is None:
            raise PlayerError("sound-stuck", f"{title}: aplay cannot even be killed")
        deadline_s = self._clock.stamp().mono_s + sound.seconds + _MARGIN_S
        with tempfile.TemporaryFile() as complaints:
            with self._process(sound.rate, complaints) as process:
                heard_out = self._pour(process, sound, deadline_s)
                with suppress(subprocess.TimeoutExpired):
                    if heard_out:
                        process.wait(max(0.0, deadline_s - self._clock.stamp().mono_s))
                status = process.poll()
            complaints.seek(0)
            cause = complaints.read(_LAST_WORDS).decode("utf-8", "replace").strip()
        if status is None:
            raise PlayerError("sound-stuck", f"{title}: no end after {sound.seconds:.0f} s more")
        if status != 0:
            raise PlayerError("sound-failed", f"{title}: aplay ended with {status}: {cause}")

    @contextmanager
    def _process(self, rate: int, complaints: IO[bytes]) -> Iterator["subprocess.Popen[bytes]"]:
        """Start `aplay`, out of reach of a Ctrl-C meant for us, and leave nothing of it behind."""
        options = ["-q", "-t", "raw", "-f", "S16_LE", "-c", "1", "-r", str(rate)]
        try:
            process = subprocess.Popen(
                ["aplay", *options, "-D", self._device],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=complaints,
                start_new_session=True,
            )
        except OSError as error:
            raise PlayerError("sound-program-missing", f"aplay: {error}") from error
        try:
            yield process
        finally:
            process.kill()
            try:
                process.wait(_KILLED_S)
            except subprocess.TimeoutExpired:
                self._stuck = process
            if process.stdin is not None:
                with suppress(OSError):
                    process.stdin.close()

    def _pour(self, process: "subprocess.Popen[bytes]", sound: Sound, deadline_s: float) -> bool:
        """Write all samples and close the stream; False when that took too long."""
        stream = process.stdin
        if stream is None:
            return True
        os.set_blocking(stream.fileno(), False)
        with selectors.DefaultSelector() as selector:
            selector.register(stream, selectors.EVENT_WRITE)
            for piece in sound.samples():
                unsent = memoryview(piece)
                while unsent:
                    if not selector.select(max(0.0, deadline_s - self._clock.stamp().mono_s)):
                        return False
                    try:
                        sent = os.write(stream.fileno(), unsent[:_PIPE_BYTES])
                    except BrokenPipeError:
                        return True  # aplay has given up; its exit status says why
                    unsent = unsent[sent:]
        stream.close()
        return True


class FilePlayer:
    """Writes each sound as a WAV file named by the site's time and its title, for places without
    a sound card; keeps the newest `keep`."""

    def __init__(self, folder: Path, keep: int, clock: Clock) -> None:
        self._folder = folder
        self._keep = keep
        self._clock = clock

    def probe(self, silence: Sound) -> None:  # noqa: ARG002 - others play it
        """Make the folder."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise PlayerError("sound-failed", f"{self._folder}: {error}") from error

    def play(self, sound: Sound, title: str) -> None:
        """Write the file, which has its name only once it is whole."""
        time = f"{local_time(self._clock.stamp().wall_ms):%Y%m%d-%H%M%S.%f}"[:-3]
        path = self._folder / f"{time}-{title}.wav"
        part = path.with_suffix(".part")
        try:
            with part.open("wb") as raw, wave.open(raw, "wb") as file:
                file.setparams((1, 2, sound.rate, 0, "NONE", "not compressed"))
                for piece in sound.samples():
                    file.writeframesraw(piece)
            part.rename(path)
            for old in sorted(self._folder.glob("*.wav"))[: -self._keep]:
                old.unlink()
        except OSError as error:
            raise PlayerError("sound-failed", f"{path}: {error}") from error
