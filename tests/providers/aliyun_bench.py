"""A world in Alibaba Cloud's dialect, and the adapter of its account behind a real HTTP client."""

from typing import Any

from agent.config.settings import Polling, ProviderSettings
from agent.providers.base import Provider
from agent.providers.registry import build
from tests.net.http_bench import ReportCounts

CREDENTIALS = {"key": "LTAI-demo", "secret": "demo-secret-word", "auth_code": "Auth0riz"}
HOTLINE, SECOND, VIRTUAL, LANDLINE = "4006220001", "4006220002", "95013100001", "057188880001"

WORLD = """
seed: 7
providers:
  - name: ali
    dialect: aliyun
    accounts:
      - id: hq
        credentials: {key: LTAI-demo, secret: demo-secret-word, auth_code: Auth0riz}
        balance: 12345.5
        numbers:
          - number: "4006220001"
            company: 示例公司
            routing: {strategy: random, wait_seconds: 25}
            bindings:
              - {id: b1, phone: "13800000001", state: ok}
              - {id: b2, phone: "13800000002", state: off}
              - {id: b3, phone: "13300000003", state: off, carrier: telecom}
              - {id: b4, phone: "02287654321", kind: landline}
          - number: "4006220002"
            state: suspended_arrears
            routing: {strategy: cyclic, wait_seconds: 30}
            bindings: [{id: b1, phone: "13800000009", state: arrears}]
          - number: "95013100001"
            bindings: [{id: b1, phone: "13800000005", state: nonexistent}]
          - {number: "95013100002", state: suspended_requested}
          - {number: "95013100003", state: cancelled}
          - {number: "057188880001", state: active}
          - {number: "057188880002", state: suspended_violation}
"""

OPTIONS = {
    "products": "dyvms,ccc,bss,dytns",
    "ccc_instance": "hotline",
    "phone_status_cost": "0.1",
    "phone_status_daily_budget": "10",
}
INVENTORY = [
    {"number": HOTLINE, "phones": [{"id": "desk", "phone": "13800000001", "position": 1}]},
    {"number": SECOND, "company": "第二公司"},
]


def adapter(bench: Any, url: str, **more: Any) -> Provider:
    """The adapter of an account; ``options``, ``inventory``, ``credentials``, ``pages``, ``clock``
    and ``limits`` replace the usual ones."""
    settings = settings_of(url, **more)
    bench.counts = ReportCounts()
    optional = {name: more[name] for name in ("pages", "clock") if name in more}
    return build(
        settings,
        settings.accounts[0],
        bench.client.fetch,
        Polling(**{"concurrency": 4, **more.get("limits", {})}),
        reports=bench.counts.reports(),
        **optional,
    )


def settings_of(url: str | None, **more: Any) -> ProviderSettings:
    """The settings of the provider."""
    account = {
        "id": "hq",
        "credentials": more.get("credentials", CREDENTIALS),
        "inventory": {"numbers": more.get("inventory", INVENTORY)},
    }
    return ProviderSettings.model_validate(
        {
            "name": "ali",
            "profile": "aliyun",
            **({"base_url": url} if url else {}),
            "options": more.get("options", OPTIONS),
            "accounts": [account],
        }
    )
