"""Phones whose state an API tells one by one: in turns, within a budget that survives a restart."""

import pytest
from aiohttp import web

from agent.clock import AgentClock
from agent.config.inventory.inventory import Inventory, InventoryNumber, InventoryPhone
from agent.config.inventory.section import InventorySection
from agent.config.secret import Secret
from agent.config.settings import Account, Polling, ProviderSettings
from agent.net.exchange import ProviderError
from agent.providers.base import AdapterReports
from agent.providers.paid_queries import MemoryPages
from agent.providers.registry import build, problems
from agent.states import BindingKind, PollFailure
from tests.net.http_bench import serving
from tests.providers.profile_bench import Recorder, mistakes, profile_file

NOW = 1_800_000_000.0
HOUR, DAY = 3600.0, 86_400.0
NUMBER = "4000000001"
STATUS = """
reachability:
  path: /phone_status
  query: {tel: "{phone}"}
  records: data
  fields:
    state: {path: status, values: {NORMAL: ok, SHUTDOWN: arrears}}
    carrier: carrier
"""
PAID = STATUS.replace("  records", "  cost: 0.5\n  records")
SELDOM = STATUS.replace("  records", "  every: 12h\n  records")
PHONES = """
numbers:
  path: /numbers
  records: items
  fields: {number: number, state: {const: active}}
phones:
  path: /phones
  records: items
  fields: {number: number, id: tel, phone: tel, kind: {const: mobile}}
"""


def phone(index, **known):
    return InventoryPhone(f"p{index}", f"1380000{index:04}", position=index + 1, **known)


def inventory(count):
    return Inventory.of([InventoryNumber(NUMBER, phones=tuple(map(phone, range(count))))])


class World:
    """A provider whose answers the test sets, and an account at it."""

    def __init__(self, bench, tmp_path, text, count=4):
        self.bench, self.profile = bench, profile_file(tmp_path, text)
        self.inventory, self.count = inventory(count), count
        self.words, self.asked, self.now = {}, [], NOW
        self.pages, self.spent, self.texts = MemoryPages(), [], []
        self.budget, self.limits, self.url = 0.0, {}, ""

    def answer(self, sent):
        if sent.path == "/phones":
            items = [{"number": NUMBER, "tel": it.phone} for it in self.inventory.numbers[0].phones]
            return {"items": items}
        self.asked.append(sent.query["tel"])
        word = self.words.get(sent.query["tel"], "NORMAL")
        if isinstance(word, int):
            return web.Response(status=word, text="{}")
        return {"data": [] if word is None else {"status": word, "carrier": "CMCC"}}

    def clock(self):
        return self.now

    def provider(self):
        """The account's provider, as a start of the agent makes it."""
        account = Account(
            id="hq",
            credentials={"key": Secret("k")},
            daily_budget=self.budget,
            inventory=InventorySection().with_file_content(self.inventory.numbers),
        )
        settings = ProviderSettings(
            name="north", profile=self.profile, base_url=self.url, accounts=[account]
        )
        return build(
            settings,
            account,
            self.bench.client.fetch,
            Polling(**self.limits),
            reports=AdapterReports(
                spent=self.spent.append, misfits=lambda _, texts: self.texts.extend(texts)
            ),
            clock=self.clock,
            pages=self.pages,
        )

    async def states(self, provider):
        phones = (await provider.reachability([NUMBER]))[NUMBER]
        return {it.id: str(it.state) for it in phones}


@pytest.fixture
async def free(bench, tmp_path):
    world = World(bench, tmp_path, STATUS)
    async with serving(Recorder(world.answer)) as server:
        world.url = server.url
        yield world


@pytest.fixture
async def paid(bench, tmp_path):
    world = World(bench, tmp_path, PAID)
    async with serving(Recorder(world.answer)) as server:
        world.url = server.url
        yield world


async def test_each_phone_of_the_inventory_is_asked_for(free):
    free.words = {phone(1).phone: "SHUTDOWN"}
    bindings = (await free.provider().reachability([NUMBER]))[NUMBER]
    assert sorted(free.asked) == [phone(it).phone for it in range(4)]
    assert [(it.id, str(it.state), it.native_status) for it in bindings] == [
        ("p0", "ok", "NORMAL"),
        ("p1", "arrears", "SHUTDOWN"),
        ("p2", "ok", "NORMAL"),
        ("p3", "ok", "NORMAL"),
    ]
    assert {it.carrier for it in bindings} == {"CMCC"}
    assert [it.position for it in bindings] == [1, 2, 3, 4]


