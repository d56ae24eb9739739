"""Views: what each default one shows, and views stated in words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from datasets.curation.doubts import Doubt, Doubts
from datasets.curation.fiftyone_dataset import set_measures
from datasets.curation.measures import Measures
from datasets.curation.views import (
    HARDEST,
    LIKELY_DUPLICATES,
    LIKELY_MISSING,
    MOST_MISTAKEN,
    MOST_UNIQUE,
    StatedView,
    save_default_views,
    save_stated_views,
)
from datasets.samples import Attributes, Box, Sample
from serving.core.errors import ConfigError
from serving.core.labels import Mask
from tests.datasets.curation.conftest import Made

Load = Callable[..., Any]

LABELS = (Box((0, 0, 20, 40), "person"), Box((30, 0, 50, 40), "person"))
FOUND = (Box((0, 0, 20, 40), "person", score=0.75), Box((9, 9, 20, 20), "person", score=0.5))


@pytest.fixture
def loaded(made: Made, load: Load) -> Any:
    """Four pictures: `a` has doubtful labels, `b` a box missing, `c` was not measured."""
    samples = [
        Sample("a.png", boxes=LABELS, camera="door"),
        Sample("b.png", boxes=LABELS[:1], camera="till", tags=("odd",)),
        Sample("c.png", camera="door", attributes=Attributes(mask=Mask.MASKED)),
        Sample("d.png", boxes=LABELS[:1]),
    ]
    doubts = {
        "a.png": Doubts({0: Doubt(0.1, 0.2), 1: Doubt(0.9, 0.2)}),
        "b.png": Doubts({}, {1: Doubt(possible_missing=True)}),
    }
    loaded = load(made(samples), predictions={"b.png": FOUND}, doubts=doubts)
    measures = [
        Measures("a.png", 0.5, hardness=0.2, mistakenness=0.9, num_missing=0),
        Measures("b.png", 1.0, hardness=0.8, mistakenness=0.1, num_missing=1),
        Measures("c.png"),
        Measures("d.png", 0.25, hardness=0.5, mistakenness=0.3, num_missing=0),
    ]
    set_measures(loaded, measures)
    return loaded


def _shown(loaded: Any, name: str) -> list[str]:
    return list(loaded.load_saved_view(name).values("key"))


def test_each_default_view_shows_what_its_name_says(loaded: Any) -> None:
    ids = dict(zip(*loaded.values(["key", "id"]), strict=True))

    saved = save_default_views(loaded, [[ids["d.png"], ids["b.png"]]])

    assert saved == [MOST_UNIQUE, HARDEST, MOST_MISTAKEN, LIKELY_MISSING, LIKELY_DUPLICATES]
    assert {name: _shown(loaded, name) for name in saved} == {
        MOST_UNIQUE: ["b.png", "a.png", "d.png"],
        HARDEST: ["b.png", "d.png", "a.png"],
        MOST_MISTAKEN: ["a.png"],
        LIKELY_MISSING: ["b.png"],
        LIKELY_DUPLICATES: ["d.png", "b.png"],
    }
    (doubtful,) = loaded.load_saved_view(MOST_MISTAKEN).first().labels.detections
    assert doubtful.mistakenness == 0.9
    (missing,) = loaded.load_saved_view(LIKELY_MISSING).first().predictions.detections
    assert missing.confidence == 0.5


def test_view_that_shows_nothing_any_more_is_taken_away(loaded: Any) -> None:
    save_default_views(loaded, [loaded.values("id")[:2]])

    assert LIKELY_DUPLICATES not in save_default_views(loaded, [])
    assert LIKELY_DUPLICATES not in loaded.list_saved_views()


@pytest.mark.parametrize(
    ("words", "keys"),
    [
        ("camera==door", ["a.png", "c.png"]),
        ("camera!=door, hardness>=0.5", ["b.png", "d.png"]),
        ("tag==odd", ["b.png"]),
        ("tag!=odd", ["a.png", "c.png", "d.png"]),
        ("mask==masked", ["c.png"]),
        ("uniqueness>0,sort=-uniqueness,limit=2", ["b.png", "a.png"]),
        ("uniqueness>0,sort=uniqueness", ["d.png", "a.png", "b.png"]),
        ("labels.mistakenness>0.5", ["a.png"]),
        ("predictions.confidence<0.6", ["b.png"]),
        ("is_labelled==true", ["a.png", "b.png", "c.png", "d.png"]),
        ("camera==none", ["d.png"]),
        ("num_missing==1", ["b.png"]),
    ],
)
def test_stated_view_shows_what_its_words_say(loaded: Any, words: str, keys: list[str]) -> None:
    save_stated_views(loaded, [StatedView.parse(f"mine={words}")])

    assert _shown(loaded, "mine") == keys


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("camera", "expected NAME=EXPR, got 'camera'"),
        ("=camera==door", "expected NAME=EXPR"),
        ("a=", "expected NAME=EXPR"),
        ("a=camera", "--view 'a': expected FIELD, one of == != >= <= > <, and a value"),
        ("a=camera==", "expected FIELD"),
        ("a=camera==door,,", "expected FIELD"),
        ("a=limit=0", "expected sort=FIELD or limit=N, got 'limit=0'"),
        ("a=limit=few", "expected sort=FIELD or limit=N, got 'limit=few'"),
        ("a=order=x", "expected sort=FIELD or limit=N, got 'order=x'"),
        ("a=__import__('os')", "expected FIELD"),
    ],
)
def test_words_that_state_no_view_are_refused(text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        StatedView.parse(text)

    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("beauty>1", "got 'beauty'"),
        ("labels.beauty>1", "got 'labels.beauty'"),
        ("sort=beauty", "got 'beauty'"),
        ("tag>odd", "expected tag==, tag!=, got tag>"),
    ],
)
def test_field_that_is_not_there_is_named(loaded: Any, words: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        save_stated_views(loaded, [StatedView.parse(f"mine={words}")])

    assert message in str(caught.value)
    assert "mine" not in loaded.list_saved_views()
