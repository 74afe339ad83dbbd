"""PDF, made from the HTML of a report in a process of its own (docs/adr/0015).

Laying out pages takes seconds of one core and memory by the page: neither the event loop nor the
thread that checks and renders waits for it, and a layout that takes too long is ended. The process
gets the document on standard input and nothing else: it loads no address and no file but fonts.
"""

import asyncio
import sys
from importlib.util import find_spec

import structlog

log = structlog.get_logger(__name__)

SECONDS = 120.0
"""The longest that one document may take."""
_LONGEST_COMPLAINT = 500
_MISSING = 3
"""Exit status of the process where a library is missing."""
_INSTALL = (
    "PDF needs the extra: pip install 'numwatch[pdf]', Debian's libpango-1.0-0 and "
    "libpangoft2-1.0-0, and fonts-noto-cjk for Chinese; or print the page"
)


class PdfError(Exception):
    """There is no PDF; the text says why and what to do."""


def is_available() -> bool:
    """Whether the library is installed; its system libraries show only when it is used."""
    return find_spec("weasyprint") is not None


class PdfPrinter:
    """Makes documents, one at a time.

    Args:
        seconds: The longest that one may take.
    """

    def __init__(self, seconds: float = SECONDS) -> None:
        self._seconds = seconds
        self._turns = asyncio.Semaphore(1)

    async def print(self, html: str) -> bytes:
        """The document as PDF, with its fonts embedded.

        Raises:
            PdfError: when the library is missing, or the document takes too long or too much
                memory.
        """
        if not is_available():
            raise PdfError(_INSTALL)
        async with self._turns:
            return await self._print(html.encode("utf-8", "replace"))

    async def _print(self, html: bytes) -> bytes:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "agent.reports.pdf_process"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            async with asyncio.timeout(self._seconds):
                content, complaint = await process.communicate(html)
        except TimeoutError:
            text = f"the layout took longer than {self._seconds:g} s; CSV has everything"
            raise PdfError(text) from None
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if process.returncode == _MISSING:
            raise PdfError(_INSTALL)
        if process.returncode != 0 or not content.startswith(b"%PDF"):
            reason = complaint[-_LONGEST_COMPLAINT:].decode(errors="replace")
            log.error("pdf_not_made", status=process.returncode, error=reason)
            raise PdfError("the layout failed; the agent's log says why")
        return content
