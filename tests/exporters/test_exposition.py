"""Pages: order, atomic publishing, reuse of unchanged parts, parts that fail."""

import asyncio
import gzip
from random import Random

import numpy as np
import pytest
from prometheus_client.openmetrics.parser import (
    text_string_to_metric_families as parse_openmetrics,
)
from prometheus_client.parser import text_string_to_metric_families as parse_text
from structlog.testing import capture_logs

from exporters.block import Block, Frame
from exporters.bundle import BUNDLE_SAMPLES, label_texts
from exporters.exposition import Exposition, Page
from exporters.family import FAMILIES
from exporters.formats import Format
from exporters.sample_lines import sample_lines
from exporters.telemetry import Telemetry
from tests.exporters.pages import number_frame, up_block
from tests.proof_size import size

OPENMETRICS = "application/openmetrics-text;version=1.0.0"


def page_text(page: Page) -> str:
    body = gzip.decompress(page.body) if page.content_encoding else bytes(page.body)
    return body.decode()


async def shown(exposition: Exposition, accept: str = "", encoding: str = "gzip") -> str:
    return page_text(await exposition.scrape(accept, encoding))


def values_of(page: str, name: str = "numwatch_number_up") -> list[float]:
    families = {family.name: family for family in parse_text(page)}
    return [sample.value for sample in families[name].samples] if name in families else []


async def test_families_are_whole_and_in_the_catalogues_order():
    exposition = Exposition()
    names = list(FAMILIES)[:20]
    for owner in ("north/hq", "south/hq"):
        labels = ("provider", "account")
        frame = Frame.of(labels, [[part] for part in owner.split("/")])
        exposition.publish(
            owner, [Block(FAMILIES[name], frame, np.ones(1)) for name in reversed(names)]
        )
    lines = (await shown(exposition)).splitlines()
    assert [line.split()[2] for line in lines if line.startswith("# TYPE")] == names
    samples = [line.split("{")[0] for line in lines if not line.startswith("#")]
    assert samples == [name for name in names for _ in range(2)]


@pytest.mark.parametrize("encoding", ["", "gzip"])
@pytest.mark.parametrize("accept", ["", OPENMETRICS])
async def test_all_formats_and_encodings_show_the_same(accept, encoding):
    telemetry = Telemetry()
    exposition = Exposition(telemetry.render)
    calls = FAMILIES["numwatch_number_calls_total"]
    info = FAMILIES["numwatch_number_info"]
    frame = number_frame(["4006220001", "4006220002"])
    exposition.publish(
        "north/hq",
        [
            up_block(["4006220001", "4006220002"], [1, 0]),
            Block(calls, frame, np.array([3.0, 4.0])),
            Block(info, frame, np.ones(2)),
        ],
    )
    page = await exposition.scrape(accept, encoding)
    parse = parse_openmetrics if accept else parse_text
    found = {
        (sample.name, sample.labels.get("number")): sample.value
        for family in parse(page_text(page))
        for sample in family.samples
    }
    assert found["numwatch_number_up", "4006220002"] == 0
    assert found["numwatch_number_calls_total", "4006220002"] == 4
    assert found["numwatch_number_info", "4006220001"] == 1
    assert found["numwatch_build_info", None] == 1
    assert page.content_encoding == (encoding or None)
    expected = Format.OPENMETRICS if accept else Format.TEXT
    assert page.content_type == expected.value


async def test_openmetrics_names_units_and_ends():
    exposition = Exposition(Telemetry().render)
    families = ("numwatch_number_reclaim_timestamp_seconds", "numwatch_number_calls_total")
    frame = number_frame(["4006220001"])
    exposition.publish("a", [Block(FAMILIES[name], frame, np.ones(1)) for name in families])
    page = await shown(exposition, OPENMETRICS)
    assert "# TYPE numwatch_number_calls counter\nnumwatch_number_calls_total{" in page
    assert "# UNIT numwatch_number_reclaim_timestamp_seconds seconds\n" in page
    assert page.endswith("\n# EOF\n")
    assert page.count("# EOF") == 1
    plain = await shown(exposition)
    assert "# EOF" not in plain
    assert "# UNIT" not in plain


async def test_an_empty_exposition_is_an_empty_page():
    assert await shown(Exposition()) == ""
    assert await shown(Exposition(), OPENMETRICS) == "# EOF\n"


async def test_blocks_without_samples_leave_no_header():
    exposition = Exposition()
    exposition.publish("a", [up_block([], [])])
    assert await shown(exposition) == ""


async def test_an_unchanged_page_is_the_very_same_one():
    exposition = Exposition()
    exposition.publish("a", [up_block(["1"], [1])])
    first = await exposition.scrape("", "gzip")
    assert await exposition.scrape("", "gzip") is first
    exposition.publish("a", [up_block(["1"], [0])])
    assert await exposition.scrape("", "gzip") is not first


@pytest.fixture
def rendered(monkeypatch):
    """The names of the families that are rendered, and the label text of frames as ``labels``."""
    names: list[str] = []

    def lines(name, *rest):
        names.append(name)
        return sample_lines(name, *rest)

    def texts(frames):
        names.append("labels")
        return label_texts(frames)

    monkeypatch.setattr("exporters.bundle.sample_lines", lines)
    monkeypatch.setattr("exporters.bundle.label_texts", texts)
    return names


