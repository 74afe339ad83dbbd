"""Why a query has no answer, beside the refusals and failures of the language itself."""


class QueryTimeoutError(Exception):
    """The query took longer than it may."""


class TooLargeError(Exception):
    """The answer would be larger than anybody should be sent; the text says what to do."""
