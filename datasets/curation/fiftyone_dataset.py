"""A data set in FiftyOne: loaded once, brought up to date after that.

`database.open_database` must have been called: FiftyOne is imported here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from datasets.curation.doubts import Doubts
from datasets.curation.fields import (
    BOX_KEY,
    CLASSIFIED,
    INFO,
    LABELS,
    LOADED_TAGS,
    PREDICTIONS,
    TAGS_PROPERTY,
    classified,
    label_values,
    measured_fields,
    merged_tags,
    of,
    plain_fields,
    prediction_values,
    tags_of,
)
from datasets.curation.looking import Looked
from datasets.curation.measures import Measures
from datasets.dataset import Dataset
from datasets.samples import Box, Sample
from serving.core.errors import DatasetError

NO_DOUBTS = Doubts()
_MAX_NAMED = 3


@dataclass(frozen=True, slots=True)
class Load:
    """How many samples of a FiftyOne data set a load has added, updated and removed."""

    num_added: int
    num_updated: int
    num_removed: int


@dataclass(frozen=True, slots=True)
class Content:
    """What is loaded: a data set, its pictures, and what models say of them by `Sample.key`.

    `predictions` is None where no model was asked: those of an earlier load then stay.
    """

    dataset: Dataset
    looked: Looked
    predictions: Mapping[str, Sequence[Box]] | None = None
    doubts: Mapping[str, Doubts] = field(default_factory=dict)

    @property
    def samples(self) -> list[Sample]:
        """Those that have a picture."""
        return [s for s in self.dataset.samples if s.key in self.looked.pictures]


def find_loaded(name: str) -> Any:
    """The data set of this name in FiftyOne, loaded by us.

    Raises:
        DatasetError: there is none, or it was made by someone else.
    """
    import fiftyone as fo

    if not fo.dataset_exists(name):
        raise DatasetError(
            f"FiftyOne: expected a data set '{name}', got {sorted(fo.list_datasets())}"
        )
    loaded = fo.load_dataset(name)
    if INFO not in loaded.info:
        raise DatasetError(f"FiftyOne, data set '{name}': expected one that `curate` has loaded")
    return loaded


def load_into_fiftyone(content: Content, name: str) -> tuple[Any, Load]:
    """Load a data set under this name; a second load updates, and keeps what a person did.

    Tags that a person set or took away in FiftyOne stand. Samples of an earlier version that are
    no longer in the data set are removed.

    Args:
        content: what to load.
        name: in FiftyOne.

    Returns:
        The FiftyOne data set, and what was done.

    Raises:
        DatasetError: the name belongs to another data set, or FiftyOne has samples that were never
            in ours.
    """
    loaded = _opened(content.dataset, name)
    ids = _ids_by_key(loaded)
    samples = {sample.key: sample for sample in content.samples}
    removed = [ids[key] for key in ids if key not in samples]
    if removed and loaded.info[INFO].get("manifest_sha256") == content.dataset.manifest.sha256:
        raise DatasetError(_foreign(name, [key for key in ids if key not in samples]))
    loaded.delete_samples(removed)
    for old in loaded.iter_samples(autosave=True):
        _update(old, samples[old["key"]], content)
    new = [sample for key, sample in samples.items() if key not in ids]
    loaded.add_samples([_new(sample, content) for sample in new])
    loaded.add_dynamic_sample_fields()
    manifest = content.dataset.manifest
    loaded.info[INFO] = {
        "name": manifest.name,
        "version": manifest.version,
        "manifest_sha256": manifest.sha256,
    }
    loaded.save()
    return loaded, Load(len(new), len(samples) - len(new), len(removed))


def set_measures(loaded: Any, measures: Iterable[Measures]) -> None:
    """Write what was measured to the samples; what was not is emptied."""
    by_key = {one.key: measured_fields(one) for one in measures}
    for name in measured_fields(Measures("")):
        values = {key: fields[name] for key, fields in by_key.items()}
        loaded.set_values(name, values, key_field="key")


def _opened(dataset: Dataset, name: str) -> Any:
    import fiftyone as fo

    if not fo.dataset_exists(name):
        loaded = fo.Dataset(name, persistent=True)
        loaded.info[INFO] = {"name": dataset.manifest.name}
        loaded.save()
        _declare(loaded)
        return loaded
    loaded = find_loaded(name)
    if (of := loaded.info[INFO]["name"]) != dataset.manifest.name:
        raise DatasetError(
            f"FiftyOne, data set '{name}': expected one of '{dataset.manifest.name}', "
            f"got one of '{of}' (give another --name)"
        )
    return loaded


def _declare(loaded: Any) -> None:
    """The fields, so that each is there even where no sample has it."""
    import fiftyone as fo

    words = ("path", "camera", "source", "split", "labelled_by")
    fractions = ("age_years", "duration_s")
    shares = ("uniqueness", "representativeness", "hardness", "mistakenness")
    for names, kind, options in (
        (words, fo.StringField, {}),
        ((*fractions, *shares), fo.FloatField, {}),
        (("frame_index", "num_missing", "num_spurious"), fo.IntField, {}),
        (("is_labelled",), fo.BooleanField, {}),
        (("captured_at",), fo.DateTimeField, {}),
        (("properties",), fo.DictField, {}),
        (("spans", LOADED_TAGS), fo.ListField, {"subfield": fo.StringField}),
        (CLASSIFIED, fo.EmbeddedDocumentField, {"embedded_doc_type": fo.Classification}),
        ((LABELS, PREDICTIONS), fo.EmbeddedDocumentField, {"embedded_doc_type": fo.Detections}),
    ):
        for name in names:
            loaded.add_sample_field(name, kind, **options)
    loaded.add_sample_field("key", fo.StringField)
    loaded.create_index("key", unique=True)


def _ids_by_key(loaded: Any) -> dict[str, str]:
    keys, ids, files = loaded.values(["key", "id", "filepath"])
    foreign = [file for key, file in zip(keys, files, strict=True) if key is None]
    if foreign:
        raise DatasetError(_foreign(loaded.name, foreign))
    return dict(zip(keys, ids, strict=True))


def _foreign(name: str, which: Sequence[str]) -> str:
    more = f" and {len(which) - _MAX_NAMED:,} others" if len(which) > _MAX_NAMED else ""
    return (
        f"FiftyOne, data set '{name}': expected only samples of ours, got "
        f"{list(which[:_MAX_NAMED])}{more}"
    )


def _new(sample: Sample, content: Content) -> Any:
    import fiftyone as fo

    made = fo.Sample(filepath=str(content.looked.pictures[sample.key]), tags=list(sample.tags))
    for name, value in _values(sample, content, {}, {}).items():
        made[name] = value
    return made


def _update(old: Any, sample: Sample, content: Content) -> None:
    old.filepath = str(content.looked.pictures[sample.key])
    old.tags = merged_tags(old.tags, old[LOADED_TAGS] or [], sample.tags)
    labels = old[LABELS].detections if old[LABELS] is not None else []
    box_tags = {of(label, BOX_KEY): _tags_there(label) for label in labels}
    class_tags = {name: _tags_there(old[name]) for name in CLASSIFIED if old[name] is not None}
    for name, value in _values(sample, content, box_tags, class_tags).items():
        old[name] = value


TagsThere = Mapping[str, tuple[Sequence[str], Sequence[str]]]
"""Tags that FiftyOne has now, and those that the last load put there."""


def _tags_there(label: Any) -> tuple[Sequence[str], Sequence[str]]:
    return label.tags, of(label, LOADED_TAGS) or []


def _values(
    sample: Sample, content: Content, box_tags: TagsThere, class_tags: TagsThere
) -> dict[str, Any]:
    """All fields but the file and the tags."""
    import fiftyone as fo

    size_hw = content.looked.sizes_hw[sample.key]
    doubts = content.doubts.get(sample.key, NO_DOUBTS)
    values = {
        **plain_fields(sample),
        "metadata": fo.ImageMetadata(width=size_hw[1], height=size_hw[0]),
    }
    for name, word in classified(sample).items():
        values[name] = _classification(name, word, sample, class_tags)
    if sample.is_labelled:
        values[LABELS] = _detections(label_values(sample.boxes, size_hw, doubts), box_tags)
    else:
        values[LABELS] = None
    if content.predictions is not None:
        found = content.predictions.get(sample.key)
        values[PREDICTIONS] = (
            None if found is None else _detections(prediction_values(found, size_hw, doubts), {})
        )
    return values


def _detections(boxes: Iterable[dict[str, Any]], there: TagsThere) -> Any:
    import fiftyone as fo

    def tags(box: dict[str, Any]) -> list[str]:
        now, loaded = there.get(box.get(BOX_KEY, ""), ((), ()))
        return merged_tags(now, loaded, box.get(LOADED_TAGS, ()))

    return fo.Detections(detections=[fo.Detection(**box, tags=tags(box)) for box in boxes])


def _classification(name: str, word: str | None, sample: Sample, there: TagsThere) -> Any:
    import fiftyone as fo

    if word is None:
        return None
    ours = list(tags_of(sample.properties, f"{TAGS_PROPERTY}.{name}"))
    tags = merged_tags(*there.get(name, ((), ())), ours)
    return fo.Classification(label=str(word), tags=tags, **({LOADED_TAGS: ours} if ours else {}))
