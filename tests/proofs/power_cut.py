"""The states a disk may be in after a power cut, from the record of what a process wrote.

``disk_recorder.c`` records a real process's calls. Here they are applied to a model of a disk:
what was synced is there; of what was not, a cut leaves any part. Writes are dropped, arrive
without earlier ones, or are torn at sectors; changes of the directory, which file systems keep in
a journal, arrive in their order or not at all. A file's name is only sure once its directory was
synced.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

SECTOR = 512
ACKNOWLEDGED = "acknowledged"
"""The file to which a recorded agent appends what it has acknowledged."""


def recording(library: Path, log: Path, folder: Path) -> dict[str, str]:
    """The variables of the environment of a process whose changes in ``folder`` are recorded."""
    log.touch()
    return {"LD_PRELOAD": str(library), "RECORD_LOG": str(log), "RECORD_DIR": f"{folder}"}


@dataclass(frozen=True)
class Record:
    """One call: its name, its words and the bytes that it wrote."""

    name: str
    words: tuple[str, ...]
    content: bytes = b""


def read_log(log: Path) -> Iterator[Record]:
    """The records of ``log``, in order."""
    text, at = log.read_bytes(), 0
    while at < len(text):
        end = text.index(b"\n", at)
        name, *words = text[at:end].decode().split(" ")
        at = end + 1
        length = int(words[2]) if name == "write" else 0
        yield Record(name, tuple(words), text[at : at + length])
        at += length


@dataclass
class _File:
    durable: bytearray = field(default_factory=bytearray)
    pending: list[Record] = field(default_factory=list)

    def sync(self) -> None:
        for record in self.pending:
            _apply(self.durable, record)
        self.pending.clear()


@dataclass
class Disk:
    """A directory on a disk: its files, and what of them would outlive a power cut now."""

    files: dict[str, _File] = field(default_factory=dict)
    """By inode."""
    names: dict[str, str] = field(default_factory=dict)
    """The inode of every path that is sure."""
    pending: list[Record] = field(default_factory=list)
    """Changes of the directory since it was synced."""

    def apply(self, record: Record) -> None:
        """Carry out ``record``."""
        if record.name in {"write", "truncate"}:
            self.files.setdefault(record.words[0], _File()).pending.append(record)
        elif record.name == "sync":
            self._sync(record.words[0])
        else:
            if record.name == "make":
                # An inode is given again once its file was removed.
                self.files[record.words[0]] = _File()
            self.pending.append(record)

    def sure(self) -> dict[str, bytes]:
        """The files that are there after every power cut from now on, by path."""
        return {path: bytes(self.files[inode].durable) for path, inode in self.names.items()}

    def _sync(self, inode: str) -> None:
        if inode in self.files:
            self.files[inode].sync()
            return
        for record in self.pending:
            _rename(self.names, record)
        self.pending.clear()

    def cut(self, folder: Path, chance: random.Random) -> None:
        """Write into ``folder`` what could be there after a power cut now.

        One cut in three leaves nothing that was not synced, one leaves all of it.
        """
        kind = chance.choice(("none", "all", "some"))
        names = dict(self.names)
        arrived = {"none": 0, "all": len(self.pending)}.get(
            kind, chance.randint(0, len(self.pending))
        )
        for record in self.pending[:arrived]:
            _rename(names, record)
        for path, inode in names.items():
            file = self.files[inode]
            content = bytearray(file.durable)
            for record in file.pending:
                _arrive(content, record, kind, chance)
            (folder / Path(path).name).write_bytes(content)


def _arrive(content: bytearray, record: Record, kind: str, chance: random.Random) -> None:
    """Apply as much of an unsynced ``record`` as this cut lets through."""
    if kind == "none" or (kind == "some" and chance.random() < 1 / 3):
        return
    if kind == "all" or record.name == "truncate" or chance.random() < 1 / 2:
        _apply(content, record)
        return
    inode, start, _length = record.words
    for at in range(0, len(record.content), SECTOR):
        if chance.random() < 1 / 2:
            sector = record.content[at : at + SECTOR]
            words = (inode, str(int(start) + at), str(len(sector)))
            _apply(content, Record("write", words, sector))


def _apply(content: bytearray, record: Record) -> None:
    offset = int(record.words[1])
    if record.name == "truncate":
        del content[offset:]
        content.extend(bytes(offset - len(content)))
        return
    content.extend(bytes(max(0, offset - len(content))))
    content[offset : offset + len(record.content)] = record.content


def _rename(names: dict[str, str], record: Record) -> None:
    if record.name == "make":
        inode, path = record.words
        names[path] = inode
    elif record.name == "remove":
        names.pop(record.words[0], None)
    else:
        source, target = record.words
        if source in names:
            names[target] = names.pop(source) if record.name == "rename" else names[source]
