"""The steps of a test call as they come, for whoever watches a terminal."""

from collections.abc import Callable

from agent.cli.language import say
from agent.config.settings import Settings
from agent.terminal.output import console, is_live, print_lines
from agent.testcalls.steps import CallStep, step_text


def shown_steps(settings: Settings, number: str, caller: str) -> Callable[[CallStep], None]:
    """Writes the steps of a call from ``caller`` to ``number``; nothing where nobody watches."""

    def show(step: CallStep) -> None:
        if is_live():
            text = say(step_text(step, number, caller), settings)
            print_lines([f"{step.at:5.1f} s  {text}"], console(stderr=True))

    return show
