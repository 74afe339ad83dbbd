"""``numwatch baseline show``, ``diff`` and ``approve``; each returns its exit status."""

import asyncio
import getpass
import json
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

from rich.text import Text

from agent.baselines.change_words import field_text, value_text
from agent.cli.client import Client, Document, NumberKey
from agent.cli.language import locale, say
from agent.cli.ledger_client import open_ledger_or_holder
from agent.cli.runner import CommandError, ExitStatus, print_json, run_command
from agent.cli.words import Words
from agent.config.settings import Settings
from agent.i18n import CHINESE, N_, Message
from agent.i18n.words import ORIGINS, word
from agent.plan import PlanError, make_plan
from agent.store import StoreError
from agent.terminal.grid import Column, facts, paragraph, table
from agent.terminal.output import console, print_lines
from agent.terminal.progress import progress

_ASKING = Message("asking the agent or the providers")
_UNKNOWN = Message("no account has {number}; numwatch poll shows what there is")
_APPROVED = Message("{number}: version {version} approved by {name}")
_PHONE = Message("phone {binding}")
_BEFORE = Message("before: {version}")
_NOTHING = Message("nothing differs")
_CALLERS = Message("callers: {effect}")
_SINCE = Message("since {time}")
_PLANNED = Message("planned until {end}: {reason}")
_HEADLINE = Message("{number} at {account}: {version}")
_NONE_YET = Message(
    "{number} at {account}: no baseline yet, its configuration was never seen whole"
)
_VERSION = Message("{origin} version {version}{by}, {time}{note}")
_BY = Message(" by {name}")
_NOTE = Message(" ({note})")


def show(config: Path, number: NumberKey, *, as_json: bool) -> int:
    """Print the approved configuration of a number; 1 when no account has it."""

    def print_report(report: Document, settings: Settings) -> int:
        if as_json:
            print_json(report)
        else:
            _print(lambda words, width: _baseline_lines(report, words, width), settings)
        return ExitStatus.OK

    return _run(config, number, lambda client: client.baseline(number), print_report)


def diff(config: Path, number: NumberKey, *, as_json: bool) -> int:
    """Print what differs from the approved configuration; 1 when something does."""

    def print_report(report: Document, settings: Settings) -> int:
        if as_json:
            print_json(report)
        else:
            _print(lambda words, width: _difference_lines(report, words, width), settings)
        return ExitStatus.FAILED if report["differences"] else ExitStatus.OK

    return _run(config, number, lambda client: client.baseline(number), print_report)


def approve(config: Path, number: NumberKey, by: str, note: str, *, as_json: bool) -> int:
    """Approve a number's configuration as it is now; 1 when it cannot be."""
    approver = by or getpass.getuser()

    def print_version(version: Document, settings: Settings) -> int:
        if as_json:
            print_json(version)
        else:
            values = {"number": number.number, "version": version["version"], "name": approver}
            text = say(_APPROVED.with_values(**values), settings)
            print_lines(paragraph(text, console().width))
        return ExitStatus.OK

    return _run(
        config, number, lambda client: client.approve(number, approver, note), print_version
    )


def _run(
    config: Path,
    number: NumberKey,
    request: Callable[[Client], Awaitable[Document | None]],
    print_document: Callable[[Document, Settings], int],
) -> int:
    def command() -> int:
        with progress(say(_ASKING)):
            document, settings = asyncio.run(_request(config, request))
        if document is None:
            raise CommandError(say(_UNKNOWN.with_values(number=number.number), settings))
        return print_document(document, settings)

    return run_command(command, misuse=(PlanError,), failures=(StoreError, ValueError, OSError))


async def _request(
    config: Path, request: Callable[[Client], Awaitable[Document | None]]
) -> tuple[Document | None, Settings]:
    plan = await asyncio.to_thread(make_plan, config)
    async with open_ledger_or_holder(plan.settings, plan.declared) as client:
        return await request(client), plan.settings


def _print(lines: Callable[[Words, int], Iterator[Text]], settings: Settings) -> None:
    out = console()
    words = Words(locale(settings), settings.timezone)
    print_lines(lines(words, out.width), out)


def _baseline_lines(report: Document, words: Words, width: int) -> Iterator[Text]:
    yield from paragraph(Text(_headline(report, words), style="bold"), width)
    if report["baseline"] is None:
        return
    values = (
        (field_text(name, words.locale), _value(name, value, words.locale))
        for name, value in (report["routing"] or {}).items()
    )
    phones = (
        (
            words.say(_PHONE, binding=phone["binding"]),
            " ".join(
                (
                    phone["phone"],
                    value_text("kind", phone["kind"], words.locale),
                    str(phone["position"]),
                )
            ),
        )
        for phone in report["phones"] or ()
    )
    yield from facts((*values, *phones), width)
    for version in report["history"]:
        yield from paragraph(words.say(_BEFORE, version=_version(version, words)), width)


def _value(name: str, value: object, locale: str) -> str:
    """A setting as the drift of it would be told; what is a list or nested, as JSON."""
    if isinstance(value, bool):
        return value_text(name, "yes" if value else "no", locale)
    if value in ([], (), {}, None):
        return value_text(name, "none", locale)
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return value_text(name, text, locale)


def _difference_lines(report: Document, words: Words, width: int) -> Iterator[Text]:
    yield from paragraph(Text(_headline(report, words), style="bold"), width)
    if not report["differences"]:
        yield from paragraph(words.say(_NOTHING), width)
        return
    columns = (
        Column(words.heading(N_("section"))),
        Column(words.heading(N_("field"))),
        Column(words.heading(N_("approved")), wraps=True),
        Column(words.heading(N_("now")), wraps=True),
    )
    rows = (
        (
            words.label(it["section"]),
            field_text(it["field"], words.locale),
            value_text(it["field"], it["was"], words.locale),
            value_text(it["field"], it["now"], words.locale),
        )
        for it in report["differences"]
    )
    yield from table(columns, rows, width)
    for effect in report.get("effects", ()):
        text = effect["zh"] if words.locale == CHINESE and effect.get("zh") else effect["en"]
        yield from paragraph(words.say(_CALLERS, effect=text), width)
    if report["since"]:
        yield from paragraph(words.say(_SINCE, time=words.time(report["since"])), width)
    if report["planned"]:
        planned = report["planned"]
        end = words.time(planned["end"])
        yield from paragraph(words.say(_PLANNED, end=end, reason=planned["reason"]), width)


def _headline(report: Document, words: Words) -> str:
    account = f"{report['provider']}/{report['account']}"
    where = {"number": report["number"], "account": account}
    if report["baseline"] is None:
        return words.say(_NONE_YET, **where)
    return words.say(_HEADLINE, **where, version=_version(report["baseline"], words))


def _version(version: Document, words: Words) -> str:
    by, note = version["approved_by"], version["note"]
    return words.say(
        _VERSION,
        origin=word(version["origin"], ORIGINS),
        version=version["version"],
        by=_BY.with_values(name=by) if by else "",
        time=words.time(version["taken_at"]),
        note=_NOTE.with_values(note=note) if note else "",
    )
