"""What worlds that are drawn by chance have in common: their facts, noise, and what is right."""

import random
from dataclasses import dataclass

from agent.states import PARTY_OF_CAUSE, Cause
from tests.diagnosis.worlds.scenario import (
    Scenario,
    failing,
    number,
    provider,
    to_number,
    to_phone,
)

TWO, THREE, FOUR, FIVE, SIX = (f"{{n}}{row}" for row in range(2, 7))
MOBILE, LANDLINE = "13900001111", "02288881111"
SPELLINGS = (
    "13900001111",
    "+8613900001111",
    "008613900001111",
    "86 139 0000 1111",
    "139-0000-1111",
)
AREA_SPELLINGS = ("02288881111", "+862288881111", "0086 22 88881111", "022-8888-1111")
STATES = {
    "suspended_arrears": Cause.NUMBER_SUSPENDED_ARREARS,
    "suspended_violation": Cause.NUMBER_SUSPENDED_VIOLATION,
    "suspended_requested": Cause.NUMBER_SUSPENDED_REQUESTED,
    "expired": Cause.NUMBER_EXPIRED,
    "frozen": Cause.NUMBER_FROZEN,
    "reclaimed": Cause.NUMBER_RECLAIMED,
}
PHONES = {
    "arrears": Cause.BINDING_ARREARS,
    "barred": Cause.BINDING_BARRED,
    "nonexistent": Cause.BINDING_NONEXISTENT,
    "off": Cause.BINDING_OFF,
    "out_of_area": Cause.BINDING_OUT_OF_AREA,
    "no_answer": Cause.BINDING_NO_ANSWER,
    "dnd": Cause.BINDING_DND,
    "forwarded": Cause.BINDING_FORWARDED,
}
HEARD = {
    "suspended_arrears": "您拨打的号码已停机",
    "reclaimed": "空号",
    "arrears": "对方已停机",
    "nonexistent": "您拨打的号码是空号",
    "off": "您拨打的用户已关机",
    "out_of_area": "不在服务区",
}


@dataclass(frozen=True)
class Drawn:
    """A scenario and every verdict that is right for it."""

    scenario: Scenario
    right: frozenset[Cause]

    def is_right(self, cause: str) -> bool:
        return cause in self.right

    def is_right_party(self, party: str) -> bool:
        parties = {self.scenario.party, *(PARTY_OF_CAUSE[cause] for cause in self.right)}
        return party in parties


class Drawing:
    """Draws by chance; the same seed draws the same."""

    def __init__(self, seed: int) -> None:
        self.coin = random.Random(seed)

    def _drawn(self, name: str, *right: Cause, noisy: bool = True, **more: object) -> Drawn:
        party = more.pop("party", None)
        scenario = Scenario(name, right[0], expected_party=party, **more)  # type: ignore[arg-type]
        return Drawn(self._noisy(scenario) if noisy else scenario, frozenset(right))

    def _noisy(self, scenario: Scenario) -> Scenario:
        """With up to two things that are not the reason."""
        noises = (
            ("another number's phones", to_phone("b1", "off", TWO)),
            ("another number's state", to_number({"state": "expired"}, TWO)),
            ("balance not told", failing("http_500", capability="balance")),
            ("voicemail on", to_number({"routing.voicemail": True}, TWO)),
        )
        for name, entry in self.coin.sample(noises, self.coin.randint(0, 2)):
            scenario = scenario.with_noise(name, entry)
        return scenario

    def _fleet(self, **more: object) -> dict[str, object]:
        return provider(number(**more), number(TWO), number(THREE))  # type: ignore[arg-type]
