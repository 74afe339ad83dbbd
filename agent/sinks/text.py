"""A ticket in words, for systems that take text instead of fields."""

from collections.abc import Iterator, Mapping
from typing import Any

from agent.net.scrub import scrub
from agent.sinks.delivery import Delivery
from agent.tickets.changes import CLOSED, ESCALATED, OPENED, REOPENED, RESOLVED, UPDATED

_MEMBERS_SHOWN = 50
_LONGEST_LINE = 4000
_WHOLE = frozenset({OPENED, ESCALATED, REOPENED})
_NOTHING: Mapping[str, Any] = {}

_WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        OPENED: "New",
        UPDATED: "Changed",
        ESCALATED: "Escalated",
        RESOLVED: "Restored",
        CLOSED: "Closed",
        REOPENED: "Open again",
        "critical": "critical",
        "warning": "warning",
        "info": "info",
        "number": "Number",
        "company": "Company",
        "grade": "Grade",
        "since": "Since",
        "cause": "Cause",
        "contact": "Whose job",
        "fact": "Fact",
        "next": "Next",
        "ask": "Ask",
        "tell": "Tell them",
        "script": "number {number}, registered to {company}; {title}; since {since}, {pattern}"
        "; callers {callers}; they hear: {heard}; our ticket {id}",
        "continuous": "continuous",
        "intermittent": "intermittent",
        "deadline": "Deadline",
        "breached": "breached",
        "members": "Affected",
        "more": "… of {count}",
        "ticket": "Ticket",
        "link": "Details",
        "digest": "{count} tickets changed",
        "refused": "numwatch could not do this here, please do it by hand",
    },
    "zh-CN": {
        OPENED: "新建",
        UPDATED: "更新",
        ESCALATED: "升级",
        RESOLVED: "已恢复",
        CLOSED: "已关闭",
        REOPENED: "重新打开",
        "critical": "紧急",
        "warning": "警告",
        "info": "提示",
        "number": "号码",
        "company": "企业",
        "grade": "等级",
        "since": "开始时间",
        "cause": "原因",
        "contact": "责任方",
        "fact": "依据",
        "next": "处理建议",
        "ask": "需询问",
        "tell": "报障内容",
        "script": "号码 {number}，登记企业：{company}；{title}；自 {since} 起，{pattern}"
        "；主叫样例：{callers}；听到的提示：{heard}；我方工单 {id}",
        "continuous": "持续",
        "intermittent": "间歇",
        "deadline": "时限",
        "breached": "已超时",
        "members": "受影响",
        "more": "等共 {count} 个",
        "ticket": "工单",
        "link": "详情",
        "digest": "{count} 个工单有变化",
        "refused": "numwatch 无法自动完成以下操作，请人工处理",
    },
}


