import os
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from central.updates.releases import ReleaseError, ReleaseShelf
from central.updates.serving import create_releases
from contract.wire import release_file
from runtime.http_address import HttpAddress
from runtime.http_server import HttpServer
from tests.provision.update.wheelhouses import PUBLISHER, publish, wheel

KEYS = (PUBLISHER.public_key().public_bytes_raw(),)


@pytest.fixture
def shelf(tmp_path: Path) -> ReleaseShelf:
    return ReleaseShelf(tmp_path / "centre", KEYS)


def house(folder: Path, number: int, key: Ed25519PrivateKey = PUBLISHER) -> bytes:
    return publish(folder, number, [wheel(folder / "made", f"{number}.0")], key=key)


def test_a_publishers_releases_are_taken_once_with_their_wheels(
    shelf: ReleaseShelf, tmp_path: Path
) -> None:
    manifests = [house(tmp_path / "house", number) for number in (9, 10)]
    assert [kept.manifest for kept in shelf.add(tmp_path / "house")] == [
        manifests[1],
        manifests[0],
    ]
    assert shelf.add(tmp_path / "house") == []
    assert [kept.release.number for kept in shelf.releases()] == [10, 9]
    kept = shelf.get(10)
    assert kept.manifest == manifests[1]
    for file in kept.release.files:
        path = tmp_path / "centre/releases" / file.path
        assert sha256(path.read_bytes()).digest() == file.sha256


def test_wheels_are_durable_before_the_manifest_that_promises_them(
    shelf: ReleaseShelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    house(tmp_path / "house", 1)
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda file: synced.append(os.fstat(file).st_ino))
    shelf.add(tmp_path / "house")
    folder = tmp_path / "centre/releases"
    promise = synced.index((folder / release_file(1)).stat().st_ino)
    for place in (*folder.glob("wheels/*/*"), *folder.glob("wheels/*"), folder / "wheels", folder):
        assert place.stat().st_ino in synced[:promise]


def test_only_the_list_is_taken_where_wheels_are_elsewhere(
    shelf: ReleaseShelf, tmp_path: Path
) -> None:
    house(tmp_path / "house", 1)
    shelf.add(tmp_path / "house", with_wheels=False)
    assert [path.name for path in (tmp_path / "centre/releases").iterdir()] == [release_file(1)]


def test_what_no_publisher_sealed_is_not_taken(shelf: ReleaseShelf, tmp_path: Path) -> None:
    house(tmp_path / "house", 1, Ed25519PrivateKey.generate())
    with pytest.raises(ReleaseError, match="no publisher in"):
        shelf.add(tmp_path / "house")
    with pytest.raises(ReleaseError, match="settings name no publisher"):
        ReleaseShelf(tmp_path / "centre", ()).add(tmp_path / "house")
    with pytest.raises(ReleaseError, match=r"holds no release-….thutu"):
        shelf.add(tmp_path)
    assert shelf.releases() == []


def test_a_damaged_wheel_and_a_second_release_of_a_number_are_not_taken(
    shelf: ReleaseShelf, tmp_path: Path
) -> None:
    house(tmp_path / "house", 1)
    next((tmp_path / "house/wheels").glob("*/*")).write_bytes(b"other")
    with pytest.raises(ReleaseError, match="not what the release promises"):
        shelf.add(tmp_path / "house")
    assert shelf.releases() == []
    house(tmp_path / "house", 1)
    shelf.add(tmp_path / "house")
    publish(tmp_path / "other", 1, [wheel(tmp_path / "made", "1.1")], software="1.1")
    with pytest.raises(ReleaseError, match="a number is used once"):
        shelf.add(tmp_path / "other")
    with pytest.raises(ReleaseError, match="Release 2 is not here"):
        shelf.get(2)


@pytest.fixture
def client(shelf: ReleaseShelf, tmp_path: Path) -> Iterator[httpx.Client]:
    house(tmp_path / "house", 1)
    shelf.add(tmp_path / "house")
    (tmp_path / "centre/signing.key").write_text("secret")
    server = HttpServer(create_releases(tmp_path / "centre"), HttpAddress("127.0.0.1", 0))
    server.start()
    with httpx.Client(base_url=server.url, timeout=30) as client:
        yield client
    server.stop()


def test_files_are_served_to_the_byte_with_ranges_and_for_ever(
    client: httpx.Client, shelf: ReleaseShelf
) -> None:
    assert client.get(f"/releases/{release_file(1)}").status_code == 200
    for file in shelf.get(1).release.files:
        whole = client.get(f"/releases/{file.path}")
        assert sha256(whole.content).digest() == file.sha256
        assert whole.headers["cache-control"] == "public, max-age=31536000, immutable"
        rest = client.get(f"/releases/{file.path}", headers={"range": "bytes=100-"})
        assert (rest.status_code, rest.content) == (206, whole.content[100:])
        over = client.get(f"/releases/{file.path}", headers={"range": f"bytes={file.size}-"})
        assert over.status_code == 416


@pytest.mark.parametrize(
    "path",
    [
        "/releases/",
        "/releases/wheels",
        "/releases/wheels/",
        f"/releases/wheels/{'0' * 64}/",
        "/releases/release-2.thutu",
        "/releases/%2e%2e%2fsigning.key",
        "/releases/wheels/%2e%2e/release-1.thutu",
        f"/releases/wheels/{'0' * 64}/a-1-py3-none-any.whl",
        "/releases/.release-1.thutu.new",
    ],
)
def test_nothing_is_listed_and_nothing_else_is_there(client: httpx.Client, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert "secret" not in answer.text
