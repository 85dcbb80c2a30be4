"""What services are called: in the whole country, and at a site by what was decided for it."""

from collections.abc import Iterable

from central.configuration.site_rules import site_rules
from runtime.wording import catalogue

_KEY = "service."


def service_names(language: str, texts: Iterable[str] = ()) -> dict[str, str]:
    """The names of services by id; those in a site's configurations (TOML), as they were decided
    for its hubs, before those of everywhere. A configuration that no hub takes names nothing."""
    names = {
        key.removeprefix(_KEY): words
        for key, words in catalogue(language).items()
        if key.startswith(_KEY)
    }
    own: dict[str, str] = {}
    for text in texts:
        own = _own(text, language) | own
    return names | own


def _own(text: str, language: str) -> dict[str, str]:
    try:
        rules = site_rules(text)
    except ValueError:
        return {}
    services = rules.services if rules is not None else ()
    named = ((one.id, one.name.get(language) or one.name.get("vi")) for one in services)
    return {service: name for service, name in named if name}
