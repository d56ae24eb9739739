"""What a person has tagged in FiftyOne, brought back into a new version of the data set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from datasets.curation.fields import (
    BOX_KEY,
    CLASSIFIED,
    INFO,
    LABELS,
    PREDICTIONS,
    TAGS_PROPERTY,
    Tags,
    bounds,
    box_keys,
    of,
    tags_of,
    with_tags,
)
from datasets.curation.views import is_ours
from datasets.dataset import Dataset
from datasets.samples import Box, Sample
from serving.core.errors import DatasetError

VIEW_TAG = "view:"
"""Before the name of a person's saved view, on the samples that are in it."""

_MAX_NAMED = 3
_SAME_SHARE = 1e-6


@dataclass(slots=True)
class Differences:
    """What FiftyOne has and the data set had not.

    Args:
        num_samples: whose tags, or the tags of whose labels, differ.
        num_boxes: whose tags differ.
        deleted: keys of samples that were deleted in FiftyOne.
        num_drawn: boxes that were drawn in FiftyOne.
        num_moved: boxes that were moved or given another class there.
        num_erased: boxes that were deleted there.
        num_tagged_predictions: predictions with tags; the data set has no place for these.
    """

    num_samples: int = 0
    num_boxes: int = 0
    deleted: list[str] = field(default_factory=list)
    num_drawn: int = 0
    num_moved: int = 0
    num_erased: int = 0
    num_tagged_predictions: int = 0

    def notes(self) -> Iterator[str]:
        """What is not brought back, a line each."""
        if self.deleted:
            named = ", ".join(self.deleted[:_MAX_NAMED])
            more = f" and {len(self.deleted) - _MAX_NAMED:,} others"
            yield (
                f"deleted in FiftyOne: {len(self.deleted):,} samples: {named}"
                + (more if len(self.deleted) > _MAX_NAMED else "")
            )
        for count, what in (
            (self.num_drawn, "boxes were drawn"),
            (self.num_moved, "boxes were moved or renamed"),
            (self.num_erased, "boxes were deleted"),
            (self.num_tagged_predictions, "predictions have tags"),
        ):
            if count:
                yield f"{count:,} {what} in FiftyOne: only tags of samples and labels come back"


def tagged_samples(dataset: Dataset, loaded: Any) -> tuple[list[Sample], Differences]:
    """The samples of a data set with the tags that they have in FiftyOne.

    Sample tags become `Sample.tags`; those of a box the property `tags` of the box; those of a
    class of the whole picture the property `tags.FIELD` of the sample. Samples in a view that a
    person saved get the tag `view:NAME`. Samples that were deleted in FiftyOne stay as they are.

    Args:
        dataset: the version that was loaded.
        loaded: of `find_loaded`.

    Raises:
        DatasetError: another version was loaded, FiftyOne has a sample that is not ours, or a tag
            cannot be kept.
    """
    _check_version(dataset, loaded)
    ours = {sample.key: sample for sample in dataset.samples}
    found: dict[str, Sample] = {}
    differences = Differences()
    views = _views(loaded)
    for theirs in loaded.iter_samples():
        key = theirs["key"]
        if key not in ours:
            raise DatasetError(
                f"FiftyOne, data set '{loaded.name}': expected only samples of ours, "
                f"got {key or theirs.filepath!r}"
            )
        found[key] = _tagged(ours[key], theirs, views.get(theirs.id, ()), differences)
    for sample in dataset.samples:
        if sample.key not in found and dataset.path_of(sample).is_file():
            differences.deleted.append(sample.key)
    return [found.get(sample.key, sample) for sample in dataset.samples], differences


