"""What several operations do with an answer of the recommender."""

from __future__ import annotations

from segue_api.http.operation import Service
from segue_api.service.catalogues import Served
from segue_api.service.lists import hit_list
from segue_api.wire.tracks import HitList
from segue_core.recommend.answer import Recommendations


def answer_list(service: Service, served: Served, found: Recommendations, name: str) -> HitList:
    """A list as it is answered, counted."""
    return counted(service, served, hit_list(served, found, name))


def counted(service: Service, served: Served, answer: HitList) -> HitList:
    """A list, after its tracks have been counted."""
    service.metrics.count_hits(hit.source for hit in answer.hits)
    service.served.note(served.name, (hit.track.id for hit in answer.hits))
    return answer
