"""``numwatch diagnose``: polls once, asks questions to people, and prints the verdict."""

import asyncio
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from agent.cli.language import locale, say
from agent.cli.observation import observe, stored_reports
from agent.cli.runner import run_command
from agent.config.load import load
from agent.config.settings import Settings
from agent.diagnosis import diagnose as diagnosis
from agent.diagnosis.answers import answer_errors, next_question
from agent.diagnosis.context import DiagnosisContext
from agent.diagnosis.report import render, render_json
from agent.i18n import Message
from agent.terminal.output import console, print_lines
from agent.terminal.progress import progress
from agent.verdict import Verdict

_POLLING = Message("asking the providers")
RETRIES = 2
"""Further polls after a failed one: a verdict must not depend on one failed request."""


@dataclass(frozen=True)
class DiagnoseOptions:
    """The arguments of the command."""

    number: str
    """In any usual notation."""
    caller: str = ""
    """Empty for anyone."""
    answers: tuple[str, ...] = ()
    """``question=answer`` each."""
    ask: bool = False
    """Whether to ask the diagnosis' questions on the terminal."""


def diagnose_number(config: Path, options: DiagnoseOptions, *, as_json: bool) -> int:
    """Print the verdict on a number; returns 0 healthy, 1 a fault, 3 unknown, 2 on misuse.

    The configuration is compared with what is declared, and with what the agent's ledger holds
    as approved or first seen; what is seen for the first time is stored. Complaints that the
    ledger has are evidence.
    """

    def command() -> int:
        answers = _answers(options.answers)
        settings = load(config)
        # The verdict is in the language that the command speaks.
        settings = settings.model_copy(update={"locale": locale(settings)})
        with progress(say(_POLLING, settings)):
            context = asyncio.run(_context(settings))
        verdict = _verdict(options, context, answers)
        if as_json:
            sys.stdout.write(render_json(verdict) + "\n")
        else:
            out = console()
            print_lines(render(verdict, settings, locale(settings), out.width), out)
        return diagnosis.exit_code(verdict)

    return run_command(command, misuse=(ValueError, OSError))


def _answers(arguments: tuple[str, ...]) -> dict[str, str]:
    pairs = [argument.partition("=") for argument in arguments]
    answers = {question.strip(): answer.strip() for question, _, answer in pairs}
    errors = answer_errors(answers)
    if errors:
        raise ValueError("\n".join(f"--answer {say(error)}" for error in errors))
    return answers


async def _context(settings: Settings) -> DiagnosisContext:
    observation = await observe(settings, retries=RETRIES)
    reports = await stored_reports(settings)
    return DiagnosisContext(
        settings, observation.at, observation.checked, observation.baselines, reports
    )


def _verdict(
    options: DiagnoseOptions, context: DiagnosisContext, known_answers: Mapping[str, str]
) -> Verdict:
    """The verdict; with ``ask`` once every question is answered, or one is left open."""
    answers = dict(known_answers)
    while True:
        verdict = diagnosis.diagnose_number(
            options.number, context, caller=options.caller, answers=answers
        )
        question = next_question(verdict.cause, answers, context.settings.locale)
        if not options.ask or question is None:
            return verdict
        name, text, choices = question
        answer = _prompt(f"{text} [{'|'.join(choices) or 'N'}] ")
        if not answer:
            return verdict
        errors = answer_errors({name: answer})
        if errors:
            sys.stderr.write(f"{errors[0].text(context.settings.locale)}\n")
        else:
            answers[name] = answer


def _prompt(text: str) -> str:
    """The line that is typed; empty to leave the question open."""
    # On standard error, so that standard output holds the result alone.
    sys.stderr.write(text)
    sys.stderr.flush()
    return sys.stdin.readline().strip()
