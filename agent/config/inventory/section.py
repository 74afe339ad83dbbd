"""The keys of an inventory, the same in the configuration and in a file of its own."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, Field, PrivateAttr, model_validator

from agent.config.inventory.inventory import (
    Inventory,
    InventoryContact,
    InventoryNumber,
    InventoryPhone,
)
from agent.config.section import DateText, Section
from agent.config.values import epoch_of
from agent.states import BindingKind, Grade
from agent.yamlfile.schema import ValueType
from agent.yamlfile.values import mistake

MOST_NUMBERS = 200_000
"""Numbers of one inventory."""
MOST_PHONES = 200
"""Phones of one number."""
MOST_CONTACTS = 20
"""Contacts of one number."""
_LONGEST = 200
_NUMBER = re.compile(r"\+?\d{3,20}", re.ASCII)
_ACCOUNT = re.compile(r"[A-Za-z0-9][\w.-]{0,62}/[A-Za-z0-9][\w.-]{0,62}", re.ASCII)
_ADDRESS = re.compile(r"[!-~]{1,128}", re.ASCII)
_PHONE = re.compile(r"[+\d][\d*#() .-]{1,30}", re.ASCII)
_ZONE = "Asia/Shanghai"


def _number(value: str) -> str:
    if not _NUMBER.fullmatch(value):
        raise ValueError("is not a number of 3 to 20 digits")
    return value


def _account(value: str) -> str:
    if not _ACCOUNT.fullmatch(value):
        raise ValueError("is not an account")
    return value


def _address(value: str) -> str:
    if not _ADDRESS.fullmatch(value):
        raise ValueError("is not one word of at most 128 characters")
    return value


def _phone(value: str) -> str:
    if not _PHONE.fullmatch(value):
        raise ValueError("is not a phone number")
    return value


def _text(value: str) -> str:
    if len(value) > _LONGEST or not value.isprintable():
        raise ValueError(f"is not one line of at most {_LONGEST} characters")
    return value


NumberText = Annotated[
    str,
    AfterValidator(_number),
    ValueType(
        "number",
        'digits as the provider lists them, in quotes: "4006220001" (a spreadsheet must hold '
        "them as text)",
        pattern=r"^\+?\d{3,20}$",
    ),
]
AccountText = Annotated[
    str,
    AfterValidator(_account),
    ValueType("PROVIDER/ACCOUNT", "PROVIDER/ACCOUNT as the configuration names them"),
]
AddressText = Annotated[
    str, AfterValidator(_address), ValueType("word", "for example 801, alice or sip:gw:5060")
]
# Phones are personal: an error never repeats one.
PhoneText = Annotated[
    str,
    AfterValidator(_phone),
    ValueType("phone number", 'a phone in quotes such as "02287654321"', private=True),
]
LineText = Annotated[str, AfterValidator(_text), ValueType("text", "a short text")]


class PhoneEntry(Section):
    """A phone bound behind a number; at least one of ``extension``, ``phone`` and ``id``."""

    id: AddressText | None = None
    """Its id at the provider; without one the extension, else the phone, is its id."""
    phone: PhoneText | None = None
    """Its number, in quotes."""
    extension: AddressText | None = None
    """The extension or address of record at a PBX (``801``, ``alice``), or the address of a trunk
    (``sip:gw.example.com:5060``)."""
    kind: BindingKind = BindingKind.UNKNOWN
    """What it is."""
    position: Annotated[int, Field(ge=0, le=10_000)] = 0
    """Its place in the order of ringing, from 1; 0 if that is not known."""

    @model_validator(mode="after")
    def _is_identified(self) -> "PhoneEntry":
        if not (self.id or self.phone or self.extension):
            raise mistake("says nothing, expected an extension, a phone or an id")
        return self

    @property
    def record(self) -> InventoryPhone:
        """The entry as the agent uses it."""
        identity = self.id or self.extension or self.phone or ""
        return InventoryPhone(
            identity, self.phone or "", self.extension or "", self.kind, self.position
        )


class ContactEntry(Section):
    """Whom the customer behind a number wants told of a fault."""

    name: Annotated[LineText, Field(min_length=1, max_length=60)]
    """The person or the department; it is shown to operators and in the ledger."""
    phone: PhoneText | None = None
    """The phone that messages go to, in quotes; it is shown masked and is not in the ledger."""
    locale: Literal["en", "zh-CN"] | None = None
    """The language of messages; without it the configuration's."""

    @property
    def record(self) -> InventoryContact:
        """The entry as the agent uses it."""
        return InventoryContact(self.name, self.phone or "", self.locale or "")


