"""Why an expression is refused when it is loaded, or fails when it is evaluated."""


class RefusedError(ValueError):
    """An expression that is not valid or not supported; told at load, never half-evaluated.

    ``word`` is what stands in the expression where it goes wrong, as far as that is known.
    """

    def __init__(self, reason: str, word: str = "") -> None:
        super().__init__(reason)
        self.word = word


DUPLICATE_SAMPLE = "duplicate sample for timestamp"
"""Two rules gave the same series at the same time, with different values."""


class EvaluationError(Exception):
    """An evaluation that Prometheus would fail too, such as many-to-many matching.

    The text is Prometheus' own wording, so that both engines tell the same story.
    """
