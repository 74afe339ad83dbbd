"""``numwatch init``: asks a few questions, writes a configuration that passes, and polls once."""

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import yaml

from agent.cli.init_kinds import Kind, kind_of, kinds
from agent.cli.language import locale, say
from agent.cli.poll import poll
from agent.cli.runner import CommandError, ExitStatus, run_command
from agent.i18n import Message
from agent.plan import PlanError, make_plan
from agent.terminal.grid import paragraph
from agent.terminal.output import console, print_lines

DEFAULT_FILE: Final = Path("config.yaml")
_ENVIRONMENT: Final = "env:"
_FILE: Final = "file:"
_HEAD: Final = Message("# Written by numwatch init. Every key: docs/configuration.md")
_KIND: Final = Message("Kind of provider ({kinds})")
_NAME: Final = Message("A name for it, in metrics and tickets")
_ACCOUNT: Final = Message("A name for the account")
_BASE_URL: Final = Message("The address of its API")
_CREDENTIAL: Final = Message("Credential {name}: env:VARIABLE or file:PATH")
_NUMBERS: Final = Message("The numbers, with commas between them")
_DESK: Final = Message("Where tickets go, the address of a webhook; empty for nowhere yet")
_SECRET: Final = Message("What signs them: env:VARIABLE or file:PATH; empty for nothing")
_OVERWRITE: Final = Message("{file} exists; overwrite it? [y/N]")
_EXISTS: Final = Message("{file} exists and was left as it is; --force overwrites it")
_MISSING: Final = Message("without a terminal to ask at, these options are needed: {options}")
_PLAIN: Final = Message(
    "{name}: a secret is named by where it is, env:VARIABLE or file:PATH, and never written itself"
)
_REFUSED: Final = Message("nothing was written, because the configuration would not pass:")
_WRITTEN: Final = Message("{file} is written, readable for you alone, and passes check-config")
_NEXT: Final = Message("next: numwatch run --config {file}, then open http://127.0.0.1:10400/")


@dataclass(frozen=True)
class InitOptions:
    """The arguments of the command; what is empty is asked for, or has a default."""

    file: Path = DEFAULT_FILE
    kind: str = ""
    name: str = ""
    account: str = ""
    base_url: str = ""
    credentials: tuple[str, ...] = ()
    """``NAME=env:VARIABLE`` or ``NAME=file:PATH`` each."""
    numbers: tuple[str, ...] = ()
    desk: str = ""
    desk_secret: str = ""
    force: bool = False
    is_polling: bool = True


def init(options: InitOptions) -> int:
    """Write a configuration and poll once; returns the poll's status, 2 when nothing is written."""

    def command() -> int:
        ask = _ask if sys.stdin.isatty() else None
        if not _may_write(options, ask):
            raise ValueError(say(_EXISTS.with_values(file=options.file)))
        complete = _completed(options, ask)
        _write(options.file, document_of(complete))
        out = console()
        for text in (_WRITTEN, _NEXT) if not options.is_polling else (_WRITTEN,):
            print_lines(paragraph(say(text.with_values(file=options.file)), out.width), out)
        return ExitStatus.OK

    status = run_command(command, misuse=(ValueError, OSError, PlanError, CommandError))
    if status or not options.is_polling:
        return status
    status = poll(options.file, None, as_json=False)
    print_lines(paragraph(say(_NEXT.with_values(file=options.file)), console().width))
    return status


_Ask = Callable[[Message, str], str]


def _ask(question: Message, default: str = "") -> str:
    """The answer that is typed; the default where it is empty."""
    # On standard error, so that standard output holds the result alone.
    shown = f" [{default}]" if default else ""
    sys.stderr.write(f"{say(question)}{shown}: ")
    sys.stderr.flush()
    line = sys.stdin.readline()
    if not line:
        raise CommandError(say(Message("the questions were not answered")))
    return line.strip() or default


def _may_write(options: InitOptions, ask: _Ask | None) -> bool:
    if not options.file.exists() or options.force:
        return True
    if ask is None:
        return False
    return ask(_OVERWRITE.with_values(file=options.file), "").lower() in ("y", "yes", "是")