async def test_the_phones_that_another_operation_lists_are_asked_for(bench, tmp_path):
    world = World(bench, tmp_path, PHONES + STATUS)
    async with serving(Recorder(world.answer)) as server:
        world.url = server.url
        full, world.inventory = world.inventory, Inventory()
        provider = world.provider()
        world.inventory = full
        bindings = (await provider.reachability([NUMBER]))[NUMBER]
    assert [(it.phone, it.kind, str(it.state)) for it in bindings] == [
        (phone(it).phone, BindingKind.MOBILE, "ok") for it in range(4)
    ]


async def test_one_phone_that_fails_is_unknown_and_said(free):
    free.words = {phone(1).phone: 400, phone(2).phone: "SURPRISE", phone(3).phone: None}
    states = await free.states(free.provider())
    assert states == {"p0": "ok", "p1": "unknown", "p2": "unknown", "p3": "unknown"}
    assert any("HTTP 400" in text for text in free.texts)


async def test_what_concerns_all_phones_fails_the_poll(free):
    free.words = {phone(0).phone: 401}
    with pytest.raises(ProviderError) as caught:
        await free.provider().reachability([NUMBER])
    assert caught.value.kind is PollFailure.AUTH


async def test_a_phone_that_the_provider_does_not_know_has_the_state_that_the_profile_says(
    bench, tmp_path
):
    text = STATUS.replace(
        "  records", "  absent_state: unregistered\n  not_found_status: [404]\n  records"
    )
    world = World(bench, tmp_path, text)
    world.words = {phone(0).phone: 404, phone(1).phone: None}
    async with serving(Recorder(world.answer)) as server:
        world.url = server.url
        states = await world.states(world.provider())
    assert states == {"p0": "unregistered", "p1": "unregistered", "p2": "ok", "p3": "ok"}


async def test_a_poll_asks_no_more_than_it_has_time_for_and_the_longest_not_asked_first(free):
    free.limits = {"rate": 2.0, "timeout": 2.0}
    provider = free.provider()
    rounds = []
    for _ in range(4):
        free.asked.clear()
        await provider.reachability([NUMBER])
        rounds.append(sorted(free.asked))
        free.now += 60
    assert [len(it) for it in rounds] == [2, 2, 2, 2]
    assert rounds[0] == rounds[2] != rounds[1] == rounds[3]


async def test_nothing_is_spent_without_a_budget(paid):
    states = await paid.states(paid.provider())
    assert not paid.asked
    assert set(states.values()) == {"unknown"}
    assert sum(paid.spent) == 0


async def test_the_budget_is_kept_over_restarts_and_days_and_shared_fairly(paid):
    paid.budget = 1.0
    states = await paid.states(paid.provider())
    assert len(paid.asked) == 2
    assert sorted(states.values()) == ["ok", "ok", "unknown", "unknown"]
    # A restart, later on the same day: what was paid for is known, no more is spent.
    paid.now += HOUR
    again = await paid.states(paid.provider())
    assert again == states
    assert len(paid.asked) == 2
    # The next day the others come first.
    paid.now += DAY
    await paid.states(paid.provider())
    assert len(set(paid.asked)) == len(paid.asked) == 4
    assert sum(paid.spent) == 2.0


async def test_an_answer_that_is_too_old_is_unknown_and_says_its_time(paid):
    paid.budget = 0.5
    provider = paid.provider()
    await paid.states(provider)
    (first,) = paid.asked
    paid.now += 3 * DAY
    bindings = (await provider.reachability([NUMBER]))[NUMBER]
    assert len(paid.asked) == 2
    old = next(it for it in bindings if it.phone == first)
    new = next(it for it in bindings if it.phone == paid.asked[1])
    assert (str(old.state), old.native_status, old.state_at) == ("unknown", "NORMAL", NOW)
    assert (str(new.state), new.state_at) == ("ok", paid.now)


async def test_a_paid_request_that_fails_is_paid_and_not_repeated_at_once(paid):
    paid.budget = 100.0
    paid.words = {phone(0).phone: 500, phone(1).phone: 400}
    with pytest.raises(ProviderError):
        await paid.provider().reachability([NUMBER])
    asked = len(paid.asked)
    assert sum(paid.spent) == 0.5 * asked
    await paid.states(paid.provider())
    assert paid.asked.count(phone(0).phone) <= 1


