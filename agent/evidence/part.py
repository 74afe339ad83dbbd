"""One file of a bundle."""

from dataclasses import dataclass
from hashlib import sha256


@dataclass(frozen=True)
class Part:
    """One file: its name in the bundle, when it was taken, and what it says."""

    name: str
    taken_at: float
    content: bytes

    @property
    def digest(self) -> str:
        """The content's SHA-256, in hexadecimal digits."""
        return sha256(self.content).hexdigest()
