"""What the metrics of a replica say of accounts without an owner, and of its clock."""

from agent.model import AccountKey
from agent.replicas.series import OWNED_AFTER, UNOWNED_AFTER, ReplicaSeries
from agent.store.leases import account_lease
from agent.store.postgresql.lease_keeper import Survey
from exporters.formats import Format
from exporters.telemetry import Telemetry

KEYS: list[AccountKey] = [("north", "hq"), ("north", "shop")]
ACCOUNTS = {key: account_lease(*key) for key in KEYS}


class Replica:
    """The series of a replica and the second that it is."""

    def __init__(self) -> None:
        self.now = 0.0
        self.telemetry = Telemetry()
        self.series = ReplicaSeries(self.telemetry, "db1/numwatch", lambda: self.now)

    def survey(self, *free: AccountKey, ahead: float = 0.0) -> list[str]:
        """Look at the database, a second after the last time; what is unowned then."""
        self.now += 1
        names = [ACCOUNTS[key] for key in free]
        self.series.note(Survey({"a", "b"}, [*names, "sink:desk"], "", ahead), ACCOUNTS)
        return self.unowned()

    def unowned(self) -> list[str]:
        lines = self.lines("account_unowned{")
        return [line.partition('account="')[2].partition('"')[0] for line in lines]

    def lines(self, name: str) -> list[str]:
        page = self.telemetry.render(Format.TEXT).decode()
        return [line for line in page.splitlines() if line.startswith(f"numwatch_{name}")]


def test_an_account_that_nobody_takes_is_shown_and_one_that_is_about_to_be_taken_is_not() -> None:
    replica = Replica()
    shown = [replica.survey(*KEYS) for _ in range(3)]
    shown += [replica.survey(KEYS[0]) for _ in range(int(UNOWNED_AFTER) - 3)]
    assert shown == [[]] * int(UNOWNED_AFTER)
    assert replica.survey(KEYS[0]) == ["hq"]
    shown = [replica.survey() for _ in range(int(OWNED_AFTER))]
    assert shown == [*[["hq"]] * (int(OWNED_AFTER) - 1), []]
    assert replica.survey(KEYS[0]) == [], "free anew, and not for long"


def test_one_that_is_taken_and_given_back_again_and_again_has_no_owner() -> None:
    replica = Replica()
    for second in range(20):
        replica.survey(*KEYS[: second % 3 == 0])
    assert replica.unowned() == ["hq"]


def test_what_the_database_does_not_tell_any_more_is_not_shown() -> None:
    replica = Replica()
    for _ in range(12):
        replica.survey(KEYS[0], ahead=-3600.0)
    skew = 'database_clock_skew_seconds{database="db1/numwatch"} -3600.0'
    assert replica.lines("database_clock_skew") == [f"numwatch_{skew}"]
    assert replica.lines("replicas") == ["numwatch_replicas 2.0"]
    replica.series.forget()
    assert replica.unowned() == []
    assert replica.lines("database_clock_skew") == []
    assert replica.survey(KEYS[0]) == [], "how long it has been free is not known any more"


def test_an_account_that_is_not_configured_any_more_is_not_missed() -> None:
    replica = Replica()
    for _ in range(12):
        replica.survey(KEYS[0])
    assert replica.unowned() == ["hq"]
    replica.series.note(Survey({"a"}, [ACCOUNTS[KEYS[0]]], "", 0.0), {KEYS[1]: ACCOUNTS[KEYS[1]]})
    assert replica.unowned() == []
