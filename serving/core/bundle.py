"""The bundle: the one thing in which training and serving meet.

A folder with `model.onnx`, `bundle.json` and `MODEL_CARD.md`. The model takes uint8 (N, H, W, 3)
BGR; normalisation and decoding live in its graph. Non-maximum suppression is outside.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, get_args

from serving.core.errors import BundleError
from serving.core.labels import Task

SCHEMA = 1
MODEL_FILE = "model.onnx"
METADATA_FILE = "bundle.json"
CARD_FILE = "MODEL_CARD.md"

Resize = Literal["letterbox", "stretch"]
OutputKind = Literal[
    "boxes", "scores", "embedding", "age_band", "gender", "age_years", "mask", "activity"
]


@dataclass(frozen=True, slots=True)
class Output:
    """One output of the graph: its name, what it means, and the labels of its last axis."""

    name: str
    kind: OutputKind
    labels: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.kind not in get_args(OutputKind):
            raise BundleError(
                f"output '{self.name}': expected a kind of {get_args(OutputKind)}, "
                f"got {self.kind!r}"
            )
        object.__setattr__(self, "labels", tuple(self.labels))


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """What `bundle.json` says. `folder` is where it was read from and is not part of the file.

    `thresholds` holds `score` and `nms_iou` for detectors. `metrics` and `parity` hold what was
    measured, by name. `model_sha256` is the hash of `model.onnx`. `derived_from` credits the
    published weights that training started from, with their licence. `min_height_px` is the least
    height, in pixels of the input, of the objects that a detector was taught and measured on; 0
    where nobody was left out.
    """

    name: str
    version: str
    task: Task
    input_size_hw: tuple[int, int]
    resize: Resize
    outputs: tuple[Output, ...]
    thresholds: Mapping[str, float] = field(default_factory=dict)
    min_height_px: float = 0.0
    embedding_metric: str | None = None
    licence: str
    commercial_use: bool
    model_sha256: str
    data_manifest_sha256: str
    git_commit: str
    training_command: str
    derived_from: str | None = None
    metrics: Mapping[str, Any] = field(default_factory=dict)
    parity: Mapping[str, Any] = field(default_factory=dict)
    folder: Path | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "task", Task(self.task))
        if len(self.input_size_hw) != 2:
            raise BundleError(
                f"bundle '{self.name}': expected input_size_hw of height and width, "
                f"got {list(self.input_size_hw)}"
            )
        for name, threshold in self.thresholds.items():
            if not (_is_number(threshold) and 0 <= threshold <= 1):
                raise BundleError(
                    f"bundle '{self.name}': expected threshold '{name}' in [0, 1], "
                    f"got {threshold!r}"
                )
        object.__setattr__(
            self, "input_size_hw", (int(self.input_size_hw[0]), int(self.input_size_hw[1]))
        )
        if self.resize not in get_args(Resize):
            raise BundleError(
                f"bundle '{self.name}': expected resize of {get_args(Resize)}, got {self.resize!r}"
            )
        if not (_is_number(self.min_height_px) and 0 <= self.min_height_px < float("inf")):
            raise BundleError(
                f"bundle '{self.name}': expected min_height_px of zero or more, "
                f"got {self.min_height_px!r}"
            )
        if min(self.input_size_hw) < 1:
            raise BundleError(
                f"bundle '{self.name}': expected a positive input size, got {self.input_size_hw}"
            )

    @property
    def ref(self) -> str:
        """`name@version`, as events carry it."""
        return f"{self.name}@{self.version}"

    @property
    def model_path(self) -> Path:
        """Where the ONNX file lies.

        Raises:
            BundleError: the bundle was not read from a folder.
        """
        if self.folder is None:
            raise BundleError(
                f"bundle '{self.name}': expected one read from a folder, got metadata alone"
            )
        return self.folder / MODEL_FILE

    def output(self, kind: OutputKind) -> Output:
        """The output of that kind.

        Raises:
            BundleError: the bundle has none.
        """
        for output in self.outputs:
            if output.kind == kind:
                return output
        raise BundleError(
            f"bundle '{self.name}': expected an output of kind '{kind}', "
            f"got {[output.kind for output in self.outputs]}"
        )

    def to_json(self) -> str:
        """The text of `bundle.json`."""
        values = asdict(self)
        del values["folder"]
        return json.dumps({"schema": SCHEMA, **values}, indent=2) + "\n"

    @classmethod
    def load(cls, folder: str | Path) -> Bundle:
        """Read and check a bundle's folder; the model file must have the stated hash.

        Raises:
            BundleError: a file or a key is missing, unknown or mistyped, or the hash differs.
        """
        folder = Path(folder)
        metadata_path = folder / METADATA_FILE
        if not metadata_path.is_file():
            raise BundleError(f"bundle '{folder}': expected a file {METADATA_FILE}, got none")
        try:
            values = json.loads(metadata_path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise BundleError(f"{metadata_path}: expected JSON, got {error}") from error
        bundle = cls._from_values(values, metadata_path)
        model_path = folder / MODEL_FILE
        if not model_path.is_file():
            raise BundleError(f"bundle '{folder}': expected a file {MODEL_FILE}, got none")
        got = sha256_of(model_path)
        if got != bundle.model_sha256:
            raise BundleError(
                f"{model_path}: expected sha256 {bundle.model_sha256} as {METADATA_FILE} says, "
                f"got {got}"
            )
        return bundle

    @classmethod
    def _from_values(cls, values: Any, path: Path) -> Bundle:
        if not isinstance(values, dict) or values.pop("schema", None) != SCHEMA:
            raise BundleError(f'{path}: expected an object with "schema": {SCHEMA}')
        known = {f.name for f in fields(cls)} - {"folder"}
        optional = {f.name for f in fields(cls) if f.default is not MISSING}
        optional |= {f.name for f in fields(cls) if f.default_factory is not MISSING}
        for key in sorted(values.keys() - known):
            raise BundleError(f"{path}: expected keys {sorted(known)}, got unknown key '{key}'")
        for key in sorted(known - optional - values.keys()):
            raise BundleError(f"{path}: expected key '{key}', got none")
        try:
            outputs = tuple(Output(**output) for output in values.pop("outputs"))
            return cls(**values, outputs=outputs, folder=path.parent)
        except (TypeError, ValueError, IndexError) as error:
            raise BundleError(f"{path}: {error}") from error


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def sha256_of(path: str | Path) -> str:
    """The SHA-256 of a file's content, in hexadecimal."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
