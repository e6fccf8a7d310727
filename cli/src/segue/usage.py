"""What is wrong with a command line: the parser's errors in the words of every other error."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from cyclopts.exceptions import (
    CoercionError,
    CycloptsError,
    MissingArgumentError,
    RepeatArgumentError,
    UnknownCommandError,
    UnknownOptionError,
    UnusedCliTokensError,
    ValidationError,
)

from segue.errors import UsageError, did_you_mean

if TYPE_CHECKING:
    from cyclopts.argument import Argument

_TYPES: Mapping[type, str] = {int: "a whole number", float: "a number"}
Explained = tuple[str, str | None]
"""A message, and the way out if it is nearer than the help."""


def explain(error: CycloptsError, commands: Iterable[str], help_command: str) -> UsageError:
    """Turn an error of the parser into one of ours.

    Parameters
    ----------
    error
        What the parser raised.
    commands
        Every command that there is.
    help_command
        What shows the help of the command, for example ``segue get --help``.
    """
    if isinstance(error, UnknownCommandError):
        wrong = (error.unused_tokens or [""])[0]
        message = f"there is no option {wrong}" if wrong.startswith("-") else f"there is no command {wrong!r}"
        return UsageError(message, did_you_mean(wrong, commands) or f"see: {help_command}")
    message, hint = next(
        (explained(error) for kind, explained in _EXPLANATIONS.items() if isinstance(error, kind)), (str(error), None)
    )
    return UsageError(message, hint or f"see: {help_command}")


def _name(error: CycloptsError) -> str:
    """Name of the argument as it was typed, or as the help shows it."""
    argument = error.argument
    if argument is None:
        return "an argument"
    typed = next((token.keyword for token in argument.tokens if token.keyword), None)
    return typed or (argument.name if argument.name.startswith("-") else argument.name.upper())


def _unknown_option(error: CycloptsError) -> Explained:
    assert isinstance(error, UnknownOptionError)
    wrong = (error.token.keyword or error.token.value).partition("=")[0]
    typed = [argument for argument in error.argument_collection if argument.parse]
    known = [name for argument in typed for name in argument.names if name.startswith("--")]
    return f"there is no option {wrong}", did_you_mean(wrong, known)


def _missing(error: CycloptsError) -> Explained:
    assert isinstance(error, MissingArgumentError)
    if error.keyword:
        return f"{error.keyword} needs a value", None
    if error.argument is not None and error.argument.tokens:
        return f"{_name(error)} needs a value", None
    return f"{_name(error)} is missing", None


def _coercion(error: CycloptsError) -> Explained:
    assert isinstance(error, CoercionError)
    value = error.token.value if error.token else ""
    choices = _choices(error.argument)
    if choices:
        hint = did_you_mean(value, choices) or f"choose one of: {', '.join(choices)}"
        return f"{_name(error)}: {value!r} is not a valid value", hint
    if error.msg is not None:
        return f"{_name(error)}: {error.msg}", None
    return f"{_name(error)}: {value!r} is not {_TYPES.get(error.target_type or str, 'a valid value')}", None


def _choices(argument: Argument | None) -> Sequence[str]:
    return (argument.get_choices(force=True) or ()) if argument is not None else ()


def _invalid(error: CycloptsError) -> Explained:
    assert isinstance(error, ValidationError)
    return f"{_name(error)}: {error.exception_message}", None


def _repeated(error: CycloptsError) -> Explained:
    return f"{_name(error)} may be given only once", None


def _unused(error: CycloptsError) -> Explained:
    return f"unexpected argument {(error.unused_tokens or [''])[0]!r}", None


_EXPLANATIONS: Mapping[type[CycloptsError], Callable[[CycloptsError], Explained]] = {
    UnknownOptionError: _unknown_option,
    MissingArgumentError: _missing,
    CoercionError: _coercion,
    ValidationError: _invalid,
    RepeatArgumentError: _repeated,
    UnusedCliTokensError: _unused,
}
