"""What to do about a resource that failed."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from segue.commands.manifest_files import line_of
from segue.render.resources import at, short_name
from segue_operator.kinds.conditions import condition_of
from segue_operator.kinds.constants import ConditionReason
from segue_operator.kinds.objects import Key, Manifest

_FIELD = "maxRejectedPercent"


def way_out(resource: Manifest, files: Sequence[str], *, again: bool = False) -> str:
    """Where to look, and what to change.

    Parameters
    ----------
    files
        The manifests, as the user named them.
    again
        Whether the same command runs it again.
    """
    once_more = "run it again" if again else "run it again with --again"
    key = Key.of(resource)
    if condition_of(resource, "Failed").get("reason") != ConditionReason.TOO_MANY_REJECTED:
        return f"read its log: segue logs {short_name(key)}; {once_more}"
    catalogue = shlex.quote(str(at(resource, "spec", "catalogue")))
    return f"see each file: segue rejected --catalogue {catalogue}; {_change(resource, files)}, then {once_more}"


def _change(resource: Manifest, files: Sequence[str]) -> str:
    limit = at(resource, "spec", _FIELD)
    tracks = at(resource, "status", "tracks") or {}
    needed = -(-100 * int(tracks.get("rejected") or 0) // max(1, int(tracks.get("listed") or 0)))
    wanted = f"{_FIELD}: {max(needed, 1)}"
    found = line_of(files, Key.of(resource), _FIELD)
    if found is None:
        return f"repair them, or raise {_FIELD} ({limit}) to {max(needed, 1)}"
    path, line = found
    if line is None:
        return f"repair them, or add `{wanted}` under `spec` in {path}"
    return f"repair them, or write `{wanted}` in line {line} of {path}"
