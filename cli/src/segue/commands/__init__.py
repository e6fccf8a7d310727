"""The commands of ``segue``, one file each, with a function ``run``; a command with subcommands is a folder of them.

Their summaries and examples are here, so that ``segue --help`` imports none of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Description:
    """What the help says of a command."""

    summary: str
    examples: tuple[str, ...]
    subcommands: Mapping[str, Description] = field(default_factory=dict)
    """By name; the first is what the command does without one."""


COMMANDS: Mapping[str, Description] = {
    "demo": Description(
        "Show everything at work, on music that it synthesises.",
        ("segue demo",),
    ),
    "sync": Description(
        "Ingest a folder of your own music and train on it.",
        (
            "segue sync ~/Music",
            "segue sync ~/Music --catalogue mine    # run it again after adding music",
        ),
    ),
    "init": Description(
        "Write the two manifests for a folder of your own music.",
        ("segue init ~/Music --catalogue mine --output mine",),
    ),
    "validate": Description(
        "Check manifests without running anything.",
        ("segue validate -f examples/demo",),
    ),
    "apply": Description(
        "Ingest music and train models on this machine, as the manifests say.",
        (
            "segue apply -f examples/demo --volume demo-music=.segue/demo",
            "segue apply -f mine            # manifests that `segue init` wrote",
            "segue apply -f mine --again    # after adding music to the folder",
        ),
    ),
    "get": Description(
        "Show resources, pods, jobs or models.",
        (
            "segue get",
            "segue get trackbatches -o wide",
            "segue get trackbatch demo -o yaml",
            "segue get models",
        ),
    ),
    "delete": Description(
        "Delete a resource; the tracks and models that it made stay.",
        ("segue delete trackbatch/demo", "segue delete trackbatch/demo trainingrun/demo"),
    ),
    "logs": Description(
        "Print the log of a pod, or of all pods of a resource.",
        (
            "segue logs trackbatch/demo",
            "segue logs demo-extract-0-x7k2p -f",
            "segue logs trainingrun/demo --tail 20",
        ),
    ),
    "rejected": Description(
        "List the rejected tracks of a catalogue, each with its reason.",
        (
            "segue rejected --catalogue demo",
            "segue rejected --catalogue demo --reason DecodeError --json",
        ),
    ),
    "tracks": Description(
        "List the tracks of a catalogue with their ids and clusters.",
        (
            "segue tracks --catalogue demo",
            "segue tracks castle --catalogue demo",
            "segue tracks --catalogue demo --typical 3",
            "segue tracks --catalogue demo --missing",
        ),
    ),
    "recommend": Description(
        "Recommend tracks, and say why.",
        (
            "segue recommend --catalogue demo --track drascula-track6 --why",
            "segue recommend --catalogue demo --like ardentryst-castle --like mrrescue-roof",
            "segue recommend --catalogue demo --track drascula-track6 --tempo 90..130 -n 5",
            'segue recommend --catalogue mine --like "Nina Simone" --m3u evening.m3u8',
            "segue recommend --catalogue mine --like ~/Music/liked.m3u --paths",
        ),
    ),
    "queue": Description(
        "Walk from song to song: each track sounds like the one before it.",
        (
            "segue queue --catalogue demo --from drascula-track6",
            'segue queue --catalogue mine --from "So What" --to "Roof" --m3u walk.m3u8',
        ),
    ),
    "forget": Description(
        "Delete tracks with their likes, and free their ids for other music.",
        ("segue forget old-song --catalogue demo",),
    ),
    "map": Description(
        "Draw the clusters of a catalogue as a picture.",
        ("segue map --catalogue demo --output clusters.png",),
    ),
    "report": Description(
        "Report on a catalogue: map, clusters, measures, hubs, drift, rejected tracks.",
        (
            "segue report --catalogue demo --html report.html",
            "segue report --catalogue demo --json",
        ),
    ),
    "models": Description(
        "List, compare, activate, pin and delete the versions of a catalogue's model.",
        (
            "segue models --catalogue demo",
            "segue models activate 3 --catalogue demo    # roll back",
            "segue models COMMAND --help",
        ),
        {
            "list": Description(
                "List the versions, and say which are active and pinned.",
                ("segue models list", "segue models list --catalogue demo --json"),
            ),
            "show": Description(
                "Show a version: its measures, who made it active and why.",
                ("segue models show --catalogue demo", "segue models show 3 --catalogue demo"),
            ),
            "diff": Description(
                "Compare what two versions recommend for the same tracks.",
                ("segue models diff 3 4 --catalogue demo", "segue models diff 3 4 --catalogue demo --json"),
            ),
            "activate": Description(
                "Make a version the active one; an older version is a rollback.",
                (
                    "segue models activate 3 --catalogue demo",
                    'segue models activate 3 --catalogue demo --reason "it is calmer"',
                ),
            ),
            "pin": Description(
                "Keep training runs from replacing a version, and make it active if it is not.",
                (
                    "segue models pin --catalogue demo",
                    'segue models pin 3 --catalogue demo --reason "for the tour"',
                ),
            ),
            "fetch": Description(
                "Fetch the network that hears learned features.",
                ("segue models fetch", "segue models fetch --wheel musicnn-0.1.0-py3-none-any.whl"),
            ),
            "unpin": Description(
                "Let training runs replace the active version again.",
                ("segue models unpin --catalogue demo",),
            ),
            "delete": Description(
                "Delete versions that nobody needs; the active one and the one before it stay.",
                ("segue models delete 1 2 --catalogue demo", "segue models delete --keep 5 --catalogue demo"),
            ),
        },
    ),
    "keys": Description(
        "Make, list and revoke keys of the service.",
        (
            "segue keys create --role listener --user anna",
            "segue keys COMMAND --help",
        ),
        {
            "list": Description("List the keys.", ("segue keys list", "segue keys list --json")),
            "create": Description(
                "Make a key and print it once.",
                (
                    "segue keys create --role admin",
                    'segue keys create --role listener --user anna --note "phone"',
                    "segue keys create --role ingest --offline    # for a file of keys",
                ),
            ),
            "revoke": Description("Revoke a key.", ("segue keys revoke 0a1b2c3d4e5f",)),
        },
    ),
    "serve": Description(
        "Answer listeners over HTTP, until it is stopped.",
        (
            "segue serve",
            "segue serve --catalogue demo --port 8080",
        ),
    ),
    "down": Description(
        "Stop what runs in this state directory: an apply, the service; the data stays.",
        ("segue down",),
    ),
    "completion": Description(
        "Print or install the completion of this command for a shell.",
        (
            "segue completion bash --install",
            "segue completion zsh > ~/.zfunc/_segue",
        ),
    ),
}
"""Every command, in the order of a newcomer's first hour."""


def command_of(words: Sequence[str]) -> tuple[str, ...]:
    """The command, and its subcommand if there is one, that a command line begins with; empty if it is unknown."""
    found: tuple[str, ...] = ()
    known: Mapping[str, Description] = COMMANDS
    for word in words:
        if word not in known:
            break
        found, known = (*found, word), known[word].subcommands
    return found


def commands_below(command: Sequence[str]) -> Mapping[str, Description]:
    """Subcommands of a command that `command_of` has found; all commands for none."""
    known: Mapping[str, Description] = COMMANDS
    for word in command:
        known = known[word].subcommands
    return known


def every_command() -> Iterator[tuple[str, ...]]:
    """All commands and subcommands, in the order of the help."""
    for name, described in COMMANDS.items():
        yield (name,)
        yield from ((name, subcommand) for subcommand in described.subcommands)
