"""The addresses of a profile, and what is wrong with those that hold options."""

from collections.abc import Iterator, Mapping

from agent.config.values import http_url
from agent.providers.profile.schema import Profile, operations_of
from agent.providers.profile.template import Template
from agent.providers.signing.check import check_template
from agent.yamlfile.paths import KeyPath
from agent.yamlfile.problems import Problem


def addresses_of(profile: Profile) -> Iterator[tuple[KeyPath, str]]:
    """Every address of ``profile`` with its key: credentials are sent to these and to no other."""
    if profile.base_url is not None:
        yield ("base_url",), profile.base_url
    if profile.login is not None and profile.login.base_url is not None:
        yield ("login", "base_url"), profile.login.base_url
    for at, operation in operations_of(profile):
        if operation.base_url is not None:
            yield (*at, "base_url"), operation.base_url


def check_addresses(profile: Profile) -> Iterator[Problem]:
    """Every mistake in the addresses: names that are no options, what is no address with them."""
    for at, text in addresses_of(profile):
        mistakes = list(check_template(text, at, profile.options))
        yield from mistakes
        if not mistakes:
            yield from _check_filled(text, at, profile.options)


def _check_filled(text: str, at: KeyPath, options: Mapping[str, str]) -> Iterator[Problem]:
    names = Template(text).names
    # An option without a default is set in the configuration, and checked there.
    if not all(options[name] for name in names):
        return
    try:
        http_url(Template(text).fill(options))
    except ValueError as error:
        yield Problem(at, f"{error}, expected an address such as https://api.example.com")