def bring_back(
    dataset: Dataset, loaded: Any, into: Path, drop_deleted: bool = False
) -> tuple[Dataset | None, Differences]:
    """The next version of a data set, with the tags of FiftyOne; None where nothing differs.

    Args:
        dataset: the version that was loaded.
        loaded: of `find_loaded`.
        into: the folder of the new version.
        drop_deleted: whether samples that were deleted in FiftyOne are left out.

    Raises:
        DatasetError: as `tagged_samples`, or `into` holds a data set.
    """
    samples, differences = tagged_samples(dataset, loaded)
    if drop_deleted:
        gone = set(differences.deleted)
        samples = [sample for sample in samples if sample.key not in gone]
    if samples == list(dataset.samples):
        return None, differences
    return dataset.derive(into, samples), differences


def _check_version(dataset: Dataset, loaded: Any) -> None:
    info = loaded.info[INFO]
    if info.get("manifest_sha256") != dataset.manifest.sha256:
        raise DatasetError(
            f"FiftyOne, data set '{loaded.name}': expected {dataset.folder}, '"
            f"{dataset.manifest.name}' version {dataset.manifest.version}, got '{info['name']}' "
            f"version {info.get('version')} with other labels or files (load it again first)"
        )


def _views(loaded: Any) -> dict[str, Tags]:
    """By id of a sample: the tags of the views in which it is that a person saved."""
    tags: dict[str, Tags] = {}
    for name in loaded.list_saved_views():
        if not is_ours(loaded, name):
            for id_ in loaded.load_saved_view(name).values("id"):
                tags[id_] = (*tags.get(id_, ()), f"{VIEW_TAG}{name}")
    return tags


def _tagged(sample: Sample, theirs: Any, views: Tags, differences: Differences) -> Sample:
    kept = [tag for tag in theirs.tags if not tag.startswith(VIEW_TAG)]
    tags = tuple(dict.fromkeys([*kept, *views]))
    try:
        tagged = replace(
            sample,
            tags=sample.tags if set(tags) == set(sample.tags) else tags,
            boxes=_tagged_boxes(sample, theirs, differences),
            properties=_tagged_classes(sample, theirs),
        )
    except ValueError as error:
        raise DatasetError(f"FiftyOne, sample '{sample.key}': {error}") from error
    differences.num_samples += tagged != sample
    if theirs[PREDICTIONS] is not None:
        differences.num_tagged_predictions += sum(
            bool(one.tags) for one in theirs[PREDICTIONS].detections
        )
    return tagged


def _tagged_boxes(sample: Sample, theirs: Any, differences: Differences) -> tuple[Box, ...]:
    labels: dict[str, Any] = {}
    for label in theirs[LABELS].detections if theirs[LABELS] is not None else []:
        if (key := of(label, BOX_KEY)) is None:
            differences.num_drawn += 1
        else:
            labels[key] = label
    boxes = []
    for box, key in zip(sample.boxes, box_keys(sample.boxes), strict=True):
        if key not in labels:
            differences.num_erased += sample.is_labelled
            boxes.append(box)
            continue
        differences.num_moved += _is_moved(box, labels[key], theirs.metadata)
        tagged = _tagged_box(box, labels[key].tags)
        differences.num_boxes += tagged != box
        boxes.append(tagged)
    return tuple(boxes)


def _tagged_box(box: Box, tags: list[str]) -> Box:
    if set(tags) == set(tags_of(box.properties)):
        return box
    return replace(box, properties=with_tags(box.properties, tags))


def _tagged_classes(sample: Sample, theirs: Any) -> Mapping[str, str]:
    properties: Mapping[str, str] = sample.properties
    for field_name in CLASSIFIED:
        name = f"{TAGS_PROPERTY}.{field_name}"
        tags = theirs[field_name].tags if theirs[field_name] is not None else []
        if set(tags) != set(tags_of(properties, name)):
            properties = with_tags(properties, tags, name)
    return properties


def _is_moved(box: Box, label: Any, metadata: Any) -> bool:
    before = bounds(box, (metadata.height, metadata.width))
    apart = max(abs(a - b) for a, b in zip(before, label.bounding_box, strict=True))
    return bool(apart > _SAME_SHARE or label.label != box.label)
