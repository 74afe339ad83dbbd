"""The agent's own metrics."""

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.parser import text_string_to_metric_families
from structlog.testing import capture_logs

from agent.states import PollFailure
from exporters.formats import Format
from exporters.telemetry import Telemetry


def samples(telemetry: Telemetry, name: str) -> dict[tuple[str, ...], float]:
    page = telemetry.render(Format.TEXT).decode()
    return {
        tuple(sample.labels.values()): sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
        if sample.name == name
    }


def test_every_failure_reason_starts_at_zero():
    telemetry = Telemetry()
    telemetry.declare_account("north", "hq", ["numbers", "balance"])
    failures = samples(telemetry, "numwatch_poll_failures_total")
    assert len(failures) == 2 * len(PollFailure)
    assert set(failures.values()) == {0}
    assert len(samples(telemetry, "numwatch_poll_attempts_total")) == 2


def test_a_forgotten_account_leaves_the_page_and_others_stay():
    telemetry = Telemetry()
    for account in ("hq", "branch"):
        telemetry.declare_account("north", account, ["numbers"])
        telemetry.clock_skew.labels("north", account).set(1)
    telemetry.forget_account("north", "hq")
    page = telemetry.render(Format.TEXT).decode()
    assert 'account="hq"' not in page
    assert 'account="branch"' in page


def test_hostile_label_values_do_not_kill_the_page(promtool):
    telemetry = Telemetry()
    telemetry.sink_failures.labels('a"b\\c\nd', "\ud800\x00").inc()
    for format_ in Format:
        page = telemetry.render(format_).decode()
        assert 'sink="a\\"b\\\\c\\nd"' in page
        assert 'reason="��"' in page
    assert promtool(telemetry.render(Format.TEXT)) == ""


class Moody:
    """A collector that raises while it is broken."""

    broken = True

    def collect(self):
        if self.broken:
            raise RuntimeError("no")
        yield GaugeMetricFamily("numwatch_moody", "Whether the collector is in the mood.", 1)


def test_a_raising_collector_is_left_out_counted_and_logged_once():
    telemetry, moody = Telemetry(), Moody()
    moody.describe = list
    telemetry.registry.register(moody)
    with capture_logs() as logs:
        assert b"numwatch_build_info" in telemetry.render(Format.TEXT)
        telemetry.render(Format.TEXT)
        moody.broken = False
        assert samples(telemetry, "numwatch_moody") == {(): 1}
    assert [line["event"] for line in logs] == ["metrics_part_left_out", "metrics_part_recovered"]
    assert samples(telemetry, "numwatch_scrape_errors_total") == {(): 2}
    telemetry.registry.unregister(moody)
    assert samples(telemetry, "numwatch_moody") == {}


def test_no_created_series():
    assert b"_created" not in Telemetry().render(Format.OPENMETRICS)


def test_the_build_is_shown():
    assert next(iter(samples(Telemetry("9.9.9"), "numwatch_build_info")))[1] == "9.9.9"
