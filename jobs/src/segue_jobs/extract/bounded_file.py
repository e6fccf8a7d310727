"""A file that may only be read so much: whoever reads tags from it ends soon, whatever the file says of itself."""

from __future__ import annotations

from typing import BinaryIO

MAXIMUM_BYTES = 32 << 20
"""Tags with several large covers have a few MB."""
MAXIMUM_READS = 50_000


class TagsTooLargeError(Exception):
    """The tags are larger than any that people write, or in far too many pieces."""


class BoundedFile:
    """What readers of tags need of a file.

    Parameters
    ----------
    file
        Open for reading; seeking in it costs nothing.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._bytes_left = MAXIMUM_BYTES
        self._reads_left = MAXIMUM_READS
        self.name = str(file.name)

    def read(self, size: int = -1) -> bytes:
        """Up to so many bytes; all that are left, if they may be read, for a negative number.

        Raises
        ------
        TagsTooLargeError
            Too much has been read.
        """
        wanted = self._bytes_left + 1 if size < 0 else size
        found = self._file.read(min(wanted, self._bytes_left + 1))
        self._bytes_left -= len(found)
        self._reads_left -= 1
        if self._bytes_left < 0 or self._reads_left < 0:
            raise TagsTooLargeError(
                f"they have more than {MAXIMUM_BYTES >> 20} MB, or more than {MAXIMUM_READS:,} parts"
            )
        return found

    def seek(self, offset: int, whence: int = 0) -> int:
        """See `io.IOBase.seek`."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """See `io.IOBase.tell`."""
        return self._file.tell()
