"""How long a token holds, as its answer says in any usual form; else as the profile says."""

from pathlib import Path

import pytest

from agent.providers.profile.load import read_profile
from agent.providers.profile.login import LoginClient
from agent.providers.profile.operation_client import ApiAccount
from tests.net.http_bench import open_client, serving
from tests.providers.signing.login_server import CREDENTIALS, answer, profile_file

NOW = 1_800_000_000.0
IN = ("  expires_in: data.expires_in\n", "  expires_in: data.x\n  lifetime: 77\n")
AT = ("  expires_in: data.expires_in\n", "  expires_at: data.x\n  lifetime: 77\n")


@pytest.mark.parametrize(
    ("change", "value", "seconds"),
    [
        (IN, 7200, 7200),
        (IN, "7200", 7200),
        (IN, 0, 1),
        (IN, 10**12, 77),
        (IN, 10**10, 366 * 86_400),
        (IN, None, 77),
        (IN, "soon", 77),
        (IN, True, 77),
        (AT, NOW + 600, 600),
        (AT, str(int(NOW) + 600), 600),
        (AT, (NOW + 600) * 1000, 600),
        (AT, "2027-01-15T08:10:00Z", 600),
        (AT, "2027-01-15T16:10:00+08:00", 600),
        (AT, "2020-01-01T00:00:00Z", 1),
        (AT, "tomorrow", 77),
        (AT, {}, 77),
    ],
)
async def test_the_lifetime(tmp_path, change, value, seconds):
    async def reply(_request):
        return answer({"code": 0, "data": {"token": "token-text", "x": value}})

    profile = read_profile(Path(profile_file(tmp_path, change)))
    async with serving(reply) as server, open_client() as client:
        api = ApiAccount(
            profile, server.url, client.fetch, lambda _: None, lambda: dict(CREDENTIALS)
        )
        token = await LoginClient(api, profile.login, lambda: NOW).request_token()
    assert token.lifetime == seconds
