"""Checks the syntax of jinja2 templates in the configuration."""

from collections.abc import Iterator

import jinja2

from agent.yamlfile.paths import KeyPath, one_line
from agent.yamlfile.problems import Problem


def syntax_problems(path: KeyPath, text: str) -> Iterator[Problem]:
    """Why ``text`` is not a template; nothing where it is one. It is not rendered."""
    try:
        jinja2.Environment(autoescape=True).parse(text)
    except jinja2.TemplateSyntaxError as error:
        line = f"line {error.lineno} of the template"
        message = one_line(error.message or "", 120)
        yield Problem(path, f"is not a template: {message} ({line}), expected jinja2")
    except RecursionError:
        yield Problem(path, "is nested too deeply, expected a simpler template")
