"""A bundle of evidence: files and a manifest of their SHA-256 sums, in one ZIP."""

import io
import json
import zipfile
from collections.abc import Sequence
from datetime import UTC, datetime

from agent.evidence.part import Part
from agent.tickets.document import stamp

MANIFEST = "manifest.json"


def bundle(ticket_id: str, parts: Sequence[Part], made_at: float, version: str) -> bytes:
    """The ZIP of ``parts``; the same parts at the same time give the same bytes.

    Args:
        ticket_id: The ticket they are about.
        parts: The files; of two with one name the second gets a number.
        made_at: Epoch seconds.
        version: The program's version.
    """
    named = _distinct(parts)
    stamped = datetime.fromtimestamp(made_at, UTC).timetuple()[:6]
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in (
            (MANIFEST, manifest(ticket_id, named, made_at, version)),
            *((part.name, part.content) for part in named),
        ):
            entry = zipfile.ZipInfo(name, stamped)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o600 << 16
            archive.writestr(entry, body)
    return content.getvalue()


def manifest(ticket_id: str, parts: Sequence[Part], made_at: float, version: str) -> bytes:
    """What is in a bundle, and the sum of each file."""
    document = {
        "ticket": ticket_id,
        "made_at": stamp(made_at),
        "made_by": f"numwatch {version}",
        "files": [
            {
                "name": part.name,
                "bytes": len(part.content),
                "sha256": part.digest,
                "taken_at": stamp(part.taken_at),
            }
            for part in parts
        ],
    }
    return json.dumps(document, ensure_ascii=False, indent=1).encode()


def _distinct(parts: Sequence[Part]) -> list[Part]:
    used: dict[str, int] = {}
    named = []
    for part in parts:
        used[part.name] = count = used.get(part.name, 0) + 1
        if count > 1:
            stem, dot, ending = part.name.rpartition(".")
            named.append(Part(f"{stem}-{count}{dot}{ending}", part.taken_at, part.content))
        else:
            named.append(part)
    return named
