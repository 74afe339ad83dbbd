"""What says that anything else is known of an account than a moment before."""

from aiohttp import web

from agent.replicas.replica import state_of
from tests.polling.polling_bench import settings_of


async def test_signs_differ_once_anything_else_is_known(bench):
    """Also of a poll under way: what was sent counts for whoever polls the account next."""
    bench.server.answers["/hq/numbers"] = {"4006220001": "active"}
    await bench.pollers.prepare(settings_of("hq", polling={"breaker_failures": 3}))
    await bench.pollers.poll_once("north", "hq")
    poller = bench.pollers.poller(("north", "hq"))
    first = poller.signs
    assert poller.signs == first
    seen = []

    async def looked_at(_request):
        seen.append(poller.signs)
        return web.Response(status=500)

    bench.server.answers["/hq/numbers"] = looked_at
    marks = poller.breaker_marks
    await bench.pollers.poll_once("north", "hq")
    assert seen[0] != first
    assert seen[0][0] is first[0], "nothing was merged yet"
    assert poller.signs[0] is not first[0]
    assert poller.breaker_marks != marks
    assert poller.signs[-len(marks) :] == poller.breaker_marks
    assert state_of(poller, 0.0).signs == poller.signs, "what was written is compared with these"
