"""What Grafana's Prometheus data source asks, answered by the agent as by a real Prometheus.

Health check, Explore, dashboards, variables, annotations, the metrics browser and the alert
list: every call goes to both, by GET and as a form, and the answers are put side by side.
"""

import json
import time
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

import pytest

from tests.integration.conftest import Story
from tests.integration.processes import wait_until

pytestmark = pytest.mark.integration

Parameters = tuple[tuple[str, str], ...]
Answer = tuple[int, str, Any]

SCRAPED = ("job", "instance")
"""Labels that a scrape adds."""
TWO = '(vector(1) or label_replace(vector(1), "of", "two", "", ""))'
"""Two series that there are at any time: a scrape that failed leaves none of its own."""
LONG_AGO = (("start", "1600000000"), ("end", "1600000060"))

SAME: tuple[tuple[str, str, Parameters], ...] = (
    # The health check, and instants as Explore and tables ask for them.
    ("POST", "query", (("query", "1+1"), ("time", "4"))),
    ("POST", "query", (("query", "vector(time())"), ("time", "1600000000.123"))),
    ("POST", "query", (("query", "vector(1)"), ("time", "2020-09-13T12:26:40Z"), ("limit", "9"))),
    ("GET", "query", (("query", "vector(1e21)"), ("time", "-5"), ("timeout", "60"))),
    ("GET", "query", (("query", "vector(NaN) or vector(1)"), ("time", "5"), ("timeout", "30s"))),
    ("GET", "query", (("query", '"text"'), ("time", "5.0005"))),
    ("GET", "query", (("query", "1e-7 * 3"), ("time", "5"))),
    ("GET", "query", (("query", r'label_replace(vector(1), "a", "\"<é>&\n", "", "")'),)),
    ("GET", "query", (("query", "histogram_count(numwatch_number_info)"),)),
    ("GET", "query", (("query", "numwatch_build_info"),)),
    ("POST", "query", (("query", "count by (provider) (numwatch_number_info)"),)),
    # Graphs.
    ("POST", "query_range", (("query", "vector(time())"), *LONG_AGO, ("step", "15"))),
    ("POST", "query_range", (("query", "time() / 7"), *LONG_AGO, ("step", "0.5"))),
    ("GET", "query_range", (("query", "hour() > 99"), *LONG_AGO, ("step", "15s"))),
    ("GET", "query_range", (("query", "scalar(vector(2))"), *LONG_AGO, ("step", "1d"))),
    # Variables and the metrics browser.
    ("GET", "labels", (("match[]", "numwatch_build_info"), ("limit", "40000"))),
    ("POST", "labels", (("match[]", "numwatch_build_info"), ("match[]", "numwatch_number_info"))),
    ("GET", "labels", (("match[]", "none"),)),
    ("GET", "labels", (("start", "2"), ("end", "1"))),
    ("GET", "label/__name__/values", (("match[]", '{__name__=~"numwatch_account_b.*"}'),)),
    ("GET", "label/number/values", (("match[]", "numwatch_number_info"), ("limit", "40000"))),
    ("GET", "label/none/values", ()),
    ("GET", "series", (("match[]", "numwatch_number_info"), ("limit", "40000"))),
    ("POST", "series", (("match[]", '{__name__="numwatch_build_info"}'), ("match[]", "none"))),
    ("GET", "series", (("match[]", "numwatch_build_info"), ("start", "2"), ("end", "1"))),
    ("GET", "metadata", (("metric", "none"),)),
    ("GET", "metadata", (("metric", "numwatch_number_up"), ("limit", "5"))),
    # Exemplars, and the query editor's "format query".
    ("POST", "query_exemplars", (("query", "up"), *LONG_AGO)),
    ("GET", "format_query", (("query", 'sum( rate( x{a="b"}[5m]))by(a)/foo offset 5m'),)),
    ("POST", "format_query", (("query", "foo @ -5 + on (a) group_left bar @ 1600000000.5"),)),
)
ALIKE: tuple[tuple[str, str, Parameters], ...] = (
    ("GET", "query", (("query", "1+1"),)),
    ("GET", "query", (("query", "numwatch_number_bindings[10s]"),)),
    ("GET", "status/buildinfo", ()),
    ("GET", "rules", ()),
    ("GET", "rules", (("type", "alert"),)),
    ("GET", "rules", (("type", "record"),)),
    ("GET", "alerts", ()),
    ("GET", "metadata", (("metric", "numwatch_number_up"), ("limit_per_metric", "1"))),
)
REFUSED: tuple[tuple[str, str, Parameters], ...] = (
    ("POST", "query", (("query", "sum("),)),
    ("POST", "query", ()),
    ("POST", "query", (("query", "up"), ("time", "now"))),
    ("POST", "query", (("query", "up"), ("timeout", "soon"))),
    ("POST", "query", (("query", "count_values('a-b', vector(1))"),)),
    ("POST", "query", (("query", f"{TWO} + on () {TWO}"),)),
    ("GET", "query_range", (("query", '"text"'), *LONG_AGO, ("step", "1"))),
    ("GET", "query_range", (("query", "up[5m]"), *LONG_AGO, ("step", "1"))),
    ("GET", "query_range", (("query", "up"), ("start", "x"), ("end", "2"), ("step", "1"))),
    ("GET", "query_range", (("query", "up"), ("start", "1"), ("step", "1"))),
    ("GET", "query_range", (("query", "up"), *LONG_AGO)),
    ("GET", "query_range", (("query", "up"), *LONG_AGO, ("step", "soon"))),
    ("GET", "query_range", (("query", "up"), *LONG_AGO, ("step", "0.001"))),
    ("GET", "labels", (("match[]", "sum(x)"),)),
    ("GET", "labels", (("match[]", "{}"),)),
    ("GET", "labels", (("match[]", "up offset 5m"),)),
    ("GET", "labels", (("start", "then"),)),
    ("GET", "label/1a/values", ()),
    ("GET", "series", (("match[]", "up[5m]"),)),
    ("GET", "metadata", (("limit", "few"),)),
    ("GET", "query_exemplars", (("query", "sum("), *LONG_AGO)),
    ("GET", "query_exemplars", (("query", "up"), ("start", "2"), ("end", "1"))),
    ("GET", "query_exemplars", (("query", "up"), ("start", "x"), ("end", "1"))),
    ("GET", "format_query", (("query", "sum("),)),
)


