"""An account that is checked and shown again and again, and its blocks as samples."""

from dataclasses import replace

import numpy as np

from agent.checks.engine import Checker
from agent.config.settings import Metrics
from agent.series import SeriesBuilder
from exporters.block import Block
from tests.account_facts import NOW, make_settings


class Page:
    """An account that is checked and shown again and again."""

    def __init__(self, detail="all"):
        self.checker = Checker(make_settings())
        self.series = SeriesBuilder(Metrics(detail=detail))
        self.result = None

    def show(self, snapshot, now=NOW, **found) -> dict[str, Block]:
        self.result = replace(self.checker.check(snapshot, now, self.result), **found)
        blocks = self.series.build(snapshot, self.result, now)
        assert len({block.family.name for block in blocks}) == len(blocks)
        return {block.family.name: block for block in blocks}


def samples(block):
    """Label values (but provider and account) to value."""
    if block is None:
        return {}
    frame, rows = block.frame, range(block.frame.rows) if block.rows is None else block.rows
    own = [
        column
        for name, column in zip(frame.names, frame.columns, strict=True)
        if name not in {"provider", "account"}
    ]
    assert block.family.labels == frame.names
    assert not np.isnan(block.values).any()
    keys = [tuple(column[row] for column in own) for row in rows]
    assert len(set(keys)) == len(keys)
    return dict(zip(keys, block.values.tolist(), strict=True))
