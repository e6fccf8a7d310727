"""``segue rejected``: the tracks of a catalogue that could not be used, and why."""

from __future__ import annotations

import argparse
from collections import Counter
from dataclasses import asdict

from segue_jobs.contract import Reason
from segue_operator.local.commandline import Command, Invocation, write_json
from segue_operator.local.errors import CommandExit
from segue_operator.local.rejections import Rejection, check_catalogue, read_rejections
from segue_operator.local.render import rows, table
from segue_operator.local.session import open_database


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--catalogue", required=True, help="catalogue to look into")
    parser.add_argument("--batch", help="of this TrackBatch only")
    parser.add_argument(
        "--reason", choices=[str(reason) for reason in Reason], metavar="REASON", help="for this reason"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")


def _document(item: Rejection) -> dict[str, object]:
    document = asdict(item)
    return {"trackId": document.pop("track_id"), **document}


def _run(call: Invocation) -> int:
    wanted = call.arguments
    matching = {
        key: value
        for key, value in (("catalogue", wanted.catalogue), ("batch", wanted.batch), ("reason", wanted.reason))
        if value
    }
    with open_database(call.state, call.environ, call.title) as database:
        check_catalogue(database, wanted.catalogue)
        found = read_rejections(database, **matching)
    if wanted.json:
        write_json(call.console, [_document(item) for item in found])
        return CommandExit.OK
    if not found:
        call.console.print("no track was rejected")
        return CommandExit.OK
    lines = ((item.reason, item.stage, item.path or item.track_id, item.message) for item in found)
    call.console.print(rows(table("REASON", "STAGE", "PATH", "MESSAGE", wide=("PATH", "MESSAGE")), lines))
    counts = Counter(item.reason for item in found)
    shown = ", ".join(f"{count} {reason}" for reason, count in counts.most_common())
    call.notes.print(f"{len(found)} rejected: {shown}")
    return CommandExit.OK


COMMAND = Command(
    examples=["segue rejected --catalogue demo", "segue rejected --catalogue demo --reason DecodeError --json"],
    add_arguments=_add_arguments,
    run=_run,
)