def ask(base: str, method: str, path: str, parameters: Parameters) -> Answer:
    """Status, content type and document."""
    encoded = urllib.parse.urlencode(parameters)
    url, form = f"{base}/api/v1/{path}", encoded.encode() if method == "POST" else None
    request = urllib.request.Request(url if form else f"{url}?{encoded}", form, method=method)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.headers["Content-Type"], json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, error.headers["Content-Type"], json.loads(error.read())


def plain(document: Any) -> Any:
    """Without what a scrape adds, and lists of series in one order."""
    if isinstance(document, dict):
        return {name: plain(value) for name, value in document.items() if name not in SCRAPED}
    if not isinstance(document, list):
        return document
    items = [plain(one) for one in document if one not in SCRAPED]
    is_series = all(isinstance(one, dict) for one in items)
    return sorted(items, key=json.dumps) if is_series else items


def shape(document: Any) -> Any:
    """Keys and kinds of values; of a list those of its first entry."""
    if isinstance(document, dict):
        kinds = {name: shape(value) for name, value in document.items()}
        # Which labels there are is the story's affair.
        return kinds if not {"metric", "alertname"} & set(kinds) else sorted(kinds)
    if isinstance(document, list):
        return [shape(one) for one in document[:1]]
    is_number = isinstance(document, int | float) and not isinstance(document, bool)
    return "number" if is_number else type(document).__name__


@pytest.fixture(scope="module")
def scraped(story: Story) -> Story:
    """The story once Prometheus knows of it and has evaluated its rules."""
    query = ("query", "count(numwatch_number_info) > 9 and on() max_over_time(ALERTS[10m])")

    def is_known() -> bool:
        # As of a moment ago, because the tests ask for that: the first scrape may be younger.
        known: Parameters = (query, ("time", f"{time.time() - 1:.3f}"))
        return all(
            ask(base, "GET", "query", known)[2]["data"]["result"]
            for base in (story.agent, story.prometheus)
        )

    wait_until(is_known, 90, f"numbers and alerts in Prometheus: {story.log}")
    return story


def both(story: Story, method: str, path: str, parameters: Parameters) -> tuple[Answer, Answer]:
    ours, theirs = (ask(base, method, path, parameters) for base in (story.agent, story.prometheus))
    return ours, theirs


@pytest.mark.parametrize(("method", "path", "parameters"), SAME)
def test_grafana_is_answered_as_by_prometheus(
    scraped: Story, method: str, path: str, parameters: Parameters
) -> None:
    query = parameters
    if path == "query" and "time" not in dict(parameters):
        query = (*parameters, ("time", f"{time.time() - 1:.3f}"))

    def same() -> bool:
        seen[:] = both(scraped, method, path, query)
        (status, kind, document), (their_status, their_kind, theirs) = seen
        assert (status, kind) == (their_status, their_kind) == (200, "application/json")
        return bool(plain(document) == plain(theirs))

    seen: list[Answer] = []
    wait_until(same, 30, f"both say the same of {path} {query}: {seen}")


@pytest.mark.parametrize(("method", "path", "parameters"), ALIKE)
def test_what_differs_by_nature_has_prometheus_shape(
    scraped: Story, method: str, path: str, parameters: Parameters
) -> None:
    ours, theirs = both(scraped, method, path, parameters)
    assert ours[:2] == theirs[:2] == (200, "application/json")
    assert ours[2]["status"] == "success"
    if path == "rules":
        names = [[group["name"] for group in one[2]["data"]["groups"]] for one in (ours, theirs)]
        assert names[0] == names[1]
    if path == "alerts":
        assert ours[2].keys() == theirs[2].keys()
        assert ours[2]["data"].keys() == theirs[2]["data"].keys()
        return
    assert shape(ours[2]) == shape(theirs[2])


@pytest.mark.parametrize(("method", "path", "parameters"), REFUSED)
def test_what_prometheus_refuses_is_refused_alike(
    scraped: Story, method: str, path: str, parameters: Parameters
) -> None:
    ours, theirs = both(scraped, method, path, parameters)
    assert ours[:2] == theirs[:2]
    assert ours[0] in {400, 422}
    assert ours[2].keys() == theirs[2].keys()
    assert ours[2]["errorType"] == theirs[2]["errorType"]
    named = [one[2]["error"].startswith("invalid parameter ") for one in (ours, theirs)]
    assert named[0] is named[1] or path == "labels", (ours, theirs)
