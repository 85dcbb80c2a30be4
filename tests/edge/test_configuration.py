"""The centre's configuration at a hub: only newer, only ours, tried first, and given back."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from contract.wire import VERSION, Configuration
from edge import configuration as module
from edge.configuration import ConfigurationRefusedError, Configurations
from edge.configured_run import ConfiguredSettings, Proof
from runtime.private_file import write_private
from runtime.sealed import seal
from tests.edge.running_site import TestClock
from tests.waiting import until

NODE = "01-00097-01-h1"
KEY = Ed25519PrivateKey.generate()
PUBLIC = KEY.public_key().public_bytes_raw()
SITE = """
[site]
site = "01-00097-01"
unit = "Phường Hồng Hà"
site_name = "{name}"
services = [{{ id = "1", series = "1", name = {{ vi = "Hộ tịch" }} }}]
counters = [{{ id = "1", services = ["1"] }}]
sessions = []
"""
OWN = f"""
node = "{NODE}"
data = "data"
centre_key = "{PUBLIC.hex()}"
[http]
port = 0
""" + SITE.format(name="Tên cũ")


def made(number: int, text: str | None = None, node: str = NODE) -> Configuration:
    return Configuration(VERSION, node, number, text or SITE.format(name=f"Tên {number}"))


def sealed(number: int, text: str | None = None, node: str = NODE) -> bytes:
    return seal(KEY, made(number, text, node))


def anything(_configuration: Configuration) -> None:
    """A loader that takes everything."""


@pytest.fixture
def held(tmp_path: Path) -> Configurations:
    return Configurations(tmp_path / "data" / "configuration", NODE, PUBLIC)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "hub.toml"
    path.write_text(OWN, encoding="utf-8")
    return path


def test_a_new_one_is_tried_and_then_in_force(held: Configurations) -> None:
    assert held.offer(sealed(1), anything)
    assert (held.current, held.trial) == (None, made(1))
    assert held.choose() == (made(1), True)
    held.accept(made(1))
    assert (held.current, held.trial) == (made(1), None)
    assert held.choose() == (made(1), False)


@pytest.mark.parametrize("number", [1, 2])
def test_numbers_only_grow(held: Configurations, number: int) -> None:
    held.offer(sealed(2), anything)
    held.accept(made(2))
    assert not held.offer(sealed(number), anything)
    assert held.choose() == (made(2), False)


def test_what_was_refused_is_not_tried_again(held: Configurations) -> None:
    held.offer(sealed(5), anything)
    held.give_back(made(5), "harm")
    assert not held.offer(sealed(5), anything)
    assert not held.offer(sealed(4), anything)
    assert held.offer(sealed(6), anything)


def test_strangers_and_other_nodes_are_not_heard(held: Configurations) -> None:
    stranger = seal(Ed25519PrivateKey.generate(), made(1))
    for wrong in (stranger, sealed(1, node="01-00097-02-h1"), b"", sealed(1)[:-1]):
        with pytest.raises(ConfigurationRefusedError):
            held.offer(wrong, anything)
    assert held.trial is None


def test_two_starts_without_health_give_it_back(held: Configurations) -> None:
    held.offer(sealed(1), anything)
    held.accept(made(1))
    held.offer(sealed(2), anything)
    assert [held.choose() for _ in range(3)] == [(made(2), True)] * 2 + [(made(1), False)]
    assert held.refused is not None
    assert (held.refused.number, held.trial) == (2, None)


def test_a_newer_one_that_comes_during_a_trial_is_tried_itself(held: Configurations) -> None:
    held.offer(sealed(1), anything)
    held.choose()
    held.offer(sealed(2), anything)
    held.accept(made(1))
    assert (held.current, held.trial) == (None, made(2))
    assert held.choose() == (made(2), True)


@pytest.mark.parametrize(
    ("name", "data"), [("current.thutu", b"noise"), ("trial.thutu", b""), ("trial-starts", b"x")]
)
def test_a_damaged_file_means_the_last_good_one(
    held: Configurations, tmp_path: Path, name: str, data: bytes
) -> None:
    held.offer(sealed(1), anything)
    held.accept(made(1))
    held.offer(sealed(2), anything)
    (tmp_path / "data" / "configuration" / name).write_bytes(data)
    for _ in range(4):
        chosen = held.choose()
    assert chosen == (None if name == "current.thutu" else made(1), False)


def test_a_cut_at_every_step_leaves_old_or_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def life(held: Configurations) -> None:
        held.offer(sealed(1), anything)
        held.choose()
        held.accept(made(1))
        held.offer(sealed(2), anything)
        held.choose()
        held.give_back(made(2), "harm")

    def cut_after(steps: int) -> int:
        """Live until that many changes of files are done; returns how many there were."""
        done = 0

        def counted(change: Callable[..., object]) -> Callable[..., object]:
            def step(*given: object, **more: object) -> object:
                nonlocal done
                if done == steps:
                    raise OSError("cut")
                done += 1
                return change(*given, **more)

            return step

        held = Configurations(tmp_path / str(steps), NODE, PUBLIC)
        with monkeypatch.context() as patched:
            patched.setattr(module, "write_private", counted(write_private))
            patched.setattr(Path, "replace", counted(Path.replace))
            patched.setattr(Path, "unlink", counted(Path.unlink))
            try:
                life(held)
            except OSError:
                assert done == steps
        after = Configurations(tmp_path / str(steps), NODE, PUBLIC)
        chosen = [after.choose().configuration for _ in range(4)]
        assert set(chosen) <= {None, made(1), made(2)}
        assert chosen[-1] in (None, made(1))
        held.offer(sealed(3), anything)
        assert after.choose() == (made(3), True)
        return done

    most = cut_after(1000)
    assert most > 12
    for steps in range(most):
        assert cut_after(steps) == steps


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("site = 5", "site"),
        (SITE.format(name="x").replace("01-00097-01", "01-00097-02"), "does not belong"),
        ("[http]\nport = 1", "not for the centre to say: http"),
        ("data = '/'", "not for the centre to say: data"),
        ("centre_key = ''", "not for the centre to say"),
        ("[site", "not TOML"),
    ],
)
def test_the_real_loader_has_the_last_word(config: Path, text: str, why: str) -> None:
    configured = ConfiguredSettings(config)
    configured.hear(sealed(1, text))
    assert configured.configurations is not None
    assert configured.configurations.trial is None
    assert configured.configurations.refused is not None
    assert why in configured.configurations.refused.reason
    assert not configured.has_news.is_set()


def test_what_this_software_cannot_read_leaves_the_hubs_own(
    config: Path, held: Configurations
) -> None:
    held.offer(sealed(1, "[site]\nnew_key = 1"), anything)
    held.accept(made(1, "[site]\nnew_key = 1"))
    settings, _ = ConfiguredSettings(config).choose()
    assert settings.site.site_name == "Tên cũ"


def test_a_trial_that_is_not_healthy_in_time_is_given_back(held: Configurations) -> None:
    clock = TestClock()
    held.offer(sealed(1), anything)
    proof = Proof(held, made(1), lambda: False, clock)
    assert proof.look()
    clock.later(31)
    assert not proof.look()
    assert held.choose() == (None, False)


def test_health_must_last(held: Configurations) -> None:
    healthy = iter([True, True, False, True, True, True, False])
    held.offer(sealed(1), anything)
    proof = Proof(held, made(1), lambda: next(healthy), TestClock())
    for _ in range(5):
        proof.look()
    assert held.trial == made(1)
    proof.look()
    assert held.current == made(1)
    assert proof.look()


# --- the program ------------------------------------------------------------------------------


def started(config: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "edge", "--config", str(config), "run"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


def name_shown(program: "subprocess.Popen[str]") -> str:
    assert program.stdout is not None
    return program.stdout.readline().partition(": ")[0]


def ended(program: "subprocess.Popen[str]", how: signal.Signals) -> None:
    os.kill(program.pid, how)
    program.wait(20)
    assert program.stdout is not None
    program.stdout.close()


def test_the_hub_proves_its_health_and_keeps_the_configuration(
    config: Path, held: Configurations
) -> None:
    held.offer(sealed(1), anything)
    program = started(config)
    try:
        assert name_shown(program) == "Tên 1"
        until(lambda: held.current == made(1), within_s=25)
    finally:
        ended(program, signal.SIGTERM)


def test_a_hub_that_is_killed_on_trial_goes_back(config: Path, held: Configurations) -> None:
    held.offer(sealed(1), anything)
    names = []
    for _ in range(3):
        program = started(config)
        names.append(name_shown(program))
        ended(program, signal.SIGKILL)
    assert names == ["Tên 1", "Tên 1", "Tên cũ"]
    assert held.refused is not None
