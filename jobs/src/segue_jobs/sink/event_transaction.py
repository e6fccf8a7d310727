"""The part of a transaction that concerns listeners: events, profiles, and how far the profiles have come."""

from __future__ import annotations

from collections.abc import Sequence

from pymongo.client_session import ClientSession

from segue_core.store.database import Database
from segue_core.store.events import erase_events, insert_events, stored_listeners
from segue_core.store.positions import advance_positions
from segue_core.store.profiles import read_profiles, write_profiles
from segue_core.store.records import event_key
from segue_jobs.sink.event_plan import EventPlan, plan_events
from segue_jobs.sink.write import Write


class ConflictError(Exception):
    """Another sink, which owns the partition by now or did so before, writes the same listeners."""


def write_events(target: Database, writes: Sequence[Write], session: ClientSession) -> EventPlan:
    """Write a batch's events and what follows from them; return what was planned.

    Raises
    ------
    ConflictError
        Another sink has written since this transaction began: end it, and begin again.
    """
    keys = {event_key(write.event.catalogue, write.event.user) for write in writes if write.event is not None}
    stored = stored_listeners(target, {write.id for write in writes}, session)
    plan = plan_events(writes, stored, read_profiles(target, sorted(keys), session))
    for catalogue, user in plan.erased:
        erase_events(target, catalogue, user, session)
    insert_events(target, plan.inserts, session)
    if not write_profiles(target, plan.profiles, session):
        raise ConflictError("another sink has changed a profile")
    return plan


def advance_seen(target: Database, writes: Sequence[Write], session: ClientSession) -> None:
    """Move the stored positions to the last record of each partition, whether it was an event or rejected.

    Raises
    ------
    ConflictError
        Another sink moves them at the same time.
    """
    last = {(write.position.topic, write.position.partition): write.position for write in writes}
    if not advance_positions(target, last.values(), session):
        raise ConflictError("another sink has moved the position of a partition")
