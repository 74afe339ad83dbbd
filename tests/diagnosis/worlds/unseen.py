"""Worlds drawn by chance: two faults at once, noise, facts that are missing, callers' words.

What is right is written from docs/reference/domain.md §2, whose order of questions says which of
two faults is the reason; where two are equally near, either is right.
"""

from collections.abc import Callable  # noqa: TC003 - as everywhere
from dataclasses import replace

from agent.states import Cause, Party
from tests.diagnosis.worlds.drawing import (
    AREA_SPELLINGS,
    FIVE,
    FOUR,
    HEARD,
    MOBILE,
    PHONES,
    SPELLINGS,
    STATES,
    THREE,
    TWO,
    Drawing,
    Drawn,
)
from tests.diagnosis.worlds.scenario import (
    ONE,
    WELL,
    Said,
    calls,
    failing,
    number,
    provider,
    to_account,
    to_number,
    to_phone,
)


class Lottery(Drawing):
    """Draws worlds; the same seed draws the same ones."""

    def draw(self, count: int) -> list[Drawn]:
        """``count`` worlds, each kind about as often as the others."""
        kinds: list[Callable[[], Drawn]] = [
            *(self.state, self.network, self.money, self.both_phones, self.change),
            *(self.caller, self.area, self.partial, self.many_at_once, self.blind),
            *(self.well, self.complaints, self.no_states, self.root, self.carrier),
            *(self.forwarded_landing, self.short_wait, self.abroad, self.listed_and_angry),
            *(self.half_blind, self.unknown_menu, self.full_trunk, self.ended_for_everybody),
        ]
        return [kinds[row % len(kinds)]() for row in range(count)]

    def state(self) -> Drawn:
        """The number's own state goes before whatever else is wrong with it."""
        state = self.coin.choice(sorted(STATES))
        events = [to_number({"state": state})]
        other = self.coin.choice(("", "phones", "calls", "reachability"))
        if other == "phones":
            bad = self.coin.choice(sorted(PHONES))
            events += [to_phone("b1", bad), to_phone("b2", bad)]
        if other == "calls":
            events.append(to_number(calls(network=0.8, answered=0.2)))
        if other == "reachability":
            events.append(failing("http_500", capability="reachability"))
        view = self.coin.choice(("", "without phones", "without routing of calls"))
        drawn = self._drawn(
            f"{state} with {other or 'nothing'}",
            STATES[state],
            providers=(self._fleet(),),
            events=tuple(events),
        )
        return replace(drawn, scenario=replace(drawn.scenario, view=view))

    def network(self) -> Drawn:
        """A number that the network does not carry, whatever its phones do."""
        gone = self.coin.choice(("deactivated", "unloaded", "deleted"))
        events = [to_number({"network_state": gone})]
        if self.coin.random() < 0.5:
            events.append(to_phone("b1", self.coin.choice(sorted(PHONES))))
        return self._drawn(
            gone, Cause.NETWORK_STATE_MISMATCH, providers=(self._fleet(),), events=tuple(events)
        )

    def money(self) -> Drawn:
        """Below the stop line: suspended, or about to be."""
        events = [to_account({"balance": self.coin.uniform(0, 14)})]
        right = Cause.NUMBER_SUSPENDED_ARREARS
        if self.coin.random() < 0.5:
            events.append(to_number({"state": "active"}))
            right = Cause.BALANCE_EXHAUSTED
        events.append(to_phone("b1", self.coin.choice(("off", "busy"))))
        return self._drawn(
            "no money", right, noisy=False, providers=(self._fleet(),), events=tuple(events)
        )

    def both_phones(self) -> Drawn:
        """Every phone is bad, each in its own way: either is right."""
        one, two = self.coin.choices(sorted(PHONES), k=2)
        return self._drawn(
            f"{one} and {two}",
            PHONES[one],
            PHONES[two],
            providers=(self._fleet(),),
            events=(to_phone("b1", one), to_phone("b2", two)),
        )

    def change(self) -> Drawn:
        """What was changed a moment ago goes before a phone that is out."""
        never = [{"days": "mon", "from": "00:00", "to": "00:01"}]
        values, caller = self.coin.choice(
            (
                ({"routing.schedule": never}, ""),
                ({"routing.whitelist.enabled": True}, MOBILE),
                ({"routing.blacklist": ["139"]}, self.coin.choice(SPELLINGS)),
                ({"routing.region_deny": ["022"]}, self.coin.choice(AREA_SPELLINGS)),
                ({"routing.wait_seconds": 4}, ""),
            )
        )
        events = (to_number(values), to_phone("b1", self.coin.choice(("off", "busy", "no_answer"))))
        return self._drawn(
            f"changed {sorted(values)}",
            Cause.CONFIG_CHANGED,
            providers=(self._fleet(),),
            events=events,
            caller=caller,
        )

    def caller(self) -> Drawn:
        """A caller on the list, however written; and one who is not on it."""
        listed = self.coin.random() < 0.7
        entry = self.coin.choice(("13900001111", "1390000", "139")) if listed else "137"
        fleet = self._fleet(routing={"blacklist": [entry]})
        return self._drawn(
            f"blacklist {entry}",
            Cause.LIST_BLOCKS_CALLER if listed else Cause.HEALTHY,
            providers=(fleet,),
            events=(to_phone("b2", "no_answer"),),
            caller=self.coin.choice(SPELLINGS),
        )

    def area(self) -> Drawn:
        """A caller from an area that the region rule stops, or lets through."""
        stopped = self.coin.random() < 0.7
        rule = self.coin.choice(({"region_deny": ["022"]}, {"region_allow": ["010", "021"]}))
        if not stopped:
            rule = {"region_allow": ["022"]}
        return self._drawn(
            f"regions {rule}",
            Cause.REGION_BLOCKS_CALLER if stopped else Cause.HEALTHY,
            providers=(self._fleet(routing=rule),),
            caller=self.coin.choice(AREA_SPELLINGS),
        )

    def partial(self) -> Drawn:
        """A third to two thirds of the calls are lost on the way."""
        share = self.coin.uniform(0.3, 0.65)
        end = self.coin.choice(("network", "blocked_by_carrier"))
        traffic = calls(self.coin.choice((360, 600, 1200)), **{end: share, "answered": 1 - share})
        return self._drawn(
            f"{share:.0%} {end}",
            Cause.PROVIDER_LEG,
            providers=(provider(number(**WELL), number(TWO, **WELL), number(THREE, **WELL)),),
            events=(to_number(traffic),),
        )

    def many_at_once(self) -> Drawn:
        """More calls than lines, for a part of the calls."""
        share = self.coin.uniform(0.3, 0.7)
        traffic = calls(self.coin.choice((360, 900)), over_concurrency=share, answered=1 - share)
        return self._drawn(
            f"{share:.0%} too many",
            Cause.CAPACITY_EXCEEDED,
            providers=(provider(number(**WELL), number(TWO, **WELL)),),
            events=(to_number(traffic),),
        )

    def blind(self) -> Drawn:
        """An interface that fails says nothing of the number, whatever is wrong with it."""
        kind = self.coin.choice(("http_500", "auth", "timeout", "garbage"))
        kind = kind if kind in ("http_500", "auth") else "http_500"
        events = (failing(kind), to_number({"state": "suspended_violation"}))
        return self._drawn(
            f"blind by {kind}",
            Cause.MONITORING_BLIND,
            noisy=False,
            providers=(self._fleet(),),
            events=events[: self.coin.randint(1, 2)],
            polled_before=False,
        )

    def well(self) -> Drawn:
        """Nothing is wrong, or not with what callers need."""
        events = self.coin.choice(
            (
                (),
                (to_phone("b1", self.coin.choice(sorted(PHONES))),),
                (failing("http_500", capability="reachability"),),
                (to_number({"routing.concurrency_limit": 15}),),
            )
        )
        fleet = provider(number(**WELL), number(TWO, **WELL), number(THREE, **WELL))
        return self._drawn("well", Cause.HEALTHY, providers=(fleet,), events=events)

    def complaints(self) -> Drawn:
        """What callers heard speaks with the facts, or against them."""
        known = self.coin.choice(
            ("suspended_arrears", "reclaimed", "arrears", "nonexistent", "off")
        )
        words = HEARD[self.coin.choice((known, known, "off"))]
        reports = tuple(
            Said(words, f"caller {row}", f"1370000{row:04}")
            for row in range(self.coin.randint(1, 4))
        )
        if known in STATES:
            events = (to_number({"state": known}),)
            right = STATES[known]
        else:
            events = (to_phone("b1", known), to_phone("b2", known))
            right = PHONES[known]
        return self._drawn(
            f"{known}, heard {words}",
            right,
            providers=(self._fleet(),),
            events=events,
            reports=reports,
        )

    def no_states(self) -> Drawn:
        """Only the calls tell how the phones are."""
        end, right = self.coin.choice(
            (
                ("no_answer", Cause.BINDING_NO_ANSWER),
                ("busy", Cause.BINDING_BUSY),
                ("rejected", Cause.BINDING_REJECTED),
                ("network", Cause.PROVIDER_LEG),
            )
        )
        share = self.coin.uniform(0.8, 1.0)
        traffic = calls(480, **{end: share, "answered": 1 - share})
        drawn = self._drawn(
            f"{end} without states",
            right,
            providers=(provider(number(**WELL), number(TWO, **WELL), number(THREE, **WELL)),),
            events=(to_number(traffic),),
        )
        view = "without states of phones" if end == "network" else ""
        return replace(drawn, scenario=replace(drawn.scenario, view=view))

    def root(self) -> Drawn:
        """Most numbers of a provider are dead in the network; one of them has dead phones too."""
        names = (ONE, TWO, THREE, FOUR)
        events = [to_number({"network_state": "deactivated"}, name) for name in names]
        if self.coin.random() < 0.5:
            events += [to_phone("b1", "off"), to_phone("b2", "off")]
        fleet = provider(number(), number(TWO), number(THREE), number("{t}4"))
        events[3] = to_number({"network_state": "deactivated"}, "{t}4")
        other = provider(number(FIVE), number("{t}6"), suffix="b")
        return self._drawn(
            "a provider is out",
            Cause.PROVIDER_OUTAGE,
            noisy=False,
            providers=(fleet, other),
            events=tuple(events),
        )

    def carrier(self) -> Drawn:
        """The numbers of one carrier are dead at two providers, those of another are not."""
        here = provider(number(), number(TWO), number("{t}7"))
        there = provider(number(THREE), number(FOUR), number("{t}8"), suffix="b")
        dead = tuple(
            to_number({"network_state": "deactivated"}, name) for name in (ONE, TWO, THREE, FOUR)
        )
        noise = (to_phone("b1", "off", "{t}7"),) if self.coin.random() < 0.5 else ()
        return self._drawn(
            "a carrier is out",
            Cause.CARRIER_OUTAGE,
            noisy=False,
            providers=(here, there),
            events=(*dead, *noise),
        )

    def forwarded_landing(self) -> Drawn:
        """A landing number that is merely forwarded takes one call at a time."""
        share = self.coin.uniform(0.5, 0.9)
        traffic = calls(600, busy=share, answered=1 - share)
        fleet = provider(
            number(routing={"landing_forwarded": True}, **traffic), number(TWO, **WELL)
        )
        return self._drawn("one line", Cause.CAPACITY_EXCEEDED, providers=(fleet,))

    def short_wait(self) -> Drawn:
        """It rings too short for anybody to answer."""
        wait = self.coin.choice((4, 6, 8))
        share = self.coin.uniform(0.6, 0.9)
        traffic = calls(480, no_answer=share, answered=1 - share)
        fleet = provider(number(routing={"wait_seconds": wait}, **traffic), number(TWO, **WELL))
        return self._drawn(
            f"{wait} s",
            Cause.WAIT_TOO_SHORT,
            providers=(fleet,),
            party=Party.ADMIN,
            polled_before=False,
        )

    def abroad(self) -> Drawn:
        """Callers of a class that cannot dial such numbers, whatever else is wrong."""
        caller = self.coin.choice(("+85291234567", "0012125550100", "+442079460000", "4008110001"))
        return self._drawn(
            f"from {caller[:4]}",
            Cause.UNKNOWN,
            providers=(self._fleet(),),
            events=(to_phone("b1", self.coin.choice(("ok", "off"))),),
            caller=caller,
            party=Party.CALLER,
        )

    def listed_and_angry(self) -> Drawn:
        """Who complains is on the list: that is the reason, and not health."""
        who = self.coin.choice(("13900001111", "13900002222"))
        entry = self.coin.choice((who, "139"))
        reports = (Said(self.coin.choice(("打不通", "无权拨打", "忙音")), "caller 1", who),)
        fleet = self._fleet(routing={"blacklist": [entry]})
        return self._drawn(
            "a listed caller complains",
            Cause.LIST_BLOCKS_CALLER,
            providers=(fleet,),
            reports=reports,
        )

    def half_blind(self) -> Drawn:
        """Answered calls prove the path while something else is not told."""
        silent = self.coin.choice(("numbers", "reachability", "routing", "balance"))
        fleet = provider(number(**WELL), number(TWO, **WELL))
        return self._drawn(
            f"calls are answered, {silent} is silent",
            Cause.HEALTHY,
            noisy=False,
            providers=(fleet,),
            events=(failing("http_500", capability=silent),),
        )

    def unknown_menu(self) -> Drawn:
        """A menu leads to what the interface does not describe."""
        target = self.coin.choice(("skillgroup:7", "binding:b9", "menu:nowhere"))
        menu = [{"menu": "main", "key": "1", "target": target}]
        fleet = self._fleet(routing={"menu": menu})
        return self._drawn(
            f"a menu to {target}",
            Cause.UNKNOWN,
            providers=(fleet,),
            party=Party.PROVIDER,
            polled_before=False,
        )

    def full_trunk(self) -> Drawn:
        """Calls end busy while the trunk is at its limit."""
        share = self.coin.uniform(0.4, 0.9)
        lines = self.coin.choice((10, 30))
        trunk = {"trunk": "t1", "trunk_capacity": lines, "trunk_peak": lines}
        traffic = calls(900, busy=share, answered=1 - share)
        fleet = provider(number(routing=trunk, **traffic), number(TWO, **WELL))
        return self._drawn("a full trunk", Cause.CAPACITY_EXCEEDED, providers=(fleet,))

    def ended_for_everybody(self) -> Drawn:
        """The cap of the month is spent, and a phone is out besides."""
        capped = {"spend_cap": 100, "month_spend": self.coin.choice((100, 140))}
        return self._drawn(
            "the cap is spent",
            Cause.SPEND_CAP_REACHED,
            noisy=False,
            providers=(self._fleet(),),
            events=(to_account(capped), to_phone("b1", self.coin.choice(("off", "busy")))),
        )
