"""``segue logs``: the logs of pods, by pod or by the resource they work for."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Annotated

from cyclopts import Parameter

from segue.commandline import Call, Invocation
from segue.errors import CommandExit, UsageError, did_you_mean
from segue.render.resources import columns_of, find
from segue_operator.children.sink_deployment import is_sink_pod
from segue_operator.kinds.objects import PARENT_LABELS, Key, Kind, Manifest, works_for

_POLL_SECONDS = 0.2


def _log_files(call: Invocation) -> list[Path]:
    return sorted(call.state.logs.glob("*/*.log"), key=lambda path: path.stat().st_mtime)


def _is_of(pod: Manifest, resource: Key) -> bool:
    """Whether a pod works for a resource; the sink works for all batches of its namespace."""
    if resource.kind is Kind.TRACK_BATCH and is_sink_pod(pod):
        return Key.of(pod).namespace == resource.namespace
    return works_for(pod, resource)


def _pods_of(call: Invocation, target: str) -> list[str]:
    kind_name, _, name = target.partition("/")
    kind = columns_of(kind_name).kind
    if kind is Kind.POD:
        return [name]
    if kind not in PARENT_LABELS:
        raise UsageError(f"{target}: logs are kept for pods, trackbatches and trainingruns")
    resources = [Key.of(resource) for resource in find(call.state, kind, name)]
    return [Key.of(pod).name for pod in find(call.state, Kind.POD) if any(_is_of(pod, one) for one in resources)]


def _select(call: Invocation, target: str) -> list[Path]:
    files = _log_files(call)
    wanted = set(_pods_of(call, target)) if "/" in target else {target}
    chosen = [path for path in files if path.stem in wanted]
    if not chosen:
        hint = did_you_mean(target.partition("/")[2] or target, [path.stem for path in files])
        raise UsageError(f"there is no log of {target} in {call.state.logs}", hint or "see: segue get pods")
    return chosen


def _last_lines(text: str, count: int | None) -> str:
    lines = text.splitlines(keepends=True)
    return "".join(lines if count is None else lines[max(0, len(lines) - count) :])


def _follow(sources: dict[str, IO[str]], write: Callable[[str, str], None], still: Callable[[], bool]) -> None:
    going_on = True
    while going_on:
        going_on = still()  # asked before the last read, so that nothing written until the end is lost
        for name, source in sources.items():
            if text := source.read():
                write(name, text)
        if going_on:
            time.sleep(_POLL_SECONDS)


def _prefixed(name: str, text: str, *, several: bool) -> Iterator[str]:
    for line in text.splitlines(keepends=True):
        yield f"[{name}] {line}" if several else line


def run(
    target: Annotated[str, Parameter(help="a pod, or trackbatch/NAME or trainingrun/NAME")],
    /,
    *,
    follow: Annotated[
        bool, Parameter(alias="-f", help="keep printing until Ctrl-C, or until nothing runs here", show_default=False)
    ] = False,
    tail: Annotated[int | None, Parameter(metavar="LINES", help="begin with the last lines only")] = None,
    call: Call,
) -> int:
    """Print the logs of the pods."""
    paths, output = _select(call, target), call.console.file

    def write(name: str, text: str) -> None:
        output.writelines(_prefixed(name, text, several=len(paths) > 1))
        output.flush()

    with ExitStack() as stack:
        sources: dict[str, IO[str]] = {}
        for path in paths:
            sources[path.stem] = stack.enter_context(path.open(encoding="utf-8", errors="replace"))
            write(path.stem, _last_lines(sources[path.stem].read(), tail))
        if follow:
            _follow(sources, write, lambda: call.state.cluster_lock.holder() is not None)
    return CommandExit.OK
