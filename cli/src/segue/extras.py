"""What an installation lacks, and which extra of the distribution brings it."""

from __future__ import annotations

from collections.abc import Collection
from importlib.util import find_spec

from segue.errors import UsageError

LOCAL, PLOT, LIBROSA, LEARNED = "local", "plot", "librosa", "learned"
_BASE = frozenset(
    {"cyclopts", "prometheus_client", "pydantic", "rich", "segue", "segue_core", "segue_operator", "yaml"}
)
_EXTRA_OF = {"matplotlib": PLOT, "librosa": LIBROSA, "onnxruntime": LEARNED}


def missing_extra(error: ImportError, command: str) -> UsageError | None:
    """Explain an import that failed because an extra is not installed; None if it should not have failed."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, ModuleNotFoundError):
        cause = cause.__cause__
    module = (cause.name or "").partition(".")[0] if cause is not None else ""
    if not module or module in _BASE:
        return None
    extra = _EXTRA_OF.get(module, LOCAL)
    if command == "map":
        extra = PLOT
    return _not_installed(f"segue {command}", module, extra)


def check_embedded_database() -> None:
    """Check that the embedded database can be started.

    Raises
    ------
    UsageError
        It is not installed.
    """
    if find_spec("secantus") is None:
        raise UsageError(
            "the embedded database (SecantusDB) is not installed",
            f"name a database in MONGODB_URI, or {_install(LOCAL)}",
        )


def check_librosa() -> None:
    """Check that the engine Librosa can be used.

    Raises
    ------
    UsageError
        It is not installed.
    """
    if find_spec("librosa") is None:
        raise UsageError(
            "the engine Librosa needs librosa, which is not installed",
            f"use the engine Native, or {_install(LIBROSA)}",
        )


def check_learned() -> None:
    """Check that learned features can be computed.

    Raises
    ------
    UsageError
        onnxruntime is not installed.
    """
    if find_spec("onnxruntime") is None:
        raise UsageError("learned features need onnxruntime, which is not installed", _install(LEARNED))


def check_programs(command: str, modules: Collection[str]) -> None:
    """Check that what a command starts can run.

    Raises
    ------
    UsageError
        One of the modules is not installed.
    """
    missing = next((module for module in modules if find_spec(module) is None), None)
    if missing is not None:
        raise _not_installed(command, missing, LOCAL)


def _not_installed(what: str, module: str, extra: str) -> UsageError:
    return UsageError(f"{what} needs {module}, which is not installed", _install(extra))


def _install(extra: str) -> str:
    return f"install segue[{extra}]: pip install 'segue[{extra}]'"
