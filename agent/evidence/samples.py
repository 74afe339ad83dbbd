"""The series of one number as they are at this moment, as Prometheus writes them."""

import json
import time
from collections.abc import Callable

from agent.rules.queries.queries import Queries, parse_selector
from agent.web.prometheus.encoding import result

_SECONDS = 20.0


def samples_of(
    queries: Callable[[], Queries], clock: Callable[[], float]
) -> Callable[[str], bytes]:
    """What gives the series of a number as a Prometheus ``data`` document, in bytes."""

    def samples(number: str) -> bytes:
        at = clock()
        selector = parse_selector(f'{{number="{number}"}}')
        found = queries().select([selector], time.monotonic() + _SECONDS)
        pieces = ["".join(result(vector, at)) for vector in found]
        joined = [sample for piece in pieces for sample in json.loads(piece)["result"]]
        return json.dumps({"resultType": "vector", "result": joined}, indent=1).encode()

    return samples
