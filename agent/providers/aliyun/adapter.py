"""``profile: aliyun``: which products of Alibaba Cloud are read, and what a paid query may cost."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from agent.providers.adapter import Adapter, AdapterAccount, Option, switch
from agent.providers.aliyun.operations import PHONE_STATUS
from agent.providers.aliyun.products import INTERNATIONAL, Product
from agent.providers.aliyun.provider import AliyunProvider
from agent.providers.base import Provider
from agent.states import Capability
from agent.yamlfile.duration import parse_duration

_REGION: Final = re.compile(r"[a-z]{2}-[a-z0-9-]{1,40}", re.ASCII)
_INSTANCE: Final = re.compile(r"[A-Za-z0-9_.-]{0,64}", re.ASCII)
_DAY: Final = 86_400.0
_LONGEST: Final = 90 * _DAY
_MOST_MONEY: Final = 100_000.0


def _products(text: str) -> frozenset[Product]:
    products = frozenset(Product(part.strip()) for part in text.split(","))
    if products == {Product.DYTNS}:
        raise ValueError("knows no number")
    return products


def _one_of(*words: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in words:
            raise ValueError("another word")
        return text

    return read


def _matching(pattern: re.Pattern[str]) -> Callable[[str], str]:
    def read(text: str) -> str:
        if not pattern.fullmatch(text):
            raise ValueError("another form")
        return text

    return read


def _money(text: str) -> float:
    amount = float(text)
    if not 0 <= amount <= _MOST_MONEY:
        raise ValueError("out of range")
    return amount


def _duration(text: str) -> float:
    seconds = float(parse_duration(text))
    if not 60 <= seconds <= _LONGEST:  # noqa: PLR2004 - a minute
        raise ValueError("out of range")
    return seconds


def _check_options(options: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    products = options["products"]
    if Product.CCC in products and not options["ccc_instance"]:
        yield "ccc_instance", "is missing, product ccc needs it: expected the id of the instance"
    if Product.DYTNS not in products:
        return
    cost, daily = options["phone_status_cost"], options["phone_status_daily_budget"]
    if cost <= 0:
        yield "phone_status_cost", "is missing, product dytns needs it: expected yuan a query"
    elif daily < cost:
        text = f"is {daily:g}, no query of {cost:g} can be paid with it"
        yield "phone_status_daily_budget", f"{text}: expected at least that, in yuan a day"


def _check_credentials(
    options: Mapping[str, Any], given: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    if Product.DYTNS in options["products"] and not given.get("auth_code"):
        yield "auth_code", "credential auth_code is missing, product dytns needs the approval's"


def make(account: AdapterAccount) -> Provider:
    """The provider of one account."""
    return AliyunProvider(account)


ADAPTER = Adapter(
    name="aliyun",
    title="Alibaba Cloud",
    capabilities=frozenset(Capability),
    make=make,
    needs_base_url=False,
    credentials=("key", "secret"),
    extra_credentials=("auth_code",),
    needs_inventory=False,
    check_options=_check_options,
    check_credentials=_check_credentials,
    options=(
        Option(
            "products",
            "dyvms,bss",
            _products,
            "some of dyvms, ccc, bss, dytns with commas between them, not dytns alone",
            "The products that are read: dyvms (400 and virtual numbers), ccc (numbers and calls "
            "of a call centre), bss (balance), dytns (states of phones, which cost money).",
        ),
        Option(
            "virtual_numbers",
            "yes",
            switch,
            "yes or no",
            "Whether dyvms lists the virtual numbers of the account too.",
        ),
        Option(
            "region",
            "cn-shanghai",
            _matching(_REGION),
            "a region such as cn-shanghai",
            "The region of the call centre.",
        ),
        Option(
            "ccc_instance",
            "",
            _matching(_INSTANCE),
            "the id of an instance",
            "The instance of the call centre.",
        ),
        Option(
            "site",
            "china",
            _one_of("china", INTERNATIONAL),
            f"china or {INTERNATIONAL}",
            "Where the account was opened; it decides where its balance is.",
        ),
        Option(
            "phone_status",
            "voice",
            _one_of(*PHONE_STATUS),
            f"one of {', '.join(PHONE_STATUS)}",
            "Which query of dytns the approval is for: PhoneNumberStatusForVoice or "
            "PhoneNumberStatusForPublic.",
        ),
        Option(
            "phone_status_cost",
            "0",
            _money,
            "an amount of yuan",
            "What one such query costs, in yuan.",
        ),
        Option(
            "phone_status_daily_budget",
            "0",
            _money,
            "an amount of yuan",
            "The most that these queries may cost a day and account, in yuan; a day begins at "
            "midnight in China.",
        ),
        Option(
            "phone_status_every",
            "6h",
            _duration,
            "a duration such as 6h",
            "The least time between two queries about one phone; it is longer where the budget "
            "does not suffice.",
        ),
        Option(
            "phone_status_max_age",
            "1d",
            _duration,
            "a duration such as 1d",
            "How old an answer may be; the state of the phone is unknown after that.",
        ),
    ),
)