async def test_only_changed_families_of_changed_bundles_are_rendered_again(rendered):
    exposition = Exposition()
    frame = number_frame([str(row) for row in range(BUNDLE_SAMPLES)])
    large = [
        Block(FAMILIES[name], frame, np.ones(frame.rows))
        for name in ("numwatch_number_up", "numwatch_number_bindings")
    ]
    exposition.publish("large", large)
    exposition.publish("b", [up_block(["2"], [1])])
    await exposition.scrape()
    assert rendered == [
        "labels",
        "numwatch_number_up",
        "numwatch_number_bindings",
        "labels",
        "numwatch_number_up",
    ]
    rendered.clear()
    changed = Block(FAMILIES["numwatch_number_bindings"], frame, np.zeros(frame.rows))
    exposition.publish("large", [large[0], changed])
    assert values_of(await shown(exposition)) == [1] * (frame.rows + 1)
    assert rendered == ["numwatch_number_bindings"]


@pytest.mark.parametrize("seed", range(size(1, 4)))
async def test_a_page_is_the_same_however_it_came_about(seed):
    """Owners of all sizes come, change, grow and go; in the end the page is as of a new agent."""
    random = Random(seed)
    exposition = Exposition()
    present: dict[str, list[Block]] = {}
    for _ in range(60):
        owner = f"owner{random.randrange(25)}"
        if owner in present and random.random() < 0.2:
            del present[owner]
            exposition.withdraw(owner)
        else:
            rows = random.choice((0, 1, 3, 100, 5000, BUNDLE_SAMPLES))
            numbers = [f"{owner}-{row}" for row in range(rows)]
            values = [float(random.randrange(3)) for _ in numbers]
            some = np.flatnonzero(values)
            present[owner] = [
                up_block(numbers, values),
                Block(
                    FAMILIES["numwatch_number_bindings"],
                    number_frame(numbers),
                    np.array(values)[some],
                    some,
                ),
            ]
            exposition.publish(owner, present[owner])
        if random.random() < 0.5:
            await exposition.scrape()
    anew = Exposition()
    for owner, blocks in present.items():
        anew.publish(owner, blocks)
    page = await shown(exposition)
    assert sorted(page.splitlines()) == sorted((await shown(anew)).splitlines())
    up = [value for owner in present for value in present[owner][0].values]
    assert sorted(values_of(page)) == sorted(up)


async def test_publishing_replaces_and_withdrawing_removes_an_owner():
    exposition = Exposition()
    exposition.publish("a", [up_block(["1", "2"], [1, 1])])
    exposition.publish("a", [up_block(["3"], [0])])
    assert values_of(await shown(exposition)) == [0]
    exposition.withdraw("a")
    exposition.withdraw("never there")
    assert values_of(await shown(exposition)) == []
    assert exposition.blocks() == ()


async def test_a_page_never_mixes_old_and_new():
    exposition = Exposition()
    numbers = [str(row) for row in range(4_000)]
    frame = number_frame(numbers)
    names = ("numwatch_number_up", "numwatch_number_bindings")

    def publish(value: float) -> None:
        blocks = [Block(FAMILIES[name], frame, np.full(len(numbers), value)) for name in names]
        exposition.publish("a", blocks)

    publish(0)
    for round_ in range(1, 6):
        scrape = asyncio.ensure_future(exposition.scrape())
        await asyncio.sleep(0)
        publish(round_)
        page = page_text(await scrape)
        seen = {value for name in names for value in values_of(page, name)}
        assert len(seen) == 1


async def test_concurrent_scrapes_get_whole_pages():
    exposition = Exposition()
    exposition.publish("a", [up_block([str(row) for row in range(5_000)], [1] * 5_000)])
    wanted = [("", "gzip"), (OPENMETRICS, "gzip"), ("", ""), (OPENMETRICS, "")] * 4
    pages = await asyncio.gather(*(shown(exposition, *headers) for headers in wanted))
    assert all(page.count('number="') == 5_000 for page in pages)


class Unreadable:
    """A column that fails when it is read."""

    def __len__(self) -> int:
        return 1

    def __getitem__(self, _: object) -> str:
        raise RuntimeError("this column cannot be read")


async def test_a_block_that_cannot_be_rendered_costs_only_itself():
    telemetry = Telemetry()
    exposition = Exposition(telemetry.render, telemetry.scrape_errors.inc)
    bad = Block(FAMILIES["numwatch_number_up"], Frame.of(("number",), (Unreadable(),)), np.ones(1))
    exposition.publish("bad", [bad])
    exposition.publish("good", [up_block(["1"], [1])])
    with capture_logs() as logs:
        page = await shown(exposition)
        await exposition.scrape()
    assert values_of(page) == [1]
    assert "numwatch_scrape_errors_total 1.0" in page
    assert [line["event"] for line in logs] == ["metrics_part_left_out"]


async def test_own_metrics_that_fail_cost_only_themselves():
    def broken(_: Format) -> bytes:
        raise RuntimeError("no metrics today")

    exposition = Exposition(broken)
    exposition.publish("a", [up_block(["1"], [1])])
    with capture_logs() as logs:
        assert values_of(await shown(exposition)) == [1]
        assert (await shown(exposition, OPENMETRICS)).endswith("# EOF\n")
    assert len(logs) == 1, "one line on going bad"
