"""``profile: static``: the inventory's numbers, all unknown, for what comes from elsewhere.

Complaints, alerts of an Alertmanager, and what a PBX account says of their phones need a number
to belong to; here it is, without an API and without any request.
"""

from agent.providers.adapter import Adapter, AdapterAccount
from agent.providers.base import Provider
from agent.providers.inventory_facts import PhoneStates
from agent.providers.pbx import CAPABILITIES, PbxProvider


class NoPbx:
    """Stands in for a PBX where there is none: it knows nothing and is never down."""

    async def probe(self) -> None:
        """Send nothing."""

    async def states(self) -> PhoneStates:
        """No state of any phone."""
        return {}


def make(account: AdapterAccount) -> Provider:
    """The provider of one account."""
    return PbxProvider(account, NoPbx())


ADAPTER = Adapter(
    name="static",
    title="Static inventory",
    capabilities=CAPABILITIES,
    make=make,
    needs_base_url=False,
    takes_base_url=False,
)
