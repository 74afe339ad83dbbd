"""Bodies that say they are compressed and are anything: an answer within the cap, or a reason."""

import asyncio
import gzip
import zlib
from http import HTTPStatus

from aiohttp import web
from hypothesis import example, given, settings
from hypothesis import strategies as st

from agent.net.decode import decode_json
from agent.net.exchange import Answer, ProviderError, Request
from agent.states import PollFailure
from tests.net.http_bench import open_client, serving
from tests.proof_size import size

CAP = 64 * 1024
JSON = b'{"items": [1, 2, "' + "号码".encode() * 50 + b'"]}'
RAW = zlib.compressobj(wbits=-15)
SEEDS = (
    gzip.compress(JSON),
    zlib.compress(JSON),
    RAW.compress(JSON) + RAW.flush(),
    gzip.compress(JSON) * 3,
    gzip.compress(b"") * 50 + gzip.compress(JSON),
    gzip.compress(b" " * 4 * CAP),
    b"(\xb5/\xfd\x04X" + JSON,
    b"\x0b\x02\x80" + JSON,
    JSON,
)
ENCODINGS = ("gzip", "deflate", "br", "zstd", "gzip, gzip", "identity", "GZIP", "x-gzip", "", "ÿ")
REASONS = {PollFailure.ENCODING, PollFailure.TOO_LARGE, PollFailure.DECODE, PollFailure.CHARSET}


@st.composite
def bodies(draw: st.DrawFn) -> tuple[str, bytes]:
    """A named encoding, and a body that is or was of some encoding."""
    data = draw(st.sampled_from(SEEDS))
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(data)))
        data = data[:at] + draw(st.binary(max_size=6)) + data[at + draw(st.integers(0, 9)) :]
    return draw(st.sampled_from(ENCODINGS)), data


async def outcomes(sent: list[tuple[str, bytes]], cap: int = CAP) -> list[Answer | ProviderError]:
    """What the client makes of each body."""
    waiting = list(sent)

    async def answer(_: web.Request) -> web.StreamResponse:
        encoding, body = waiting.pop(0)
        headers = {"Content-Encoding": encoding} if encoding else {}
        return web.Response(status=HTTPStatus.OK, body=body, headers=headers)

    made: list[Answer | ProviderError] = []
    async with serving(answer) as server, open_client(max_body=cap, request_timeout=20) as client:
        for _ in sent:
            try:
                made.append(await client.fetch(Request("GET", server.url + "/")))
            except ProviderError as error:
                made.append(error)
    return made


@settings(max_examples=size(8, 300))
@given(st.lists(bodies(), min_size=5, max_size=25))
@example([(encoding, seed) for encoding in ENCODINGS for seed in SEEDS])
def test_any_body_of_any_encoding_is_an_answer_or_has_a_reason(sent) -> None:
    async def check() -> None:
        for (encoding, body), outcome in zip(sent, await outcomes(sent), strict=True):
            failure = outcome if isinstance(outcome, ProviderError) else await decoding(outcome)
            assert failure is None or failure.kind in REASONS, (encoding, body, failure)

    asyncio.run(check())


async def decoding(answer: Answer) -> ProviderError | None:
    """Why a body within the cap is no JSON; ``None`` where it is."""
    assert len(answer.body) <= CAP
    try:
        await decode_json(answer, "answer")
    except ProviderError as error:
        return error
    return None


def test_what_is_over_the_cap_is_refused_and_would_be_read_without_it() -> None:
    bomb = ("gzip", gzip.compress(b" " * 4 * CAP))
    (refused,) = asyncio.run(outcomes([bomb]))
    assert isinstance(refused, ProviderError)
    assert refused.kind is PollFailure.TOO_LARGE
    (read,) = asyncio.run(outcomes([bomb], cap=100 * CAP))
    assert isinstance(read, Answer)
    assert len(read.body) == 4 * CAP
