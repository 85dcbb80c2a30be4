"""Finding out which clips a sound is made of, by its samples alone."""

import wave
from collections.abc import Mapping
from pathlib import Path


def read_wav(path: Path) -> tuple[int, bytes]:
    """The rate and the samples of a file that must be mono with 16 bits."""
    with wave.open(str(path), "rb") as file:
        assert (file.getnchannels(), file.getsampwidth()) == (1, 2)
        return file.getframerate(), file.readframes(file.getnframes())


def heard(samples: bytes, clips: Mapping[str, bytes], rate: int) -> list[str | int]:
    """Names of clips in order, and the milliseconds of silence between, which begin as an int.

    Every sample is accounted for: what is no clip and no silence fails.
    """
    by_length = sorted(clips.items(), key=lambda clip: -len(clip[1]))
    found: list[str | int] = []
    at = 0
    while at < len(samples):
        name = next((name for name, clip in by_length if samples.startswith(clip, at)), None)
        if name is not None:
            found.append(name)
            at += len(clips[name])
            continue
        begin = at
        while at < len(samples) and not _any_begins(samples, at, clips):
            assert samples[at : at + 2] == b"\0\0", f"sample {at // 2} is of no clip"
            at += 2
        found.append(round(500 * (at - begin) / rate))
    return found


def _any_begins(samples: bytes, at: int, clips: Mapping[str, bytes]) -> bool:
    return any(samples.startswith(clip, at) for clip in clips.values())
