"""Elements of SVG and HTML whose texts and attributes are escaped, always."""

from collections.abc import Iterable

from markupsafe import Markup

Content = str | Markup

_EMPTY = Markup()


def element(tag: str, *content: Content, **attributes: object) -> Markup:
    """One element; text that is no markup is escaped.

    Args:
        tag: Its name, from this package only.
        content: What is in it.
        attributes: Its attributes: ``class_`` is ``class``, ``text_anchor`` is ``text-anchor``;
            those that are ``None`` are left out.
    """
    name = Markup(tag)  # nosec B704 # never from outside, see the docstring
    return Markup("<{0}{1}>{2}</{0}>").format(name, _attributes(attributes), joined(content))


def joined(content: Iterable[Content]) -> Markup:
    """All of ``content``, one after the other; text that is no markup is escaped."""
    return _EMPTY.join(content)


def number(value: float) -> str:
    """A coordinate as SVG writes it, to a tenth."""
    text = f"{value:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text


def percent(share: float) -> str:
    """A share of a width, 0 to 1, in percent."""
    return f"{number(100 * share)}%"


def _attributes(attributes: dict[str, object]) -> Markup:
    return _EMPTY.join(
        Markup(' {}="{}"').format(name.rstrip("_").replace("_", "-"), value)
        for name, value in attributes.items()
        if value is not None
    )
