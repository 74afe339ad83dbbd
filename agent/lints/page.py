"""``make docs``: the page ``docs/lints.md``, written from the table of lints."""

from agent.i18n import CHINESE, ENGLISH
from agent.lints.registry import LINTS

_HEAD = """\
# Configuration lints

Written by `make docs` from `agent/lints`; do not edit. What of a number's configuration is
known to go wrong, by the facts that the provider reports; what is unknown is never a
finding. `numwatch lint --config FILE` polls once and prints all findings (exit status 1 when an
error stands), the running agent shows them on each number's page, at `/api/numbers/{number}` and
as `numwatch_number_lint_findings`; what concerns an account as a whole is reported once, as
`numwatch_account_lint_findings`.

An **error** costs calls, or will as soon as the case arises; a **warning** does when something else
happens too; **info** is worth knowing. `lints.levels` changes a level or leaves a lint out,
`lints.parameters` holds the figures, and `lints.waivers` names findings that someone answers for:

```yaml
lints:
  parameters: {wait_single: 45s, key_callers: ["13900001111"]}
  levels: {L14: "off"}
  waivers:
    - {lint: L04, numbers: ["4006220001"], reason: a kiosk with one phone, until: 2027-03-01}
```

A waiver without `until` holds for ever, one without `numbers` for all numbers; one that has
expired is shown with its finding, which then counts again.

| lint | level | what is wrong | 问题 | rule |
|---|---|---|---|---|
"""


def markdown() -> str:
    """Return the page in Markdown."""
    rows = []
    for name, lint in sorted(LINTS.items()):
        rule = (lint.check.__doc__ or "").partition("\n")[0].rpartition(" (")[0].replace("|", "\\|")
        where = " (account)" if lint.of_account else ""
        title, title_zh = lint.title.text(ENGLISH), lint.title.text(CHINESE)
        rows.append(f"| {name} | {lint.level}{where} | {title} | {title_zh} | {rule} |")
    return _HEAD + "\n".join(rows) + "\n"


if __name__ == "__main__":
    print(markdown(), end="")  # noqa: T201 - writing to standard output is the purpose
