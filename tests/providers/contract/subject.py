"""What a provider's page says of its adapter or profile, as the contract holds it to it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from agent.states import CallResult, Capability, Cause
from tests.fault_reasons import FAULT_REASONS, HARMLESS_FAULTS

NUMBERS, ROUTING, REACHABILITY, BALANCE, CALLS = Capability
PAGING_FAULTS = ("empty_page", "endless_pages", "duplicate_page")
FAULTS = (*FAULT_REASONS, *HARMLESS_FAULTS)


@dataclass(frozen=True)
class Subject:
    """One adapter or profile, and the dialect that it reads."""

    name: str
    """The adapter or profile; the dialect has the same name."""
    credentials: Mapping[str, str]
    secret: str
    """The credential that only signs: another one in its place is refused."""
    capabilities: tuple[Capability, ...]
    facts: frozenset[str]
    """The names in :data:`tests.providers.contract.facts.FACTS` that the API carries."""
    approximate: frozenset[str] = frozenset()
    """Facts for which the API's words are coarser than ours."""
    served_with: Mapping[Capability, Capability] = field(default_factory=dict)
    """Capabilities that are read from the answers of another one, and fail with it."""
    paged: frozenset[Capability] = frozenset()
    """Capabilities that are read page by page."""
    has_next_links: bool = False
    """Whether a page names the next one, so that pages without an end are noticed."""
    unmapped: frozenset[str] = frozenset()
    """The fields whose words are counted where they are new."""
    call_results: Mapping[CallResult, CallResult] = field(default_factory=dict)
    """What becomes of a call's result where the API has no word for it."""
    coarser: Mapping[Cause, Cause] = field(default_factory=dict)
    """What a cause looks like in the API's coarser words."""
    untraced: frozenset[Cause] = frozenset()
    """Causes that leave no trace: there is no record of a call that did not arrive."""
    misjudged: frozenset[Cause] = frozenset()
    """Causes of which some verdict is wrong today through this API; a defect, to be emptied."""
    rate: float | None = None
    """Requests a second of one operation that the vendor allows, if it says so."""
    options: Mapping[str, str] = field(default_factory=dict)
    """The options of the adapter or profile; ``{url}`` is the address of the simulator."""
    account: Mapping[str, Any] = field(default_factory=dict)
    """Further keys of the account, such as a budget."""
    inventory: tuple[dict[str, Any], ...] = ()
    """The inventory of the account, where the API does not say whose a phone is."""
    inventory_lists: bool = False
    """Whether numbers are those of the inventory, for which no request is sent."""
    is_probed: bool = False
    """Whether a request that lists nothing is sent all the same, to see whether the API is up."""
    base_path: str = ""
    """What the configured address has behind that of the server."""
    failures: Mapping[tuple[str, Capability], str | None] = field(default_factory=dict)
    """Reasons that differ from those of other APIs, by fault and capability."""

    @property
    def lists_numbers(self) -> bool:
        """Whether the API lists numbers; where it does not, the inventory may."""
        return NUMBERS in self.capabilities and not self.inventory_lists

    @property
    def sends_for_numbers(self) -> bool:
        """Whether any request is sent for the numbers."""
        return self.lists_numbers or self.is_probed

    @property
    def main(self) -> Capability:
        """The capability that single tests try: numbers, where the API lists any."""
        return NUMBERS if self.sends_for_numbers else self.capabilities[-1]

    def reason(self, fault: str, capability: Capability) -> str | None:
        """Why a poll of ``capability`` fails under ``fault``; ``None`` if it does not."""
        if (fault, capability) in self.failures:
            return self.failures[fault, capability]
        if capability is NUMBERS and not self.sends_for_numbers:
            return None
        if fault in PAGING_FAULTS and capability not in self.paged:
            return None
        if fault == "endless_pages" and capability is CALLS and not self.has_next_links:
            # What grows is read as far as its first total says.
            return None
        return FAULT_REASONS.get(fault)
