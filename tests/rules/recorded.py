"""What promtool answered, recorded, so that tests without promtool have its answers too.

``python -m tests.rules.recorded`` records again; the integration tests compare the record with the
promtool that is installed.
"""

import json
import tempfile
from pathlib import Path

from tests.rules.expressions import Case
from tests.rules.promtool import Answer, answers, write_unit_test

FILE = Path(__file__).with_name("recorded.json")
TIMES = ("0m", "7m30s", "20m")


def read() -> dict[str, list[Answer]]:
    """The answers by the time of evaluation, in the order of the expressions."""
    recorded = json.loads(FILE.read_text(encoding="utf-8"))
    return {
        time: [
            answer if isinstance(answer, str) else {name: float(it) for name, it in answer.items()}
            for answer in by_expression.values()
        ]
        for time, by_expression in recorded.items()
    }


def write(series: dict[str, str], expressions: tuple[str, ...]) -> None:
    """Ask promtool for the answers and record them; values as text, because of NaN."""
    recorded = {}
    with tempfile.TemporaryDirectory() as name:
        for time in TIMES:
            path = Path(name) / "edges.json"
            write_unit_test(path, [Case(series, list(expressions))], (time,))
            recorded[time] = {
                expression: answer
                if isinstance(answer, str)
                else {labels: repr(value) for labels, value in answer.items()}
                for expression, answer in zip(expressions, answers(path), strict=True)
            }
    text = json.dumps(recorded, indent=1, ensure_ascii=False)
    FILE.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    from tests.rules.test_edges_agreement import EXPRESSIONS, SERIES

    write(SERIES, EXPRESSIONS)
