"""Makes the adapter of a PBX behind a real HTTP client."""

from typing import Any

from agent.config.settings import Polling, ProviderSettings
from agent.providers.base import Provider
from agent.providers.registry import build
from tests.net.http_bench import ReportCounts

NUMBER = "4006220001"


def pbx(bench: Any, url: str, profile: str, *extensions: str, **more: Any) -> Provider:
    """The adapter of an account whose number has the given extensions."""
    phones = [{"extension": extension} for extension in extensions]
    account = {
        "id": "main",
        "credentials": more.get("credentials", {}),
        "inventory": {"numbers": [{"number": NUMBER, "phones": phones}]},
    }
    settings = ProviderSettings.model_validate(
        {
            "name": "pbx",
            "profile": profile,
            "base_url": url,
            "options": more.get("options", {}),
            "accounts": [account],
        }
    )
    bench.counts = ReportCounts()
    return build(
        settings,
        settings.accounts[0],
        bench.client.fetch,
        Polling(concurrency=4),
        reports=bench.counts.reports(),
    )


async def states(provider: Provider) -> dict[str, tuple[str, str]]:
    """State and word of each extension."""
    bindings = await provider.reachability([NUMBER])
    return {it.id: (it.state.value, it.native_status) for it in bindings[NUMBER]}
