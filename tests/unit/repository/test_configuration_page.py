"""docs/configuration.md names every environment variable that the code reads."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from segue_core.contract import Env
from segue_operator.children.config import DEFAULT_RESOURCES, DEFAULT_SERVICE_ACCOUNTS
from segue_operator.kinds.constants import Component

_SPELLED = re.compile(r'"(SEGUE_[A-Z_]*[A-Z])"')


def _read_by_the_code(repository: Path) -> set[str]:
    sources = repository.glob("*/src/**/*.py")
    spelled = {name for source in sources for name in _SPELLED.findall(source.read_text("utf-8"))}
    resources = {f"SEGUE_{component.name}_RESOURCES" for component in DEFAULT_RESOURCES}
    accounts = {f"SEGUE_{component.name}_SERVICE_ACCOUNT" for component in DEFAULT_SERVICE_ACCOUNTS}
    return spelled | resources | accounts | {str(name) for name in Env}


def test_every_variable_is_described(repository: Path) -> None:
    page = (repository / "docs/configuration.md").read_text("utf-8")

    assert not {name for name in _read_by_the_code(repository) if f"`{name}`" not in page}


@pytest.mark.parametrize("component", [Component.SINK, Component.VERIFY, Component.TRAIN])
def test_users_of_programs_are_named(repository: Path, component: Component) -> None:
    assert f"`{component.name}`" in (repository / "docs/configuration.md").read_text("utf-8")


def test_no_variable_is_described_that_nothing_reads(repository: Path) -> None:
    page = (repository / "docs/configuration.md").read_text("utf-8")
    described = set(re.findall(r"`(SEGUE_[A-Z_]*[A-Z])`", page))
    a_program_each = re.compile(r"SEGUE_EXTRACT_KAFKA_(USERNAME|SECRET)")

    assert not {name for name in described - _read_by_the_code(repository) if not a_program_each.fullmatch(name)}
