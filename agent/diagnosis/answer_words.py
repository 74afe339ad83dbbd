"""The questions of a diagnosis and the answers they accept, in words."""

from collections.abc import Mapping
from typing import Final

from agent.diagnosis.wireless_tree import WIRELESS_TREE
from agent.diagnosis.words import control_question
from agent.i18n import Message, contextual

_OTHER_QUESTIONS: Final[Mapping[str, Message]] = {
    "caller_area": Message("Which area code does the caller have?"),
}
_CHOICES: Final[Mapping[str, Message]] = {
    "works": contextual("answer", "it works"),
    "fails": contextual("answer", "it fails"),
    "one_caller": contextual("answer", "one caller"),
    "one_carrier": contextual("answer", "callers of one carrier"),
    "one_area": contextual("answer", "callers of one area"),
    "everyone": contextual("answer", "everyone"),
    "bad_by_400_only": contextual("answer", "bad by the 400 number only"),
    "bad_directly_too": contextual("answer", "bad directly, too"),
    "good": contextual("answer", "good"),
    "arrears": contextual("answer", "in arrears"),
    "barred": contextual("answer", "barred from calls"),
    "nonexistent": contextual("answer", "the phone does not exist"),
    "off": contextual("answer", "the phone is switched off"),
    "out_of_area": contextual("answer", "the phone is out of area"),
    "busy": contextual("answer", "busy"),
    "no_answer": contextual("answer", "nobody answers"),
    "rejected": contextual("answer", "rejected"),
    "forwarded": contextual("answer", "forwarded"),
    "yes": contextual("answer", "yes"),
    "no": contextual("answer", "no"),
    "one": contextual("answer", "this user alone"),
    "range": contextual("answer", "a whole range of numbers"),
    "no_access": contextual("answer", "no access to the network"),
    "drops": contextual("answer", "dropped calls"),
    "slow": contextual("answer", "slow data"),
    "interference": contextual("answer", "interference"),
    "handover": contextual("answer", "handover between cells"),
    "repeater": contextual("answer", "a repeater"),
    "equipment": contextual("answer", "equipment"),
    "unknown": contextual("answer", "not known"),
}


def question_text(name: str, locale: str) -> str:
    """The question that ``name`` stands for."""
    node = WIRELESS_TREE.get(name)
    if node is not None:
        return node.message.text(locale)
    if name in _OTHER_QUESTIONS:
        return _OTHER_QUESTIONS[name].text(locale)
    return control_question(name).text(locale)


def choice_text(choice: str, locale: str) -> str:
    """An accepted answer; what people typed stays as it is."""
    message = _CHOICES.get(choice)
    return choice if message is None else message.text(locale)
