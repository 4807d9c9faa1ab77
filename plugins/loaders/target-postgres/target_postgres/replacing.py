"""What arriving rows take the place of, beyond rows of their own keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from target_postgres.dead_letters import Letters
    from target_postgres.session import Session

    Place = tuple[str, str | None]
    """A stream, and the load of it that its SCHEMA names."""


class Replacing:
    """The files or the table that one stream's rows replace, each once in a load or invocation.

    Args:
        session: What has been replaced so far in this invocation.
        place: The stream's name, and the load's id where its SCHEMA has one.
        letters: The stream's dead letters; those of what is replaced are closed.
        by_file: Whether all rows of a file come together.
        whole_table: Whether all rows of the table do.

    Attributes:
        whole_table: The same, as far as is known by now.
        files: Those that are known to be in the open transaction, also without rows.
    """

    def __init__(
        self, session: Session, place: Place, letters: Letters, *, by_file: bool, whole_table: bool
    ) -> None:
        self._session = session
        self._place = place
        self._letters = letters
        self.whole_table = whole_table
        self._by_file = by_file
        self.files: set[str] = set()

    @property
    def is_whole_table_due(self) -> bool:
        """Whether this invocation is to replace the table and has not begun to."""
        return self.whole_table and self._place not in self._session.replaced_tables

    def begin(self, relation: str, found: Sequence[str]) -> tuple[bool, list[str]]:
        """Note that rows are about to land.

        Args:
            relation: What has the rows, as a quoted identifier.
            found: The files that they are of.

        Returns:
            Whether they replace the whole table, and the files that they replace.
        """
        if self.is_whole_table_due:
            self._session.replaced_tables.add(self._place)
            self._letters.resolve_all()
            return True, []
        files = self._new_files(found)
        self._letters.resolve_files(files)
        self._letters.resolve_keys(relation)
        return False, files

    def _new_files(self, found: Sequence[str]) -> list[str]:
        if not self._by_file:
            return []
        new = [
            name
            for name in sorted(self.files.union(found))
            if (self._place, name) not in self._session.replaced_partitions
        ]
        self._session.replaced_partitions.update((self._place, name) for name in new)
        return new
