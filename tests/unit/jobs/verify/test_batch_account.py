"""Each listed track has exactly one fate, which the newest evidence decides."""

from hypothesis import given
from hypothesis import strategies as st

from segue_jobs.listing.listed_tracks import ListedTrack
from segue_jobs.verify.batch_account import BatchAccount, Expectation, Fate, NewestRejection, Stored, advice, fate

MINE = Expectation(batch_uid="mine")
expectations = st.builds(
    Expectation,
    batch_uid=st.just("mine"),
    recipes=st.frozensets(st.sampled_from(["r1", "r2"])),
    began=st.none() | st.integers(0, 5),
)
stored_documents = st.builds(
    Stored, st.sampled_from(["mine", "other"]), st.integers(0, 5), st.sampled_from(["r1", "r2", "r3"])
)
rejections = st.builds(NewestRejection, st.sampled_from(["TooShort", "Silent"]), st.integers(0, 5))
ids = st.sampled_from([str(number) for number in range(8)])


def test_the_newer_evidence_decides() -> None:
    assert fate(Stored("mine", 5), NewestRejection("Silent", 4), MINE) is Fate.EXTRACTED
    assert fate(Stored("mine", 4), NewestRejection("Silent", 4), MINE) is Fate.EXTRACTED
    assert fate(Stored("other", 4), NewestRejection("Silent", 5), MINE) is Fate.REJECTED
    assert fate(Stored("other", 4), None, MINE) is Fate.SKIPPED
    assert fate(None, None, MINE) is Fate.ABSENT


def test_a_track_of_an_earlier_recipe_is_outdated_unless_another_batch_stored_it_meanwhile() -> None:
    expected = Expectation(batch_uid="mine", recipes=frozenset({"r2"}), began=10)
    assert fate(Stored("other", 4, "r1"), None, expected) is Fate.OUTDATED
    assert fate(Stored("other", 4, "r2"), None, expected) is Fate.SKIPPED
    assert fate(Stored("other", 10, "r3"), None, expected) is Fate.SKIPPED
    assert fate(Stored("mine", 11, "r1"), None, expected) is Fate.EXTRACTED
    assert fate(Stored("other", 4, "r1"), NewestRejection("Silent", 11), expected) is Fate.REJECTED


@given(st.sets(ids), st.dictionaries(ids, stored_documents), st.dictionaries(ids, rejections), expectations)
def test_the_account_adds_up(
    listed: set[str], stored: dict[str, Stored], rejected: dict[str, NewestRejection], expected: Expectation
) -> None:
    account = BatchAccount(expected)
    account.add([ListedTrack(track_id, f"{track_id}.mp3") for track_id in sorted(listed)], stored, rejected)
    assert sum(account.fates.values()) == len(listed)
    assert sum(account.reasons.values()) == account.fates[Fate.REJECTED]
    assert len(account.outdated) == account.fates[Fate.OUTDATED]
    assert {track.track_id for track in account.absent} == listed - stored.keys() - rejected.keys()


@given(st.dictionaries(ids, stored_documents), st.dictionaries(ids, rejections))
def test_the_batch_began_no_later_than_its_first_record(
    stored: dict[str, Stored], rejected: dict[str, NewestRejection]
) -> None:
    account = BatchAccount(MINE)
    account.add([ListedTrack(str(number), None) for number in range(8)], stored, rejected)
    times = [document.time for document in stored.values() if document.batch_uid == "mine"]
    times += [rejection.time for rejection in rejected.values()]
    assert account.first_record == min(times, default=None)


def test_the_advice_names_tracks_and_the_way_out() -> None:
    text = advice(["a", "b"], 7, 10)
    assert text.startswith("7 of 10 tracks are neither stored nor rejected; the first: a, b.")
    assert "apply it again" in text
    assert "(3 of them are stored only with an earlier recipe)" in advice(["a"], 7, 10, outdated=3)
