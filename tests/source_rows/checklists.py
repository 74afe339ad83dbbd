"""Inspections and onboardings of the rows' hotlines, as people use them."""

import urllib.error
from typing import Any

from tests.source_rows.hotlines import Hotlines

BY = "王芳"


class Checklists:
    """The checklists of one hotline."""

    def __init__(self, hotlines: Hotlines, slug: str) -> None:
        self.hotlines = hotlines
        self.number = hotlines.number(slug)

    def begin(self, kind: str) -> dict[str, Any]:
        """The checklist that was begun."""
        body = {"kind": kind, "number": self.number, "by": BY}
        return dict(self.hotlines.post("/api/inspections", body))

    def show(self, view: dict[str, Any]) -> dict[str, Any]:
        """The checklist as it stands."""
        return dict(self.hotlines.json(f"/api/inspections/{view['checklist']['id']}"))

    def results(self, view: dict[str, Any]) -> dict[str, str]:
        """How each row stands."""
        return {row["item"]: row["result"] for row in self.show(view)["rows"]}

    def answer(self, view: dict[str, Any], note: str = "", **results: str) -> dict[str, Any]:
        """The checklist with answers."""
        rows = [{"item": it, "result": result, "note": note} for it, result in results.items()]
        path = f"/api/inspections/{view['checklist']['id']}/answers"
        return dict(self.hotlines.post(path, {"answers": rows, "by": BY}))

    def answer_the_rest(self, view: dict[str, Any]) -> dict[str, Any]:
        """The checklist with everything that the agent does not know in order."""
        rest = {it: "passed" for it, result in self.results(view).items() if result == "unknown"}
        return self.answer(view, **rest) if rest else view

    def close(self, view: dict[str, Any], note: str = "") -> dict[str, Any]:
        """The checklist signed, or its number taken over."""
        path = f"/api/inspections/{view['checklist']['id']}/close"
        return dict(self.hotlines.post(path, {"by": BY, "note": note}))

    def is_refused(self, view: dict[str, Any]) -> bool:
        """Whether it cannot be closed yet."""
        try:
            self.close(view)
        except urllib.error.HTTPError as error:
            return error.code == 400
        return False

    def report(self, view: dict[str, Any], lang: str) -> str:
        """The report to sign."""
        return self.hotlines.page(f"/inspections/{view['checklist']['id']}/report", lang)
