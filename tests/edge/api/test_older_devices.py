"""Devices of an older version at a newer hub: what they do not know of its answers is left out."""

from collections.abc import Iterator

import msgspec
import pytest

from contract.commands import Actor, Answer, IssueTicket
from contract.snapshot import Snapshot
from edge.site_release import ReleaseOffer
from runtime.hub_client import Catalogue, HubClient
from tests.edge.running_site import KIOSK, RunningSite


@pytest.fixture
def kiosk(site: RunningSite) -> Iterator[HubClient]:
    client = HubClient(site.url, site.access.add_device(KIOSK))
    yield client
    client.close()


def of_a_newer_version(value: object) -> object:
    """The same with a field more in everything that has fields."""
    if isinstance(value, dict):
        known = {key: of_a_newer_version(inner) for key, inner in value.items()}
        return known | {"of_a_newer_version": "so"}
    return [of_a_newer_version(inner) for inner in value] if isinstance(value, list) else value


@pytest.mark.parametrize(
    ("path", "kind"), [("/api/snapshot", Snapshot), ("/api/release", ReleaseOffer)]
)
def test_new_fields_of_a_picture_are_left_out(
    kiosk: HubClient, path: str, kind: type[msgspec.Struct]
) -> None:
    assert isinstance(kiosk.command(IssueTicket(("1",))), Answer)
    said = kiosk.read_file(path)
    newer = msgspec.json.encode(of_a_newer_version(msgspec.json.decode(said)))
    assert b"of_a_newer_version" in newer
    assert msgspec.json.decode(newer, type=kind) == msgspec.json.decode(said, type=kind)


def test_new_fields_of_the_catalogue_and_of_answers_are_left_out(kiosk: HubClient) -> None:
    assert kiosk.catalogue().services
    answer = msgspec.json.encode(of_a_newer_version({"seq": 7, "number": "1001"}))
    assert msgspec.json.decode(answer, type=Answer) == Answer(7, "1001")
    catalogue = of_a_newer_version(msgspec.json.decode(kiosk.read_file("/api/catalogue")))
    ids = [service.id for service in msgspec.convert(catalogue, Catalogue).services]
    assert ids == [service.id for service in kiosk.catalogue().services]


def test_what_a_device_says_of_a_time_before_a_field_was_there_is_understood(
    site: RunningSite,
) -> None:
    token = site.access.add_device(Actor("printer-2", "printer"))
    body = b'{"type": "ReportDevice", "device": "printer-2", "state": "ready"}'
    with site.client(token) as device:
        key = {"Idempotency-Key": "0" * 31 + "1", "Content-Type": "application/json"}
        assert device.post("/api/commands", content=body, headers=key).status_code == 200
