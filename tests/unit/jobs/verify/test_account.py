"""Each listed track has one fate, and the newest evidence decides it."""

from hypothesis import given
from hypothesis import strategies as st

from segue_jobs.listing.model import ListedTrack
from segue_jobs.verify.account import Account, Fate, Rejection, Stored, advice, fate

stored_documents = st.builds(Stored, st.sampled_from(["mine", "other"]), st.integers(0, 5))
rejections = st.builds(Rejection, st.sampled_from(["TooShort", "Silent"]), st.integers(0, 5))
ids = st.sampled_from([str(number) for number in range(8)])


def test_the_newer_evidence_decides() -> None:
    assert fate(Stored("mine", 5), Rejection("Silent", 4), "mine") is Fate.EXTRACTED
    assert fate(Stored("mine", 4), Rejection("Silent", 4), "mine") is Fate.EXTRACTED
    assert fate(Stored("other", 4), Rejection("Silent", 5), "mine") is Fate.REJECTED
    assert fate(Stored("other", 4), None, "mine") is Fate.SKIPPED
    assert fate(None, None, "mine") is Fate.ABSENT


@given(st.sets(ids), st.dictionaries(ids, stored_documents), st.dictionaries(ids, rejections))
def test_the_account_adds_up(listed: set[str], stored: dict[str, Stored], rejected: dict[str, Rejection]) -> None:
    account = Account("mine")
    account.add([ListedTrack(track_id, f"{track_id}.mp3") for track_id in sorted(listed)], stored, rejected)
    assert sum(account.fates.values()) == len(listed)
    assert sum(account.reasons.values()) == account.fates[Fate.REJECTED]
    assert {track.track_id for track in account.absent} == listed - stored.keys() - rejected.keys()


@given(st.dictionaries(ids, stored_documents), st.dictionaries(ids, rejections))
def test_the_batch_began_no_later_than_its_first_record(
    stored: dict[str, Stored], rejected: dict[str, Rejection]
) -> None:
    account = Account("mine")
    account.add([ListedTrack(str(number), None) for number in range(8)], stored, rejected)
    times = [document.time for document in stored.values() if document.batch_uid == "mine"]
    times += [rejection.time for rejection in rejected.values()]
    assert account.first_record == min(times, default=None)


def test_the_advice_names_tracks_and_the_way_out() -> None:
    text = advice(["a", "b"], 7, 10)
    assert text.startswith("7 of 10 tracks are neither stored nor rejected, the first: a, b.")
    assert "apply it again" in text
