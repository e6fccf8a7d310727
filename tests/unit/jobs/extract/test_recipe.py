"""The recipe changes with everything that changes a vector, and with nothing else."""

from __future__ import annotations

import dataclasses

from segue_core.contract import Engine, WindowPosition
from segue_core.features.layout import FEATURE_SET
from segue_jobs.extract.decode import Window
from segue_jobs.extract.engine import engine
from segue_jobs.extract.recipe import recipe_of

WINDOW = Window(WindowPosition.MIDDLE, 30.0, 5.0)


class OtherVersion:
    name = "librosa"
    version = "0.0.1"
    maximum_seconds = None


def test_it_names_the_feature_set_and_is_stable() -> None:
    recipe = recipe_of(engine(Engine.LIBROSA), WINDOW)
    assert recipe.startswith(f"{FEATURE_SET}-")
    assert recipe == recipe_of(engine(Engine.LIBROSA), dataclasses.replace(WINDOW, seconds=30))


def test_engine_and_window_change_it() -> None:
    whole = dataclasses.replace(WINDOW, position=WindowPosition.WHOLE)
    recipes = {
        recipe_of(engine(Engine.LIBROSA), WINDOW),
        recipe_of(OtherVersion(), WINDOW),
        recipe_of(engine(Engine.LIBROSA), dataclasses.replace(WINDOW, seconds=29.0)),
        recipe_of(engine(Engine.LIBROSA), whole),
    }
    assert len(recipes) == 4
    assert recipe_of(engine(Engine.LIBROSA), dataclasses.replace(whole, seconds=10.0)) in recipes


def test_the_shortest_accepted_length_does_not_change_it() -> None:
    stricter = dataclasses.replace(WINDOW, minimum_seconds=10.0)
    assert recipe_of(engine(Engine.LIBROSA), stricter) == recipe_of(engine(Engine.LIBROSA), WINDOW)