async def test_only_mobiles_are_asked_for(bench, tmp_path):
    world = World(bench, tmp_path, STATUS.replace("  records", "  only_mobiles: true\n  records"))
    phones = (
        phone(0),
        phone(1, kind=BindingKind.LANDLINE),
        InventoryPhone("p2", "01012345678"),
        InventoryPhone("p3", "4001", kind=BindingKind.MOBILE),
    )
    world.inventory = Inventory.of([InventoryNumber(NUMBER, phones=phones)])
    async with serving(Recorder(world.answer)) as server:
        world.url = server.url
        await world.states(world.provider())
    assert sorted(world.asked) == [phone(0).phone, "4001"]


WHOLE = f"name: example\ntitle: Example\nbase_url: https://api.example.com{PHONES}{PAID}"


@pytest.mark.parametrize(
    ("good", "bad", "expected"),
    [
        ('{tel: "{phone}"}', "{}", "8: phones: is of no use, expected {phone} or {phone_id} in"),
        ("cost: 0.5", "cost: 0", "16: reachability.cost: must be more than 0"),
        (
            "cost: 0.5",
            "max_age: 1h\n  every: 2h",
            "16: reachability.max_age: is shorter than every",
        ),
        ("cost: 0.5", "paging: {kind: page}", "16: reachability.paging: does not go with {phone}"),
        ("cost: 0.5", "absent_state: gone", "16: reachability.absent_state: is not one of the kn"),
        (
            "  path: /numbers",
            "  path: /numbers\n  cost: 1",
            "6: numbers.cost: is for what is asked",
        ),
        (
            "  path: /numbers",
            "  path: /numbers\n  absent_state: arrears",
            "6: numbers.absent_state: is for what is asked once per phone, expected {phone} in",
        ),
    ],
)
def test_each_mistake_has_its_line_and_remedy(tmp_path, good, bad, expected):
    assert mistakes(tmp_path, WHOLE) == []
    found = mistakes(tmp_path, WHOLE.replace(good, bad, 1))
    assert [it for it in found if it.startswith(expected)], found


def test_the_configuration_must_have_what_the_profile_asks_for(tmp_path):
    def found(text, phones=True, **account):
        settings = ProviderSettings(
            name="north",
            profile=profile_file(tmp_path, text),
            base_url="https://api.example.com",
            accounts=[
                Account(
                    id="hq",
                    credentials={"key": Secret("k")},
                    inventory=InventorySection().with_file_content(
                        inventory(1).numbers if phones else ()
                    ),
                    **account,
                )
            ],
        )
        whole = type("Whole", (), {"providers": (settings,)})
        return [".".join(map(str, it.path)) + f": {it.text}" for it in problems(whole)]

    assert found(PAID, daily_budget=5) == []
    assert found(PHONES + STATUS, phones=False) == []
    (text,) = found(STATUS, daily_budget=5)
    assert (
        text == "providers.0.accounts.0.daily_budget: is of no use, no request of profile example"
        " costs money"
    )
    # Without a budget nothing is sent that costs money, and no phone is needed.
    assert found(PAID, phones=False) == []
    (text,) = found(PAID, phones=False, daily_budget=5)
    assert text.startswith("providers.0.accounts.0.inventory: has no phones, which profile example")


@pytest.mark.parametrize("operation", [SELDOM, PAID], ids=["free", "paid"])
@pytest.mark.parametrize("step", [-86_400.0, -3600.0, 3600.0, 86_400.0])
async def test_no_state_is_older_for_a_clock_that_is_set(operation, step, bench, tmp_path):
    world = World(bench, tmp_path, operation)
    world.budget = 10.0 if operation is PAID else 0.0
    passed = [0.0]
    world.clock = AgentClock(lambda: world.now + passed[0], lambda: passed[0])
    async with serving(Recorder(world.answer)) as server:
        world.url = server.url
        provider = world.provider()
        before = (await provider.reachability([NUMBER]))[NUMBER]
        assert {it.state_at for it in before if it.state_at} == {world.now}
        world.now += step
        passed[0] += 60
        await world.clock.follow()
        queries = len(world.asked)
        after = (await provider.reachability([NUMBER]))[NUMBER]
        assert len(world.asked) == queries
        assert {world.clock() - it.state_at for it in after if it.state_at} == {60}
        assert [it.state for it in after] == [it.state for it in before]
