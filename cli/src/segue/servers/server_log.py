"""What a server has logged since its start, and what that says about why it did not start."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

_READ_BYTES = 256 << 10
_LINES = 6
_LONGEST_LINE = 300
_STACK_FRAME = re.compile(r"\s*(at |\.\.\. \d+ more|File \"|\^+$|~*\^+~*$)")
_FULL_DISK = re.compile(r"No space left on device|Disk quota exceeded|WT_ERROR.*ENOSPC")
_FEW_FILES = re.compile(r"Too many open files|EMFILE")
_LITTLE_MEMORY = re.compile(
    r"OutOfMemoryError|Could not (reserve|allocate)|insufficient memory for the Java Runtime|[Cc]annot allocate memory"
    r"|MemoryError|ENOMEM|can't start new thread|Resource temporarily unavailable"
)
_DAMAGE = re.compile(
    r"WT_TRY_SALVAGE|database corruption detected|does not appear to be a WiredTiger file|fatal read error"
    r"|is smaller than allocation size"
    r"|node ID not found in|Stored node id|Error while reading (checkpoint file|the Quorum status)"
    r"|InconsistentClusterIdException"
)
_KAFKA_BEGAN = "Performing controller activation"
_UNREADABLE_OFFSETS = re.compile(r"Failed to load metadata from (__consumer_offsets-\d+)")
_BEFORE_THE_WORDS = re.compile(
    r"^\[\d+:\d+\]\[[^\]]*\],? .*?\[WT_VERB_\w+\]\[ERROR\]: \w+, \d+: "  # WiredTiger: time, thread, table, place
    r"|^\d{4}-\d\d-\d\d[ T][\d:.,]+ (\[.*?\] )?\w+ [\w.$]+ - "  # Kafka: time, thread, level, class
    r"|^[\w.$]+(Exception|Error): (Error: )?"
)


@dataclass(frozen=True)
class Words:
    """What a server wrote since its start, without stack traces."""

    lines: tuple[str, ...]

    @property
    def name_a_full_disk(self) -> bool:
        """Whether it could not write."""
        return any(_FULL_DISK.search(line) for line in self.lines)

    @property
    def of_few_files(self) -> str | None:
        """What it says about files that it may not open; None if nothing."""
        return self._first(_FEW_FILES)

    @property
    def of_little_memory(self) -> str | None:
        """What it says about memory or threads that it does not get; None if nothing."""
        return self._first(_LITTLE_MEMORY)

    @property
    def of_damage(self) -> str | None:
        """What it says about data that it cannot read, without time, thread and source location; None if nothing."""
        return self._first(_DAMAGE)

    def _first(self, pattern: re.Pattern[str]) -> str | None:
        found = next((line for line in self.lines if pattern.search(line)), None)
        return None if found is None else _BEFORE_THE_WORDS.sub("", found).strip()

    @property
    def unreadable_offsets(self) -> tuple[str, ...]:
        """Partitions with consumers' offsets that the broker could not read when it last became active."""
        began = max((place for place, line in enumerate(self.lines) if _KAFKA_BEGAN in line), default=0)
        found = (_UNREADABLE_OFFSETS.search(line) for line in self.lines[began:])
        return tuple(dict.fromkeys(match[1] for match in found if match is not None))

    @property
    def last(self) -> str:
        """The end, for a person; empty if it wrote nothing."""
        return "\n".join(self.lines[-_LINES:])


class ServerLog:
    """A server's log file, which grows over its starts."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._start = 0

    def begin(self) -> None:
        """What is written from now on belongs to a new start."""
        self._start = self.size()

    def size(self) -> int:
        """Bytes in it; 0 before there is one."""
        try:
            return self.path.stat().st_size
        except FileNotFoundError:
            return 0

    def words(self) -> Words:
        """What was written since the start: of a long text the end."""
        try:
            with self.path.open("rb") as log:
                log.seek(max(self._start, self.size() - _READ_BYTES))
                text = log.read().decode(errors="replace")
        except FileNotFoundError:
            text = ""
        return Words(tuple(_shortened(line) for line in text.splitlines() if _says_something(line)))


def _says_something(line: str) -> bool:
    return bool(line.strip()) and not _STACK_FRAME.match(line)


def _shortened(line: str) -> str:
    return line if len(line) <= _LONGEST_LINE else f"{line[: _LONGEST_LINE - 1]}…"
