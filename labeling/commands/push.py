"""Send the samples of a data set to a project, with pre-annotations."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from pydantic import Field, PositiveFloat, PositiveInt

from datasets.formats.label_studio import Interface
from datasets.samples import Sample, Split
from labeling.request import ORIGIN, FilePath, ProjectKeys
from serving.core.errors import ConfigError, DatasetError, LabelingError
from serving.core.labels import PERSON

if TYPE_CHECKING:
    from datasets.dataset import Dataset
    from labeling.client import Client, Project
    from labeling.pictures import Pictures
    from labeling.predictions import Predictor

NAME = "push"

_DETECTED = (Interface.PERSON_BOXES, Interface.PERSON_TRACKS)
"""What a detector of people has something to say to."""

_MAX_NAMED = 5
"""Tasks that one message names."""


class Request(ProjectKeys):
    """What to push, and where.

    Attributes:
        dataset: the folder of the data set.
        interface: what labelers are asked, one of `labeling/interfaces`.
        class_names: of boxes and tracks.
        split: only its samples; null: all.
        only: a file of keys of samples, one a line, to push no others; null: all.
        num_annotations: wanted for each task, from as many labelers.
        predictions: scored samples, one a line as in `samples.jsonl`, to start from. Without these
            and without `bundle`, samples that are labelled already show their labels, under the
            name `labels`.
        model_version: which model made them; null: who labelled them, as their provenance says.
        bundle: a detector, a folder or a name in the zoo, to make them now; for person_boxes, and
            for person_tracks, where a tracker follows whom it finds through the whole video.
        score_threshold: lowest score of `bundle` that is shown, of tracks their mean; null: the
            bundle's.
        every_s: seconds between the frames of a video that `bundle` looks at; null: all of them.
        url_prefix: link the files, with this before their paths, instead of uploading them.
        files_root: link the files of a server on this disk: its local files' root, below which
            the data set lies.
        batch_size: tasks of one request.
    """

    dataset: FilePath
    interface: Interface
    class_names: tuple[str, ...] = (PERSON,)
    split: Split | None = None
    only: FilePath | None = None
    num_annotations: PositiveInt = 1
    predictions: FilePath | None = None
    model_version: str | None = Field(None, min_length=1, pattern="^[^,]*$")
    bundle: str | None = None
    score_threshold: float | None = Field(None, ge=0, le=1)
    every_s: PositiveFloat | None = None
    url_prefix: str | None = None
    files_root: FilePath | None = None
    batch_size: PositiveInt = 50


def run(request: Request) -> None:
    """Push, and say what was done.

    Raises:
        ConfigError: keys that exclude each other.
        FootfallError: the data set, the model or the server cannot be used, or some tasks could
            not be made; the others are there.
    """
    _check(request)
    from rich.console import Console
    from rich.progress import MofNCompleteColumn, Progress

    from datasets.dataset import Dataset
    from datasets.formats.label_studio import group_samples
    from labeling.projects import prepared_project
    from labeling.push import Push

    dataset = Dataset.load(request.dataset)
    samples = list(chosen(dataset, request))
    groups = list(group_samples(request.interface, samples))
    predictor = _predictor(request, samples)
    client = request.client()
    project, done = prepared_project(
        client,
        request.project,
        request.interface,
        class_names=request.class_names,
        num_annotations=request.num_annotations,
    )
    print(f"project '{project.title}' ({client.url}/projects/{project.id}): {done}")
    columns = (*Progress.get_default_columns(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        bar = progress.add_task("push", total=len(groups))
        push = Push(
            client,
            project,
            request.interface,
            dataset.folder,
            _pictures(request, client, project),
            predictor,
            class_names=request.class_names,
            batch_size=request.batch_size,
            on_progress=lambda result: progress.update(bar, completed=result.num_done),
        )
        try:
            result = push.run(groups)
        except LabelingError as error:
            told = f"{push.result.num_added:,} of {len(groups):,} tasks were added"
            raise LabelingError(f"{error}; {told}: push again to go on") from error
    print(*result.lines(), sep="\n")
    if result.broken:
        named = list(result.broken.values())[:_MAX_NAMED]
        raise DatasetError(
            f"tasks that could not be made: {len(result.broken):,}; all others are there"
            + "".join(f"\n  {reason}" for reason in named)
        )


def chosen(dataset: Dataset, request: Request) -> Iterator[Sample]:
    """The samples to push; what the interface does not show is told and left out.

    Raises:
        DatasetError: none is left, or `only` names a sample that is not there.
    """
    from datasets.formats.label_studio import shows

    only = None if request.only is None else _keys(request.only)
    unknown = set(only or ()) - {sample.key for sample in dataset.samples}
    if unknown:
        raise DatasetError(
            f"{request.only}: expected keys of samples of {dataset.folder}, "
            f"got {sorted(unknown)[:_MAX_NAMED]}"
        )
    wanted = [
        sample
        for sample in dataset.samples
        if request.split in (None, sample.split) and (only is None or sample.key in only)
    ]
    shown = [sample for sample in wanted if shows(request.interface, sample)]
    if not shown:
        raise DatasetError(
            f"{dataset.folder}: expected samples that {request.interface} shows, got none of "
            f"{len(wanted):,}"
        )
    if len(shown) < len(wanted):
        left_out = len(wanted) - len(shown)
        print(f"samples that {request.interface} does not show, left out: {left_out:,}")
    yield from shown


def _check(request: Request) -> None:
    for one, other in (("predictions", "bundle"), ("url_prefix", "files_root")):
        if getattr(request, one) is not None and getattr(request, other) is not None:
            raise ConfigError(f"keys '{one}' and '{other}' ({ORIGIN}): expected one, got both")
    if request.bundle is not None and request.interface not in _DETECTED:
        raise ConfigError(
            f"key 'bundle' ({ORIGIN}): expected interface={' or '.join(_DETECTED)}, of which a "
            f"detector has something to say, got {request.interface}; other predictions come as "
            "predictions=FILE"
        )
    follows = request.bundle is not None and request.interface is Interface.PERSON_TRACKS
    if request.every_s is not None and not follows:
        raise ConfigError(
            f"key 'every_s' ({ORIGIN}): expected bundle=NAME and interface=person_tracks with it"
        )
    if request.url_prefix == "":
        raise ConfigError(f"key 'url_prefix' ({ORIGIN}): expected an address, got ''")
    folder = request.dataset.resolve()
    if request.files_root is not None and request.files_root.resolve() not in folder.parents:
        raise ConfigError(
            f"key 'files_root' ({ORIGIN}): expected a folder above {folder}, "
            f"got {request.files_root}"
        )


def _keys(path: Path) -> list[str]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DatasetError(f"{path}: expected keys, one a line, got {error}") from error
    return [line.strip() for line in lines if line.strip()]


def _predictor(request: Request, samples: Sequence[Sample]) -> Predictor | None:
    from labeling.detecting import DetectingPredictor, FollowingPredictor
    from labeling.predictions import LabelsPredictor, RecordedPredictor

    if request.predictions is not None:
        return RecordedPredictor(request.predictions, request.model_version)
    if request.bundle is None:
        is_any_labelled = any(sample.is_labelled for sample in samples)
        return LabelsPredictor(request.interface) if is_any_labelled else None
    known = request.dataset, request.bundle, request.score_threshold
    if request.interface is Interface.PERSON_TRACKS:
        return FollowingPredictor(*known, every_s=request.every_s)
    return DetectingPredictor(*known)


def _pictures(request: Request, client: Client, project: Project) -> Pictures:
    from labeling.pictures import LOCAL_FILES, LinkedPictures, UploadedPictures

    folder = request.dataset.resolve()
    if request.url_prefix is not None:
        return LinkedPictures(request.url_prefix, request.interface)
    if request.files_root is None:
        return UploadedPictures(client, project, folder, request.interface)
    root = request.files_root.resolve()
    client.serve_folder(project, str(folder))
    below = quote(f"{folder.relative_to(root).as_posix()}/")
    return LinkedPictures(f"{LOCAL_FILES}{below}", request.interface)
