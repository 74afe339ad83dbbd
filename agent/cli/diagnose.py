"""``numwatch diagnose``: polls once, asks what only people know, and shows the verdict."""

import asyncio
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from agent import logging
from agent.cli.poll_once import poll_once
from agent.cli.stored_baselines import look, recall
from agent.config.load import ConfigError, load
from agent.config.settings import Log, Settings
from agent.diagnosis.answered import mistakes, next_question
from agent.diagnosis.context import Context
from agent.diagnosis.diagnose import diagnose_number as verdict_on
from agent.diagnosis.diagnose import exit_code
from agent.diagnosis.report import render, render_json
from agent.model import Verdict
from agent.plan import declared_in

BAD_CONFIG = 2
LOOKS_AGAIN = 2
"""A verdict should not hang on a single answer that failed."""


@dataclass(frozen=True)
class DiagnoseOptions:
    """What a person asks on the command line."""

    number: str
    """Written in any usual way."""
    caller: str = ""
    """Empty for anyone."""
    answers: tuple[str, ...] = ()
    """``question=answer`` each."""
    ask: bool = False
    """Whether to ask for what people must find out."""


def diagnose_number(config: Path, asked: DiagnoseOptions, *, as_json: bool) -> int:
    """Print the verdict on a number; 0 healthy, 1 a fault, 3 unknown, 2 on a bad question.

    What is declared, and what the agent's ledger remembers as approved or first seen, is what
    the configuration is held to; what is seen for the first time is remembered.
    """
    logging.configure(Log(level="error", format="console"))
    try:
        answers = _answers(asked)
        settings = load(config)
        context = asyncio.run(_known(settings))
        verdict = _verdict(asked, context, answers)
    except (ConfigError, ValueError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return BAD_CONFIG
    if as_json:
        sys.stdout.write(render_json(verdict) + "\n")
    else:
        render(verdict, settings, Console())
    return exit_code(verdict)


def _answers(asked: DiagnoseOptions) -> dict[str, str]:
    pairs = [answer.partition("=") for answer in asked.answers]
    answers = {name.strip(): answer.strip() for name, _, answer in pairs}
    wrong = mistakes(answers)
    if wrong:
        raise ValueError("\n".join(f"--answer {line}" for line in wrong))
    return answers


async def _known(settings: Settings) -> Context:
    book = await recall(settings)
    book.declare(declared_in(settings))
    report = await poll_once(settings, again=LOOKS_AGAIN)
    snapshots = [account.snapshot for account in report.accounts if account.snapshot]
    now = time.time()
    return Context(settings, now, await look(settings, snapshots, book, now), book)


def _verdict(asked: DiagnoseOptions, context: Context, answers: Mapping[str, str]) -> Verdict:
    """The verdict; with ``ask`` once everything asked for is answered, or left open."""
    told = dict(answers)
    while True:
        verdict = verdict_on(asked.number, context, caller=asked.caller, answers=told)
        question = next_question(verdict.cause, told, context.settings.locale)
        if not asked.ask or question is None:
            return verdict
        name, words, choices = question
        answer = _asked(f"{words} [{'|'.join(choices) or 'N'}] ")
        if not answer:
            return verdict
        wrong = mistakes({name: answer})
        if wrong:
            sys.stderr.write(f"{wrong[0]}\n")
        else:
            told[name] = answer


def _asked(prompt: str) -> str:
    """What is typed; empty to leave it open. Asked on standard error: results stay alone."""
    sys.stderr.write(prompt)
    sys.stderr.flush()
    return sys.stdin.readline().strip()
