"""The named signers, and which keys of a ``signing`` section each of them needs and takes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from agent.providers.signing.named.acs3 import sign_acs3
from agent.providers.signing.named.huawei import sign_sdk_hmac, sign_wsse
from agent.providers.signing.named.tc3 import sign_tc3
from agent.providers.signing.named.values import NamedSign
from agent.providers.signing.named.volc4 import sign_volc4

PARAMETERS: Final = ("action", "version", "service", "region", "token_credential")
"""The keys of a ``signing`` section that only named signers take."""


@dataclass(frozen=True)
class NamedSigner:
    """One signature, and the keys it needs and those it may have."""

    sign: NamedSign
    needs: tuple[str, ...] = ()
    may_have: tuple[str, ...] = ()


NAMED_SIGNERS: Final[Mapping[str, NamedSigner]] = {
    "acs3": NamedSigner(sign_acs3, ("action", "version"), ("token_credential",)),
    "tc3": NamedSigner(sign_tc3, ("action", "version", "service"), ("region", "token_credential")),
    "volc4": NamedSigner(
        sign_volc4, ("service", "region"), ("action", "version", "token_credential")
    ),
    "huawei_sdk_hmac": NamedSigner(sign_sdk_hmac),
    "wsse": NamedSigner(sign_wsse),
}
"""By the name that ``signing.signer`` gives."""
