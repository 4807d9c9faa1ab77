"""A file's bytes as UTF-8, read once from front to end, with a cursor at the start of a record."""

from __future__ import annotations

import codecs
import hashlib
import io
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

BLOCK_BYTES = 64 << 10
"""Read at once. Small, because the look is twice as fast in a processor's cache as out of it."""
LARGEST_FIELD = 16 << 20
"""Characters; an unclosed quote would otherwise swallow the rest of the file into memory."""
UTF8 = "utf-8"


class ByteStream(Protocol):
    """What is read from: any binary file object."""

    def read(self, size: int, /) -> bytes:
        """Up to `size` bytes; none at the end."""


class MalformedError(Exception):
    """The bytes are not what they should be.

    Attributes:
        line: Physical line, from 1, at which the record starts that cannot be read.
        reason: What is wrong with it.
    """

    def __init__(self, line: int, reason: str) -> None:
        self.line = line
        self.reason = reason
        super().__init__(f"line {line}: {reason}")


class Tape:
    """The bytes of one file.

    Args:
        stream: The file's bytes.
        encoding: What they are in. A byte order mark is passed over. Bytes that are not in it stay
            invalid UTF-8, which no column type admits.

    Attributes:
        data: What of the content is in memory, in UTF-8.
        start: Where in `data` the next record starts.
        line: Physical line of `start`, from 1.
        size: Bytes read so far, as the file has them.
        is_recoded: Whether `data` differs from the file's bytes.
    """

    def __init__(self, stream: ByteStream, encoding: str = UTF8) -> None:
        self._stream = stream
        self._hash = hashlib.sha256()
        self.is_recoded = codecs.lookup(encoding).name != UTF8
        self._recode = _recoder(encoding) if self.is_recoded else None
        self._ahead = 0
        self._dropped = 0
        self._is_at_end = False
        self.data = b""
        self.start = 0
        self.line = 1
        self.size = 0
        while len(self.data) < len(codecs.BOM_UTF8) and self.fill():
            pass
        if self.data.startswith(codecs.BOM_UTF8):
            self.start = self._ahead = len(codecs.BOM_UTF8)

    @property
    def sha256(self) -> str:
        """Hash of the bytes read so far, in hexadecimal."""
        return self._hash.hexdigest()

    @property
    def offset(self) -> int:
        """Bytes of the content before `start`."""
        return self._dropped + self.start

    def fill(self) -> bool:
        """Read one more block, and forget what stands before `start`.

        Returns:
            False where there is nothing more.
        """
        if self._is_at_end:
            return False
        # Whole blocks, whatever a stream gives at once: where batches end depends on it, and a
        # repeated run must cut them alike.
        block = self._stream.read(BLOCK_BYTES)
        missing = BLOCK_BYTES - len(block)
        while missing and (data := self._stream.read(missing)):
            block += data
            missing -= len(data)
        self._is_at_end = bool(missing)
        self._hash.update(block)
        self.size += len(block)
        is_more = bool(block)
        block = self._recoded(block)
        if block:
            self.data = self.data[self.start :] + block
            self._dropped += self.start
            self._ahead -= self.start
            self.start = 0
        return is_more

    def window(self) -> int:
        """Have some whole lines in memory.

        Returns:
            The end in `data` of the last of them; `start` where there is none left.
        """
        if len(self.data) - self.start < BLOCK_BYTES // 8:
            self.fill()
        return max(self.start, self.data.rfind(b"\n", self.start) + 1)

    def advance(self, end: int, lines: int) -> None:
        """Put the cursor behind what was taken.

        Args:
            end: The place in `data`.
            lines: Physical lines before it.
        """
        self.start = self._ahead = end
        self.line += lines

    def block(self) -> bytes:
        """What is in memory behind the cursor, or else the next block; the cursor goes behind it.

        Returns:
            Nothing at the end of the file.
        """
        while self.start == len(self.data) and self.fill():
            pass
        block = self.data[self.start :]
        self.advance(len(self.data), block.count(b"\n"))
        return block

    def first(self) -> bytes:
        """The first byte behind the cursor that is not white space; nothing where there is none."""
        while not (left := self.data[self.start :].lstrip()) and self.fill():
            pass
        return left[:1]

    def consume(self, lines: list[str]) -> None:
        """Put the cursor behind lines that `lines` gave, and leave those after them given."""
        text = "".join(lines)
        size = len(text) if text.isascii() else len(text.encode(UTF8, "surrogateescape"))
        self.start += size
        self.line += len(lines)

    def rewind(self) -> None:
        """Take lines back that were given but not consumed."""
        self._ahead = self.start

    def lines(self, *, is_single: bool) -> list[str]:
        """The next physical lines behind those given before.

        Args:
            is_single: Whether to give one, rather than a whole block.

        Returns:
            None at the end of the file.

        Raises:
            MalformedError: A line is longer than a field may be.
        """
        while True:
            cut = self._cut(is_single=is_single)
            if cut > self._ahead:
                break
            if len(self.data) - self._ahead > LARGEST_FIELD:
                given = self.data.count(b"\n", self.start, self._ahead)
                msg = f"line longer than {LARGEST_FIELD} characters"
                raise MalformedError(self.line + given, msg)
            if not self.fill():
                cut = len(self.data)
                break
        text = self.data[self._ahead : cut].decode(UTF8, "surrogateescape")
        self._ahead = cut
        # Not str.splitlines, which also splits at form feeds and Unicode separators.
        return list(io.StringIO(text, newline=""))

    def _cut(self, *, is_single: bool) -> int:
        if is_single:
            return self.data.find(b"\n", self._ahead) + 1
        # A carriage return at the very end may be half of a line end.
        return (
            self.data.rfind(b"\n", self._ahead) + 1 or self.data.rfind(b"\r", self._ahead, -1) + 1
        )

    def _recoded(self, block: bytes) -> bytes:
        try:
            return self._recode(block, self._is_at_end) if self._recode else block
        except UnicodeDecodeError as error:
            lines = self.data.count(b"\n", self.start)
            raise MalformedError(self.line + lines, str(error)) from error


def _recoder(encoding: str) -> Callable[[bytes, bool], bytes]:
    # Half surrogate pairs are valid in UTF-16 for nobody but Python; they too become invalid UTF-8.
    errors = (
        "surrogatepass" if codecs.lookup(encoding).name.startswith("utf") else "surrogateescape"
    )
    decode = codecs.getincrementaldecoder(encoding)(errors).decode
    return lambda block, is_last: decode(block, is_last).encode(UTF8, errors)