class NumberEntry(Section):
    """A number, and what is known of it and its phones."""

    number: NumberText
    """As the provider lists it, in quotes."""
    account: AccountText | None = None
    """The account that lists the number where that is another one: a PBX knows the phones of
    numbers that a carrier's account lists."""
    company: LineText = ""
    """Who holds it."""
    carrier: LineText = ""
    """The base carrier (``unicom``, ``telecom``, ``mobile``)."""
    grade: Grade | None = None
    """Its service grade."""
    contract_end: DateText | None = None
    """When its contract ends."""
    phones: Annotated[list[PhoneEntry], Field(max_length=MOST_PHONES)] = Field(
        default=[], repr=False
    )
    """Its bound phones; none means that they are not known."""
    province: LineText = ""
    """Where its customer is, as ``command`` names the province."""
    city: LineText = ""
    """Where its customer is, as ``command.cities`` names the city."""
    important: bool = False
    """Whether its customer is an important one, whose faults leaders are told of."""
    contacts: Annotated[list[ContactEntry], Field(max_length=MOST_CONTACTS)] = Field(
        default=[], repr=False
    )
    """Whom its customer wants told; a company's contacts hold for all its numbers."""

    @property
    def record(self) -> InventoryNumber:
        """The entry as the agent uses it."""
        end = None if self.contract_end is None else epoch_of(self.contract_end, _ZONE)
        owner = None if self.account is None else self.account.split("/")
        return InventoryNumber(
            number=self.number,
            account=None if owner is None else (owner[0], owner[1]),
            company=self.company,
            carrier=self.carrier,
            grade=self.grade,
            contract_end=end,
            phones=tuple(phone.record for phone in self.phones),
            province=self.province,
            city=self.city,
            important=self.important,
            contacts=tuple(contact.record for contact in self.contacts),
        )


class InventorySection(Section):
    """The numbers of an account and their phones, where its provider does not list them.

    It says that a number exists and who its phones are, never that it is in service.
    """

    file: str | None = None
    """A CSV or YAML file, relative to the configuration file; see docs/inventory.md."""
    numbers: Annotated[list[NumberEntry], Field(max_length=MOST_NUMBERS)] = Field(
        default=[], repr=False
    )
    """Numbers beside those of the file."""
    _content: Inventory = PrivateAttr(default_factory=Inventory)

    def model_post_init(self, _context: object) -> None:
        """Make the content of the numbers that are given here."""
        self._content = Inventory.of(entry.record for entry in self.numbers)

    @property
    def content(self) -> Inventory:
        """All numbers: those given here and those of the file."""
        return self._content

    def with_file_content(self, numbers: tuple[InventoryNumber, ...]) -> "InventorySection":
        """The same section with the ``numbers`` of its file beside its own."""
        copy = self.model_copy()
        content = Inventory.of((*self._content.numbers, *numbers))
        copy._content = content  # noqa: SLF001 - a copy of its own class
        return copy


class InventoryFile(BaseModel):
    """An inventory in a file of its own; no section of the configuration."""

    model_config = Section.model_config

    numbers: Annotated[list[NumberEntry], Field(min_length=1, max_length=MOST_NUMBERS)]
    """The numbers; at least one."""
