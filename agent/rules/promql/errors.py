"""Why an expression is refused when it is loaded, or fails when it is evaluated."""


class RefusedError(ValueError):
    """An expression is not valid or not supported; raised when it is compiled.

    ``word`` is the token at which it goes wrong, as far as that is known.
    """

    def __init__(self, reason: str, word: str = "") -> None:
        super().__init__(reason)
        self.word = word


DUPLICATE_SAMPLE = "duplicate sample for timestamp"
"""Two rules wrote different values to the same series at the same time."""


class EvaluationError(Exception):
    """An evaluation failed that Prometheus would fail too, such as many-to-many matching.

    The text is Prometheus' own, so that both engines report the same.
    """
