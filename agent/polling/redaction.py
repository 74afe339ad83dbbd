"""Removes from texts what an account must never show: its credentials, and tokens of its logins."""

import re
from collections import deque
from collections.abc import Iterable, Mapping
from typing import Final

from agent.config.secret import Secret
from agent.config.settings import Account, ProviderSettings
from agent.net.scrub import Redactor

TOKENS: Final = 8
"""How many tokens of an account are remembered, the newest: texts may still hold old ones."""

_SECRET_NAME: Final = re.compile(r"secret|passw|pwd|token|credential|private|key$", re.IGNORECASE)
"""What the name of an option has that is a secret; ``region`` and ``app`` have none of it."""


def secrets_of(
    provider: ProviderSettings, account: Account, options: Mapping[str, str] | None = None
) -> tuple[Secret, ...]:
    """The account's credentials, and what its provider's options, or ``options``, have of secrets.

    Credentials are where secrets belong; somebody may have put one into the options all the same.
    """
    named = [*provider.options.items(), *(options or {}).items()]
    hidden = (Secret(text) for name, text in named if text and _SECRET_NAME.search(name))
    return (*account.secrets, *hidden)


class AccountRedactor:
    """Removes the secrets of one account, those included that it got at run time."""

    def __init__(self, secrets: Iterable[Secret]) -> None:
        self._secrets = tuple(secrets)
        self._tokens: deque[Secret] = deque(maxlen=TOKENS)
        self._redactor: Redactor | None = None

    def add(self, token: str) -> None:
        """Remove ``token`` as well from now on."""
        self._tokens.append(Secret(token))
        self._redactor = None

    def __call__(self, text: str) -> str:
        """``text`` with ``<secret>`` in place of every secret."""
        if self._redactor is None:
            # Made at the first text only: most accounts never fail between two logins.
            self._redactor = Redactor((*self._secrets, *self._tokens))
        return self._redactor(text)
