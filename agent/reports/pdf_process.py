"""The process that lays out one document: HTML on standard input, PDF on standard output.

Run as ``python -m agent.reports.pdf_process`` by :mod:`agent.reports.pdf`.
"""

import resource
import sys

_MEMORY = 2 * 1024**3
"""Bytes of address space; a document that needs more is refused."""
_SECONDS = 180
_MISSING = 3


def main() -> int:
    """Lay out the document; the exit status is 0, or 3 where a library is missing."""
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
    try:
        # An optional library, and its system libraries.
        from weasyprint import HTML  # noqa: PLC0415 - see above
        from weasyprint.urls import URLFetcher  # noqa: PLC0415 - see above
    except (ImportError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return _MISSING
    loads_nothing = URLFetcher(allowed_protocols=())
    document = HTML(string=sys.stdin.buffer.read().decode(), url_fetcher=loads_nothing)
    sys.stdout.buffer.write(document.write_pdf())
    return 0


if __name__ == "__main__":
    sys.exit(main())
