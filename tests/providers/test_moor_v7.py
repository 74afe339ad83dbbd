"""What 7moor's answers hold beside the facts stays in them, and a nonce serves once."""

import aiohttp
from structlog.testing import capture_logs

from agent.evidence.mapped_values import only_mapped
from agent.net.exchange import Request
from agent.providers.profile.load import load_profile
from agent.providers.signing.signers import make_signer
from tests.providers.contract.contract_bench import KEY, ContractBench, contract_bench
from tests.providers.contract.subjects import SUBJECTS

SUBJECT = next(it for it in SUBJECTS if it.name == "7moor_v7")
UNMAPPED = ("pass-of-a-sip-account", "1c8eb9708c7511ebadd101dc5c1e7708", "192.0.2.82", "座席")
FAULTS = ("bad_json", "wrong_type", "error_200", "auth")


async def send(bench: ContractBench, request: Request) -> str:
    """What the dialect answers to a signed request."""
    url = request.url.replace("https://api.example.com", bench.server.base_url("north"))
    async with (
        aiohttp.ClientSession() as session,
        session.post(url, headers=request.headers, data=b"") as answer,
    ):
        return await answer.text()


def request(bench: ContractBench, path: str) -> Request:
    """A signed request for ``path``."""
    unsigned = Request("POST", f"https://api.example.com/openapi/v1/call/{path}")
    credentials = dict(SUBJECT.credentials)
    sign = make_signer(load_profile(SUBJECT.name).signing, lambda: credentials, bench.clock)
    assert sign is not None
    return sign(unsigned)


async def test_signed_headers_and_passwords_stay_in_the_answers() -> None:
    async with contract_bench(SUBJECT) as bench:
        with capture_logs() as logs:
            texts = [repr(await bench.polled_well())]
            recorded = list(bench.recorder.answers(KEY))
            evidence = [only_mapped(it.body.decode(), it.mapped) for it in recorded]
            for fault in FAULTS:
                bench.begin(fault)
                texts += [repr(it) for it in (await bench.poll()).values()]
                bench.end()
        texts += [*map(str, logs), *map(repr, bench.recorder.failures(KEY))]
        answer = await send(bench, request(bench, "query/number"))
        answer += await send(bench, request(bench, "sip/list"))
    assert "b3" in texts[0]
    assert len(evidence) == len(SUBJECT.capabilities)
    assert "4006220001" in "".join(evidence)
    # The control: all of it was in what was read.
    assert [it for it in UNMAPPED if it not in answer] == []
    assert [it for it in UNMAPPED if it in "".join(texts + evidence)] == []


async def test_a_nonce_serves_once() -> None:
    async with contract_bench(SUBJECT) as bench:
        twice = request(bench, "sip/list")
        assert '"success":true' in await send(bench, twice)
        assert "authFailed" in await send(bench, twice)
        assert '"success":true' in await send(bench, request(bench, "sip/list"))


async def test_extensions_are_those_of_the_inventory() -> None:
    async with contract_bench(SUBJECT) as bench:
        snapshot = await bench.polled_well()
        phones = snapshot.bindings["4006220001"]
        states = [(it.id, it.state.value) for it in phones]
        assert states == [("b1", "unknown"), ("b2", "unknown"), ("b3", "ok"), ("b4", "off")]
        # It has phones that the inventory does not know: not one without any.
        assert "4008000000" not in snapshot.bindings
