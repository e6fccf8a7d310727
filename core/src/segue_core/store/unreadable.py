"""Documents that cannot be read."""

from __future__ import annotations

from segue_core.errors import UnrecoverableError


class UnreadableDocumentError(UnrecoverableError):
    """A document is damaged, or has a schema version that this program does not read."""

    def __init__(self, document: str, problem: str) -> None:
        self.problem = problem
        super().__init__(f"{document} cannot be read: {problem}")
