"""The command line as its parser sees it: the commands, imported when they are called, and the global options."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Group, Parameter

from segue.commandline import Invocation, PipeConsole, make_console
from segue.commands import COMMANDS, Description, command_of, commands_below
from segue.help_format import ColumnFormatter
from segue.state import State
from segue_core import __version__

STATE_VARIABLE = "SEGUE_STATE"
DEFAULT_STATE = ".segue"
_DESCRIPTION = "Music recommendations from your own audio: the same manifests as on Kubernetes, run on this machine."
_HELP = ("--help", "-h")
_GLOBAL = Group("global options", sort_key=9)
_WORDS = Annotated[str, Parameter(show=False, allow_leading_hyphen=True)]
_STATE = Annotated[
    Path | None,
    Parameter(
        help=f"state directory (default: {DEFAULT_STATE}, or ${STATE_VARIABLE})", metavar="DIR", show_default=False
    ),
]
_QUIET = Annotated[bool, Parameter(alias="-q", help="no progress and no remarks: results and errors only")]


def build_app(environ: Mapping[str, str]) -> App:
    """Make the parser; calling its ``meta`` with the words of a command line runs a command and returns its exit code.

    Parameters
    ----------
    environ
        Environment that the commands see.
    """
    app = App(
        name="segue",
        help=_DESCRIPTION,
        help_format="plaintext",
        help_formatter=ColumnFormatter(),
        help_epilogue="segue COMMAND --help shows examples.",
        version=f"segue {__version__}",
        default_parameter=Parameter(negative=(), show_default=_shown_default, allow_repeating=True),
        group_arguments=Group("arguments", sort_key=1),
        group_parameters=Group("options", sort_key=2),
        group_commands=Group("commands", sort_key=3),
        console=PipeConsole(markup=False, highlight=False, emoji=False),
        suppress_keyboard_interrupt=False,
        result_action="return_value",
        exit_on_error=False,
        print_error=False,
    )
    _add_commands(app, COMMANDS, "segue.commands")
    app.meta.default(_launcher(app, environ))
    return app


def _add_commands(app: App, commands: Mapping[str, Description], package: str) -> None:
    for place, (name, described) in enumerate(commands.items()):
        examples = "\n".join(["examples:", *(f"  {example}" for example in described.examples)])
        if described.subcommands:
            group = App(name=name, help=described.summary, help_epilogue=examples, sort_key=place)
            app.command(group)
            _add_commands(group, described.subcommands, f"{package}.{name}")
        else:
            app.command(
                f"{package}.{name}:run", name=name, help=described.summary, help_epilogue=examples, sort_key=place
            )


def _complete(words: Sequence[str]) -> Sequence[str]:
    """The words with the first subcommand, where a command has some and none is named."""
    command = command_of(words)
    following = words[len(command)] if len(words) > len(command) else None
    subcommands = commands_below(command)
    if not command or not subcommands or not (following is None or following.startswith("-")) or following in _HELP:
        return words
    return (*command, next(iter(subcommands)), *words[len(command) :])


def _shown_default(value: object) -> object:
    """What the help shows of a default: nothing of an empty one."""
    return f"{value:g}" if isinstance(value, float) else value or None


def _launcher(app: App, environ: Mapping[str, str]) -> Any:
    def launch(
        *words: _WORDS,
        state: Annotated[_STATE, Parameter(group=_GLOBAL)] = None,
        quiet: Annotated[_QUIET, Parameter(group=_GLOBAL)] = False,
    ) -> object:
        whole = _complete(words)
        command, bound, unparsed = app.parse_args(whole)
        if "call" in unparsed:
            bound.arguments["call"] = Invocation(
                command=" ".join(command_of(whole)),
                state=State(state or Path(environ.get(STATE_VARIABLE) or DEFAULT_STATE)),
                console=make_console(),
                notes=make_console(stderr=True, quiet=quiet),
                environ=environ,
                app=app,
            )
        return command(*bound.args, **bound.kwargs)

    return launch
