"""The page of a report: complete, bounded, and safe whatever the tracks are called."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from functools import cache
from html.parser import HTMLParser
from typing import Any

import msgspec
import numpy as np
import pytest

from segue.render import report_contents, report_map
from segue.render.report_contents import Report, make_report
from segue.render.report_page import render_page
from segue_core.contract import Family
from segue_core.recommend.feature_shift import FEWEST_NEW
from segue_core.recommend.model_diff import Side
from segue_core.similarity.stability import feature_ranges
from segue_core.store.models import CatalogueDocument, ModelDocument
from segue_core.store.rejections import Rejection
from support.manifests import training_run
from support.synthetic_model import assemble, train_model
from support.synthetic_tracks import synthetic_tracks

HOSTILE = (
    "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "</title></svg><script>alert(1)</script>",
    "a\x00\x1b[31m\ud800", "\u202egnp.exe", "&lt;b&gt;", "{{7*7}} ${x} <!--", "]]><svg onload=alert(1)>", "x" * 5000,
)  # fmt: skip
REASON = "no measure is worse than model 1's by more than the tolerance"


@cache
def world() -> tuple[Side, ModelDocument]:
    """A catalogue of hostile titles under its model, and the version before it."""
    records = []
    for number, record in enumerate(synthetic_tracks("fma", 80, genres=4)):
        title, artist = HOSTILE[number % len(HOSTILE)], HOSTILE[(number * 5 + 1) % len(HOSTILE)]
        metadata = msgspec.structs.replace(record.metadata, title=title, artist=f"{artist} {number % 16}")
        records.append(msgspec.structs.replace(record, metadata=metadata))
    model, assignments = train_model(records, k=4, number=2)
    measures = {"precisionAt10": 0.41, "hubnessSkew": 1.5, "antiHubShare": 0.03, "clusterSizeMax": 30.0}
    model = msgspec.structs.replace(
        model, metrics=measures, cluster_numbers=(3, 5, 8, 9), cluster_sizes=(20, 20, 20, 20),
        cluster_names=("<b>fast</b>", "slow", "dark", "bright"), excluded_by_reason={"OtherRecipe": 3},
    )  # fmt: skip
    before = msgspec.structs.replace(
        model, number=1, metrics={"precisionAt10": 0.4}, cluster_numbers=(3, 5), cluster_sizes=(11, 12)
    )
    return Side(model, assemble(model, assignments, records)), before


def rejected(reason: str, count: int) -> list[Rejection]:
    return [
        Rejection(
            catalogue="fma", track_id=f"t{number}", batch="b", batch_uid="u", stage="decode", reason=reason,
            path=f"{HOSTILE[0]}/{number}.mp3", message=HOSTILE[1], time=number,
        )
        for number in range(count)
    ]  # fmt: skip


def resources() -> list[dict[str, Any]]:
    recommended = {"type": "RetrainRecommended", "status": "True", "reason": "TracksChanged", "message": "9 came"}
    status = {
        "completionTime": "2026-01-02T00:00:00Z",
        "model": {"version": "fma:2"},
        "decision": {"promoted": False, "reason": HOSTILE[2]},
        "conditions": [recommended],
    }
    mine = training_run("weekly", catalogue="fma") | {"status": status}
    return [mine, training_run("other", catalogue="fma"), training_run("theirs") | {"status": status}]


@cache
def report() -> Report:
    side, before = world()
    return make_report(
        side,
        previous=before,
        pointer=CatalogueDocument(catalogue="fma", active_model="fma:2", pinned=True, reason=REASON, updated="now"),
        rejections=[*rejected("DecodeError", 2), *rejected("Silent", 5)],
        resources=resources(),
        made="2026-01-03T00:00:00Z",
    )


class Reader(HTMLParser):
    """What a browser would make of a page."""

    VOID = frozenset({"meta", "br"})

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    reader.close()
    assert reader.open == []
    return reader


def test_hostile_names_stay_text() -> None:
    page = render_page(report(), world()[0])
    reader = read(page)
    expected = {
        "html", "head", "meta", "title", "style", "body", "main", "h1", "h2", "p", "br", "span", "bdi", "table",
        "thead", "tbody", "tr", "th", "td", "svg", "circle", "text",
    }  # fmt: skip
    assert {tag for tag, _ in reader.tags} == expected
    names = {name for _, attributes in reader.tags for name in attributes}
    assert not {name for name in names if name.startswith("on") or name in ("src", "href", "style", "srcset")}
    assert "url(" not in page
    assert "<script>alert(1)</script>" in "".join(reader.words)
    assert not any(character in page for character in "\x00\x1b\ud800\u202e")
    assert "x" * 500 not in page
    page.encode("utf-8")


def test_the_policy_allows_nothing_but_inline_styles() -> None:
    reader = read(render_page(report(), world()[0]))
    policies = [attributes.get("content") for tag, attributes in reader.tags if tag == "meta"]
    assert "default-src 'none'; style-src 'unsafe-inline'" in policies


def test_it_says_all_there_is_to_say() -> None:
    words = " ".join(" ".join(read(render_page(report(), world()[0])).words).split())
    for said in (
        "active and pinned", "same genre among 10 neighbours, other artists only 0.41 0.40",
        "share of tracks that are in no other track's 10 0.03 -", "<b>fast</b>", REASON, "not made active", "9 came",
        "0 of 80 tracks (0%) were not in the training", "OtherRecipe 3", "Lists", "Never recommended",
    ):  # fmt: skip
        assert said in words, said
    assert "theirs" not in words


def test_contents() -> None:
    found = report()
    assert [(line.reason, line.tracks) for line in found.rejected] == [("Silent", 5), ("DecodeError", 2)]
    assert {line.number: line.previous_tracks for line in found.clusters} == {3: 11, 5: 12, 8: None, 9: None}
    assert [line.tracks for line in found.clusters] == sorted((line.tracks for line in found.clusters), reverse=True)
    assert sum(line.tracks for line in found.clusters) == found.tracks == 80
    assert [line.lists for line in found.hubs] == sorted((line.lists for line in found.hubs), reverse=True)
    assert found.every_track_asked
    assert [run.name for run in found.runs] == ["weekly"]
    json.dumps(asdict(found))


def test_a_large_catalogue_is_drawn_and_listed_in_part(monkeypatch: pytest.MonkeyPatch) -> None:
    side, _ = world()
    monkeypatch.setattr(report_map, "MOST_POINTS", 30)
    monkeypatch.setattr(report_contents, "MOST_CLUSTERS", 2)
    monkeypatch.setattr("segue_api.service.reach.MAXIMUM_LISTS", 10)
    found = make_report(side, previous=None, pointer=None, rejections=[], resources=[], made="2026-01-03T00:00:00Z")
    page = render_page(found, side)
    assert page.count("<circle") == 27
    words = " ".join(" ".join(read(page).words).split())
    assert "It shows 27 of 80, evenly chosen." in words
    assert "and 2 smaller clusters." in words
    assert "10 lists cannot tell for a catalogue of this size" in words
    assert found.never == ()
    assert "not active" in words
    assert "Before" not in words


def test_new_tracks_whose_features_have_shifted_are_told() -> None:
    records = list(synthetic_tracks("fma", 80, genres=4))
    model, assignments = train_model(records, k=4)
    trained = assemble(model, assignments, records)
    ranges = feature_ranges(trained.space.index.vectors(np.arange(len(trained.tracks))))
    louder = [
        msgspec.structs.replace(
            records[place % len(records)],
            track_id=f"new {place}",
            families={
                family: tuple(9 + 3 * value for value in values) if family is Family.RHYTHM else values
                for family, values in records[place % len(records)].families.items()
            },
        )
        for place in range(FEWEST_NEW)
    ]
    side = Side(msgspec.structs.replace(model, feature_ranges=ranges), trained.with_tracks(louder))
    found = make_report(side, previous=None, pointer=None, rejections=[], resources=[], made="2026-01-03T00:00:00Z")
    assert found.shift is not None
    assert max(found.shift.largest, key=found.shift.largest.__getitem__) == Family.RHYTHM
    assert found.shift.shifted
    assert json.loads(json.dumps(asdict(found)))["shift"]["largest"].keys() == set(found.shift.largest)
    words = " ".join(" ".join(read(render_page(found, side)).words).split())
    assert f"Of the features, {found.shift.shifted:.0%} have shifted" in words
    assert "Largest index" in words
    assert report().shift is None
