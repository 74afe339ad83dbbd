"""Configurations that somebody wrote down: the files of ``drift.declared``."""

from dataclasses import dataclass

import msgspec

from agent.baselines.baseline import Baseline
from agent.baselines.canonical import SECTION_FIELDS
from agent.model import Binding, Routing
from agent.states import ConfigSection


@dataclass(frozen=True)
class Declaration:
    """What a file says of one number; sections it is silent about are not declared."""

    routing: Routing
    bindings: tuple[Binding, ...]
    sections: tuple[ConfigSection, ...]
    file: str

    def over(self, kept: Baseline | None) -> Baseline:
        """The baseline that holds: what is declared, and for the rest what is ``kept``."""
        whole = kept.routing if kept is not None and kept.routing is not None else Routing()
        fields = [name for section in self.sections for name in SECTION_FIELDS[section]]
        declared = {name: getattr(self.routing, name) for name in fields}
        phones = ConfigSection.BINDINGS in self.sections
        return Baseline(
            msgspec.structs.replace(whole, **declared),
            self.bindings if phones else (kept.bindings if kept else None),
            taken_at=kept.taken_at if kept else 0.0,
            approved=True,
            note=self.file,
            version=kept.version if kept else 1,
            sections=None if kept else self.sections,
            declared=True,
        )