class Writer:
    """Writes tickets in one language.

    Args:
        locale: ``en`` or ``zh-CN``.
        external_url: Where people reach the agent; texts link to it where it is known.
    """

    def __init__(self, locale: str = "en", external_url: str | None = None) -> None:
        self.locale = locale
        self._words = _WORDS.get(locale, _WORDS["en"])
        self._url = (external_url or "").rstrip("/")

    def title(self, ticket: Mapping[str, Any]) -> str:
        """One line that says what is broken."""
        severity = self._words.get(str(ticket.get("severity")), str(ticket.get("severity")))
        return scrub(f"[{severity}] {ticket.get('title') or ticket['id']}", 2000)

    def description(self, ticket: Mapping[str, Any]) -> list[str]:
        """All that is known, a paragraph each; the first has the ticket's id."""
        return [line for line in self._lines(ticket) if line]

    def headline(self, delivery: Delivery) -> str:
        """What happened to which ticket, in one line."""
        happened = self._words.get(delivery.kind, delivery.kind)
        return f"{happened}: {self.title(delivery.ticket)}"

    def news(self, delivery: Delivery, since: str) -> list[str]:
        """What happened after ``since``, for a comment; empty when there is nothing to say."""
        fresh = [entry for entry in delivery.ticket.get("timeline", ()) if str(entry["at"]) > since]
        if not fresh:
            return []
        lines = [f"{entry['at']} {entry['event']}: {_line(entry['reason'])}" for entry in fresh]
        return [self.headline(delivery), *lines, delivery.marker]

    def message(self, delivery: Delivery) -> tuple[str, list[str]]:
        """A chat message: its headline, and what there is to know besides."""
        if delivery.kind in _WHOLE:
            lines = self.description(delivery.ticket)
        else:
            link = self._labelled("link", self.link(delivery.ticket))
            fresh = (
                it for it in delivery.ticket.get("timeline", ()) if str(it["at"]) >= delivery.at
            )
            news = [f"{it['event']}: {_line(it['reason'])}" for it in fresh]
            lines = [f"{self._words['ticket']}: {delivery.id}", *news, *filter(None, [link])]
        return self.headline(delivery), lines

    def refusals(self, refusals: list[str], delivery: Delivery) -> list[str]:
        """A comment that asks people to do what the system did not let us do."""
        return [self._words["refused"] + ":", *map(_line, refusals), delivery.marker]

    def digest(self, count: int) -> str:
        """The headline of a message about many tickets."""
        return self._words["digest"].format(count=count)

    def link(self, ticket: Mapping[str, Any]) -> str:
        """Where the ticket is shown; empty where no address is set."""
        return f"{self._url}/tickets/{ticket['id']}" if self._url else ""

    def _lines(self, ticket: Mapping[str, Any]) -> Iterator[str]:
        word = self._words
        diagnosis = ticket.get("diagnosis") or _NOTHING
        yield f"{word['ticket']}: {ticket['id']}"
        yield self._labelled("link", self.link(ticket))
        yield from (_line(it) for it in str(ticket.get("description") or "").splitlines())
        for name in ("number", "company", "grade"):
            yield self._labelled(name, ticket.get(name))
        yield self._labelled("since", ticket.get("started_at"))
        yield self._labelled("cause", diagnosis.get("cause"))
        whose = f"{diagnosis.get('party') or ''} {diagnosis.get('contact') or ''}"
        yield self._labelled("contact", whose.strip())
        yield self._labelled("tell", self._script(ticket))
        for fact in diagnosis.get("evidence") or ():
            yield self._labelled("fact", f"{fact['fact']} = {fact['value']}")
        for name, key in (("next", "next_steps"), ("ask", "questions")):
            yield from (self._labelled(name, step) for step in diagnosis.get(key) or ())
        yield from (self._clock(clock) for clock in ticket.get("clocks") or ())
        yield self._members(ticket.get("members") or ())

    def _script(self, ticket: Mapping[str, Any]) -> str:
        """What to say to whoever is called (docs/reference/domain.md §3)."""
        if not ticket.get("number"):
            return ""
        pattern = str(ticket.get("pattern") or "continuous")
        return self._words["script"].format(
            number=ticket["number"],
            company=ticket.get("company") or "–",
            title=ticket.get("title") or "–",
            since=ticket.get("started_at") or "–",
            pattern=self._words.get(pattern, pattern),
            callers=", ".join(ticket.get("sample_callers") or ()) or "–",
            heard=ticket.get("prompt_heard") or "–",
            id=ticket["id"],
        )

    def _labelled(self, name: str, value: object) -> str:
        return f"{self._words[name]}: {_line(value)}" if value else ""

    def _clock(self, clock: Mapping[str, Any]) -> str:
        breached = f" ({self._words['breached']})" if clock.get("breached") else ""
        return f"{self._words['deadline']} {clock.get('name')}: {clock.get('deadline')}{breached}"

    def _members(self, members: Any) -> str:
        current = [member for member in members if not member.get("left_at")]
        named = [str(member.get("number") or member.get("account") or "") for member in current]
        shown = ", ".join(filter(None, named[:_MEMBERS_SHOWN]))
        if not shown:
            return ""
        rest = len(current) - _MEMBERS_SHOWN
        more = f" {self._words['more'].format(count=len(current))}" if rest > 0 else ""
        return f"{self._words['members']} ({len(current)}): {_line(shown)}{more}"


def _line(value: object) -> str:
    return scrub(str(value), _LONGEST_LINE)
