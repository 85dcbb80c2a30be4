"""Settings of alerts that contradict themselves are refused at the start."""

import msgspec
import pytest

from central.alerts.settings import AlertSettings

SERVER = {"host": "mail.example", "sender": "a@b.example"}
MAIL = {"name": "x", "email": "x@y.example"}


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"receivers": [MAIL]}, "mail_server"),
        ({"mail_server": SERVER, "receivers": [MAIL, MAIL]}, "same name"),
        ({"receivers": [{"name": "x"}]}, "exactly one"),
        (
            {"receivers": [{**MAIL, "webhook": {"url": "https://h.example", "secret_file": "s"}}]},
            "exactly one",
        ),
        ({"receivers": [{**MAIL, "province": "48", "unit": "01-00097"}]}, "another province"),
        (
            {
                "receivers": [
                    {"name": "x", "webhook": {"url": "http://h.example", "secret_file": "s"}}
                ]
            },
            "matching",
        ),
        ({"places": [{"wait_people": 5}]}, "a province or a unit"),
        ({"places": [{"province": "01", "unit": "01-00097"}]}, "a province or a unit"),
        ({"places": [{"province": "01"}, {"province": "01", "wait_people": 5}]}, "same place"),
        ({"places": [{"unit": "01-00097", "quiet": "20:00-06:00"}]}, "quiet"),
        ({"opening": ["07:30-25:00"]}, "no time of day"),
        ({"quiet": "20:00"}, "matching"),
        ({"receivers": [{**MAIL, "rules": ["waits"]}]}, "waits"),
    ],
)
def test_what_cannot_work_is_said(settings: object, said: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=said):
        msgspec.convert(settings, AlertSettings, dec_hook=lambda kind, value: kind(value))


def test_the_defaults_are_settings() -> None:
    assert msgspec.convert({}, AlertSettings) == AlertSettings()
