"""A bundle of evidence: files and a manifest of their SHA-256 digests, in one ZIP archive."""

import io
import json
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

from agent.tickets.document import stamp

MANIFEST = "manifest.json"


@dataclass(frozen=True)
class EvidenceFile:
    """One file of a bundle."""

    name: str
    """Its path in the bundle."""
    taken_at: float
    """When its content was recorded, in epoch seconds."""
    content: bytes

    @property
    def digest(self) -> str:
        """The content's SHA-256 digest, in hexadecimal."""
        return sha256(self.content).hexdigest()


def bundle(ticket_id: str, files: Sequence[EvidenceFile], made_at: float, version: str) -> bytes:
    """The ZIP archive of ``files``; the same files and time make the same bytes.

    Args:
        ticket_id: The ticket they are about.
        files: The files; of several with one name, all but the first get a number.
        made_at: Epoch seconds.
        version: The program's version.
    """
    files = _with_distinct_names(files)
    date_time = datetime.fromtimestamp(made_at, UTC).timetuple()[:6]
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as writer:
        for name, content in (
            (MANIFEST, manifest(ticket_id, files, made_at, version)),
            *((file.name, file.content) for file in files),
        ):
            # Date, compression and mode are set because the defaults depend on the machine.
            entry = zipfile.ZipInfo(name, date_time)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o600 << 16
            writer.writestr(entry, content)
    return archive.getvalue()


def manifest(ticket_id: str, files: Sequence[EvidenceFile], made_at: float, version: str) -> bytes:
    """The manifest as JSON: name, size, digest and time of each file."""
    document = {
        "ticket": ticket_id,
        "made_at": stamp(made_at),
        "made_by": f"numwatch {version}",
        "files": [
            {
                "name": file.name,
                "bytes": len(file.content),
                "sha256": file.digest,
                "taken_at": stamp(file.taken_at),
            }
            for file in files
        ],
    }
    return json.dumps(document, ensure_ascii=False, indent=1).encode()


def _with_distinct_names(files: Sequence[EvidenceFile]) -> list[EvidenceFile]:
    uses: dict[str, int] = {}
    distinct = []
    for file in files:
        uses[file.name] = count = uses.get(file.name, 0) + 1
        if count > 1:
            stem, dot, suffix = file.name.rpartition(".")
            name = f"{stem}-{count}{dot}{suffix}"
            distinct.append(EvidenceFile(name, file.taken_at, file.content))
        else:
            distinct.append(file)
    return distinct
