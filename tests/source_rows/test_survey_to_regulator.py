"""After the answer the caller is asked; who is not satisfied is owed a rectification, may appeal to
somebody who has not handled it, and may turn to the regulator, whose dates are kept. Nothing asks a
caller to answer otherwise."""

import urllib.error

import pytest

from tests.source_rows.asking import send_signed
from tests.source_rows.hotlines import Hotlines


def test_an_unsatisfied_caller_is_owed_more_and_may_go_on(hotlines: Hotlines) -> None:
    number = hotlines.number("survey_to_regulator")
    taken = send_signed(hotlines, "/hooks/complaints", {"number": number, "caller": "13922220003"})
    path = f"/api/complaints/{taken['id']}/actions"

    def act(action: str, actor: str = "Li Wei", **fields: str) -> dict[str, object]:
        request = {"action": action, "actor": actor, "text": f"{action}: done", "fields": fields}
        answer: dict[str, object] = hotlines.post(path, request)
        return answer

    with pytest.raises(urllib.error.HTTPError, match="409"):
        act("survey", satisfied="no")
    for step in ("reply", "verify", "solve"):
        act(step)
    after = act("survey", satisfied="no")
    assert after["satisfied"] is False
    assert "rectify" in str(after["deadlines"])
    act("rectify")
    with pytest.raises(urllib.error.HTTPError, match="409"):
        act("appeal", handler="Li Wei")
    act("appeal", handler="Zhao Lei")
    act("hear_appeal", actor="Zhao Lei")
    after = act("regulator_filed")
    assert {"decides_by", "answers_by"} & set(dict(after["regulator"]))  # type: ignore[call-overload]
    assert all(hotlines.page(f"/complaints/{taken['id']}", lang) for lang in ("en", "zh-CN"))
