"""The base class of all sections of the configuration, and the types of their values."""

from typing import Annotated, Any, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
)

from agent.config.values import day, http_url, listen_address, moment, network, zone
from agent.yamlfile.schema import ValueType
from agent.yamlfile.values import refuse_switch

HttpUrl = Annotated[
    str,
    AfterValidator(http_url),
    ValueType(
        "http(s) address",
        "an address such as https://api.example.com",
        private=True,  # it may hold a key
        pattern="^https?://",
    ),
]
Network = Annotated[
    str,
    AfterValidator(network),
    ValueType("network", "a network such as 10.0.0.0/8", pattern=r"^[0-9A-Fa-f.:]+(/\d+)?$"),
]
ListenAddress = Annotated[
    str,
    AfterValidator(listen_address),
    ValueType("HOST:PORT", "HOST:PORT such as 127.0.0.1:10400", pattern=r":\d+$"),
]
DateText = Annotated[str, AfterValidator(day)]
HeaderName = Annotated[
    str,
    Field(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9-]+$"),
    ValueType("header name", "a header's name, such as X-Forwarded-User"),
]
HostName = Annotated[
    str,
    Field(min_length=1, max_length=253, pattern=r"^[A-Za-z0-9.:_-]+$"),
    ValueType("host name", "a name or address without a port, such as numwatch.example.com"),
]
Moment = Annotated[
    str,
    AfterValidator(moment),
    ValueType(
        "day or time",
        "a day such as 2026-10-01 or a time such as 2026-10-01T08:00",
        minLength=8,
    ),
]
Zone = Annotated[
    str,
    AfterValidator(zone),
    ValueType("time zone", "a zone such as Asia/Shanghai", minLength=1),
]


class Section(BaseModel):
    """A part of the configuration: unknown keys are errors, values do not change."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        arbitrary_types_allowed=True,
        use_attribute_docstrings=True,
        hide_input_in_errors=True,
        allow_inf_nan=False,
    )

    @field_validator("*", mode="before")
    @classmethod
    def _yes_is_not_one(cls, value: Any, info: ValidationInfo) -> Any:
        """Refuse ``concurrency: yes``, which would otherwise count as 1."""
        annotation = cls.model_fields[info.field_name or ""].annotation
        takes_switch = bool in (annotation, *get_args(annotation))
        return value if takes_switch else refuse_switch(value)

    def over(self, base: "Section") -> Any:
        """Returns ``base`` with the keys that are set here replaced, in nested sections too."""
        overrides = {key: getattr(self, key) for key in self.model_fields_set}
        for key, value in overrides.items():
            below = getattr(base, key)
            if isinstance(value, Section) and isinstance(below, Section):
                overrides[key] = value.over(below)
        return base.model_copy(update=overrides)
