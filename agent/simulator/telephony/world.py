"""How the numbers of a world behave when they are called by telephone."""

import random
from datetime import datetime

from agent.simulator.account import Account
from agent.simulator.calls import Moment, outcome
from agent.simulator.entities import Number
from agent.simulator.telephony.behaviour import BEHAVIOURS, Behaviour, behaviour_of
from agent.simulator.telephony.endpoint import Answering
from agent.simulator.world import World
from agent.simulator.world_time import CHINA
from agent.states import CallResult


def answering(world: World) -> Answering:
    """How each number of ``world`` behaves as things are when it is called."""

    def behave(called: str, caller: str) -> Behaviour | None:
        world.advance()
        for account in world.accounts.values():
            for number in account.numbers:
                if number.number == called:
                    return _behaviour(world, account, number, _user_of(caller))
        return None

    return behave


def _behaviour(world: World, account: Account, number: Number, caller: str) -> Behaviour:
    if number.test_call:
        return BEHAVIOURS[number.test_call]
    if account.capped:
        return behaviour_of(CallResult.SUSPENDED)
    local = datetime.fromtimestamp(world.clock.wall(), CHINA)
    moment = Moment(local.weekday(), local.hour * 60 + local.minute)
    rng = random.Random(f"{number.number}:{world.clock.now()}")  # nosec B311 # a simulation
    return behaviour_of(outcome(number, caller, moment, rng).result)


def _user_of(address: str) -> str:
    """The user part of a From header."""
    return address.partition("sip:")[2].partition("@")[0]