def _completed(options: InitOptions, ask: _Ask | None) -> InitOptions:
    """The options with every answer in its place.

    Raises:
        ValueError: when something is missing and nobody can be asked, or is not possible.
    """
    if ask is None:
        return _checked(options)
    known = ", ".join(kinds())
    kind = kind_of(options.kind or ask(_KIND.with_values(kinds=known), "generic"))
    name = options.name or ask(_NAME, kind.name)
    account = options.account or ask(_ACCOUNT, "main")
    base_url = options.base_url or (ask(_BASE_URL, "") if kind.needs_base_url else "")
    given = _named(options.credentials)
    for credential in kind.credentials:
        if credential not in given:
            question = _CREDENTIAL.with_values(name=credential)
            given[credential] = ask(question, f"{_ENVIRONMENT}{_variable(name, credential)}")
    numbers = options.numbers
    if not kind.lists_numbers and not numbers:
        numbers = tuple(filter(None, (it.strip() for it in ask(_NUMBERS, "").split(","))))
    desk = options.desk or ask(_DESK, "")
    secret = options.desk_secret or (ask(_SECRET, "") if desk else "")
    return _checked(
        replace(
            options,
            kind=kind.name,
            name=name,
            account=account,
            base_url=base_url,
            credentials=tuple(f"{key}={value}" for key, value in given.items()),
            numbers=numbers,
            desk=desk,
            desk_secret=secret,
        )
    )


def _checked(options: InitOptions) -> InitOptions:
    if not options.kind:
        raise ValueError(say(_MISSING.with_values(options="--kind")))
    kind = kind_of(options.kind)
    missing = list(_missing(options, kind))
    if missing:
        raise ValueError(say(_MISSING.with_values(options=", ".join(missing))))
    return options


def _missing(options: InitOptions, kind: Kind) -> list[str]:
    given = _named(options.credentials)
    return [
        *(["--base-url"] if kind.needs_base_url and not options.base_url else []),
        *(f"--credential {name}=env:..." for name in kind.credentials if name not in given),
        *(["--number"] if not kind.lists_numbers and not options.numbers else []),
    ]


def _named(credentials: tuple[str, ...]) -> dict[str, str]:
    return dict(pair.partition("=")[::2] for pair in credentials)


def _variable(name: str, credential: str) -> str:
    return f"{name}_{credential}".upper().replace("-", "_").replace(".", "_")


def document_of(options: InitOptions) -> dict[str, Any]:
    """The configuration of complete options, as plain values.

    Raises:
        ValueError: when a secret is written out instead of named by where it is.
    """
    account: dict[str, Any] = {"id": options.account or "main"}
    credentials: dict[str, str] = {}
    for name, source in _named(options.credentials).items():
        credentials.update(_secret(name, source))
    if credentials:
        account["credentials"] = credentials
    if options.numbers:
        account["inventory"] = {"numbers": [{"number": number} for number in options.numbers]}
    provider: dict[str, Any] = {"name": options.name or options.kind, "profile": options.kind}
    if options.base_url:
        provider["base_url"] = options.base_url
        if _is_local(options.base_url):
            provider["egress_allow"] = ["127.0.0.0/8", "::1/128"]
    provider["accounts"] = [account]
    document: dict[str, Any] = {"locale": locale(), "providers": [provider]}
    if options.desk:
        desk = {"name": "desk", "kind": "webhook", "url": options.desk}
        if options.desk_secret:
            desk.update(_secret("secret", options.desk_secret))
        if _is_local(options.desk):
            desk["egress_allow"] = ["127.0.0.0/8", "::1/128"]  # type: ignore[assignment]
        document["sinks"] = [desk]
    return document


def _secret(name: str, source: str) -> dict[str, str]:
    if source.startswith(_ENVIRONMENT):
        return {name: f"${{{source.removeprefix(_ENVIRONMENT)}}}"}
    if source.startswith(_FILE):
        path = Path(source.removeprefix(_FILE)).expanduser()
        return {f"{name}_file": str(path.absolute())}
    raise ValueError(say(_PLAIN.with_values(name=name)))


def _is_local(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _write(file: Path, document: Mapping[str, Any]) -> None:
    """Write the configuration where only its owner can read it, once it passes.

    Raises:
        PlanError: when it does not pass; nothing is there then that was not there before.
    """
    new = file.with_name(f".{file.name}.new")
    text = yaml.safe_dump(dict(document), allow_unicode=True, sort_keys=False)
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as target:
            target.write(f"{say(_HEAD)}\n{text}")
        make_plan(new)
        new.replace(file)
    except PlanError as error:
        raise PlanError(f"{say(_REFUSED)}\n{error}") from None
    finally:
        new.unlink(missing_ok=True)
