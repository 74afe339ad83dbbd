"""Every parser of what comes from outside: how it is called, and which errors it documents."""

import asyncio
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path

import msgspec

from agent.baselines.declared import DeclaredFileError, read_declared
from agent.complaints.webhook import InvalidComplaintError, read_report
from agent.config.load import ConfigError, load
from agent.config.secret import Secret
from agent.config.sinks import Callback as CallbackSettings
from agent.net.decode import decode_body
from agent.net.exchange import ProviderError
from agent.net.retry_after import LONGEST_WAIT, parse_retry_after
from agent.net.scrub import scrub
from agent.net.timestamps import epoch_parser, iso_parser, parse_offset, parse_rfc2822
from agent.net.webhook_signature import SignatureError, verify
from agent.providers.profile.load import load_profile
from agent.providers.profile.mapping import RecordMapper
from agent.providers.profile.schema import Operation
from agent.providers.profile.targets import TARGETS
from agent.rules.durations import parse_duration
from agent.rules.gotemplate.template import TemplateData, TemplateError, parse_template
from agent.rules.load import RuleFileError, load_rules
from agent.rules.promql.compile import formatted, parse_any
from agent.rules.promql.errors import RefusedError
from agent.rules.promql.nodes import Semantics
from agent.rules.queries.queries import parse_selector
from agent.simulator.worldfile import WorldFileError, parse_world
from agent.sinks.callback import CallbackFormat, InvalidCallbackError, SignatureScheme
from agent.sinks.registry import sink_kinds
from agent.states import Capability
from agent.store import StoreError
from agent.store.database import Database
from agent.webhooks.alertmanager.listing import read_listing
from agent.webhooks.alertmanager.payload import InvalidAlertError, InvalidMessageError, read_message
from tests.fuzz.seeds import SEEDS
from tests.sinks.sections import webhook_section

NOW = 1_790_000_000.0
KEY = Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
UNSIGNED = SignatureScheme(lambda *_: None, lambda *_: "message")
LABELS = {"number": "4006220001", "account": "hq"}


@dataclass(frozen=True)
class Target:
    """One parser.

    Attributes:
        call: Calls it; asserts what must hold of the result.
        errors: What it may raise, as it documents.
        length: The most bytes a caller lets it have, of those worth trying.
    """

    call: Callable[[bytes], object]
    errors: tuple[type[Exception], ...] = ()
    length: int = 4096


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _file(data: bytes) -> Path:
    # One file for the whole run: fuzzing must not be the speed of making folders.
    path = Path(tempfile.gettempdir()) / f"numwatch-fuzz-{id(_file)}.yaml"
    path.write_bytes(data)
    return path


def _promql(data: bytes) -> None:
    text = _text(data)
    for semantics in Semantics:
        try:
            parse_any(text, semantics)
        except RefusedError:
            continue
    formatted(text)


def _load_configuration(data: bytes) -> None:
    load(_file(data), {"KEY": "v"})


def _load_rules(data: bytes) -> None:
    load_rules([_file(data)])


def _declared(data: bytes) -> None:
    read_declared([_file(data)])


def _world(data: bytes) -> None:
    parse_world(_text(data))


def _decode(data: bytes) -> None:
    charset, _, body = data.partition(b"\n")
    decode_body(body, _text(charset) or None)


def _profiles(data: bytes) -> None:
    tree = decode_body(data)
    records = tree if isinstance(tree, list) else [tree]
    for mapper in _mappers():
        page = mapper.map_page(records)
        assert page.invalid <= page.records


_MAPPERS: list[RecordMapper] = []


def _mappers() -> list[RecordMapper]:
    if not _MAPPERS:
        for name in ("generic", "twilio"):
            operations = load_profile(name)
            for capability in Capability:
                operation = getattr(operations, capability.value, None)
                if isinstance(operation, Operation):
                    _MAPPERS.append(RecordMapper(TARGETS[capability], operation))
    return _MAPPERS


def _times(data: bytes) -> None:
    text = _text(data)
    parsers = (iso_parser(UTC), parse_rfc2822, epoch_parser(1), epoch_parser(1e-3), parse_offset)
    for parse in (*parsers, parse_duration):
        try:
            parse(text)
        except ValueError:
            continue


def _retry_after(data: bytes) -> None:
    wait = parse_retry_after(_text(data), NOW)
    assert wait is None or 0 <= wait <= LONGEST_WAIT


def _scrub(data: bytes) -> None:
    clean = scrub(_text(data), 200)
    assert len(clean) <= 200
    clean.encode()


def _alertmanager(data: bytes) -> None:
    message = read_message(data)
    msgspec.json.encode(message)


def _listing(data: bytes) -> None:
    read_listing(decode_body(data))


def _complaint(data: bytes) -> None:
    report = read_report(data, None, NOW)
    msgspec.json.encode(report)


def _callback(data: bytes) -> None:
    settings = CallbackSettings(secret=KEY)
    for name, kind in _formats().items():
        unsigned = CallbackFormat(kind.stages, kind.read, UNSIGNED)
        try:
            message = unsigned.verify(settings, {}, data, NOW)
            section = webhook_section("https://x.example", name=name)
            unsigned.read_change(section, settings, message, data, NOW)
        except InvalidCallbackError:
            continue


def _formats() -> dict[str, CallbackFormat]:
    return {name: kind.callback for name, kind in sink_kinds().items() if kind.callback is not None}


def _signature(data: bytes) -> None:
    lines = [*_text(data).split("\n", 3), "", "", "", ""][:4]
    names = ("webhook-id", "webhook-timestamp", "webhook-signature")
    headers = dict(zip(names, lines, strict=False))
    verify(headers, lines[3].encode("utf-8", "surrogateescape"), [KEY], NOW)
    raise AssertionError("nobody knows the secret")


def _template(data: bytes) -> None:
    # Rule files hold no halves of characters: their reader refuses them.
    text = parse_template(data.decode(errors="replace")).render(
        TemplateData(LABELS, 1.5, {}, "http://a:1/")
    )
    assert isinstance(text, str)


def _selector(data: bytes) -> None:
    parse_selector(_text(data))


def _ledger(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "ledger.db").write_bytes(data)
        asyncio.run(_open(Path(folder)))


async def _open(folder: Path) -> None:
    database = await Database.open(folder)
    await database.close()


TARGETS_BY_NAME = {
    "promql": Target(_promql, (RefusedError,)),
    "selector": Target(_selector, (RefusedError,)),
    "rules": Target(_load_rules, (RuleFileError,)),
    "template": Target(_template, (TemplateError,)),
    "configuration": Target(_load_configuration, (ConfigError,)),
    "declared": Target(_declared, (DeclaredFileError,)),
    "world": Target(_world, (WorldFileError,)),
    "decode": Target(_decode, (ProviderError,)),
    "records": Target(_profiles, (ProviderError,)),
    "times": Target(_times),
    "retry_after": Target(_retry_after, length=200),
    "scrub": Target(_scrub),
    "alertmanager": Target(_alertmanager, (InvalidMessageError,)),
    "listing": Target(_listing, (ProviderError, InvalidAlertError)),
    "complaint": Target(_complaint, (InvalidComplaintError,)),
    "callback": Target(_callback),
    "signature": Target(_signature, (SignatureError,)),
    "ledger": Target(_ledger, (StoreError,), length=20_000),
}
assert TARGETS_BY_NAME.keys() == SEEDS.keys()


def try_once(target: Target, data: bytes) -> None:
    """Call a parser; whatever it does not document comes through."""
    try:
        target.call(data)
    except target.errors:
        return
