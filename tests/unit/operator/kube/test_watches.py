"""What kopf is told: watch, and neither write nor copy anything; and that kopf still understands it."""

from __future__ import annotations

import importlib
import logging
from importlib.metadata import version
from pathlib import Path

import kopf
import pytest

import segue_operator
from segue_core.observability.logging import OneOfAKind
from segue_operator.kube import watches
from segue_operator.kube.watches import kopf_settings
from support.workloads import job

CHANGED = f"kopf {version('kopf')} differs from 1.45: adapt segue_operator/kube/watches.py, then its range of versions"
PACKAGE = Path(segue_operator.__file__).parent


def test_kopf_copies_no_object_to_compare_it_later() -> None:
    storage = kopf_settings().persistence.diffbase_storage
    body, patch = kopf.Body(job("songs-extract")), kopf.Patch()
    essence = storage.build(body=body)
    storage.store(body=body, patch=patch, essence=essence)
    assert not essence
    assert storage.fetch(body=body) is None
    assert not patch


@pytest.mark.parametrize("section", sorted(vars(kopf.OperatorSettings())))
def test_kopf_has_every_setting_that_it_is_given(section: str) -> None:
    ours, known = (vars(getattr(settings, section)) for settings in (kopf_settings(), kopf.OperatorSettings()))
    unknown = sorted(ours.keys() - known.keys())
    assert not unknown, f"{CHANGED}; it has no settings.{section}.{', '.join(unknown)}"


def test_the_logger_that_is_silenced_is_kopfs() -> None:
    try:
        name = importlib.import_module(watches._RUNNING_LOGGER).logger.name
    except (ImportError, AttributeError) as error:
        pytest.fail(f"{CHANGED}; nothing there warns of a thread any more: {error}")
    assert name == watches._RUNNING_LOGGER, CHANGED


def test_kopfs_insides_are_known_to_one_module() -> None:
    modules = {path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py") if "kopf._" in path.read_text()}
    assert modules == {"kube/watches.py"}


def test_in_an_outage_kopf_leaves_a_line_a_minute_however_many_watches_fail() -> None:
    lines: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: lines.append(record.getMessage())  # type: ignore[method-assign]
    root = logging.getLogger()
    root.addHandler(handler)
    try:
        watches.quieten_kopf("INFO")
        for attempt in range(20):
            for module in ("watching", "fetching", "auth"):
                level = logging.WARNING if attempt % 2 else logging.ERROR
                logging.getLogger(f"kopf.clients.{module}").log(level, "attempt %d of %s failed", attempt, module)
        logging.getLogger("segue_operator").error("our own")
    finally:
        root.removeHandler(handler)
        for other in root.handlers:
            for added in [one for one in other.filters if isinstance(one, OneOfAKind)]:
                other.removeFilter(added)
    assert lines == ["attempt 0 of watching failed", "our own"]
