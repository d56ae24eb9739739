"""Folders of identities: one folder a person, and what else is known in the names of the files."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from string import Formatter

from datasets.formats.format import Losses, Place, nowhere
from datasets.formats.held import count_without_boxes
from datasets.formats.layout import (
    FreeNames,
    folders,
    is_name,
    picture_files,
    picture_path,
    suffix_of,
)
from datasets.samples import Sample
from serving.core.errors import ConfigError, LabelError

ANY = "name"
"""The field of a pattern that may be any text and is no label."""


class IdentityFolders:
    """Reads and writes `IDENTITY/NAME.png`, NAME after a pattern.

    Args:
        pattern: the name without its ending, with fields in braces: `{camera}` is the camera's id,
            `{name}` any text, which stays in the path alone, and every other field is a property of
            its own name. `{camera}_{direction}` reads `01_2.png` as camera `01`, direction `2`.

    Raises:
        ConfigError: the pattern has no field, one twice, or two without a text between them.
    """

    def __init__(self, pattern: str = f"{{{ANY}}}") -> None:
        self._pattern = pattern
        self._parts = _parts(pattern)
        self._fields = [field for _, field in self._parts if field]
        names = (re.escape(text) + ("([^/]+?)" if field else "") for text, field in self._parts)
        self._name = re.compile("".join(names), re.DOTALL)

    def read(self, root: Path, losses: Losses) -> Iterator[Sample]:
        """The pictures, person by person, by the order of names."""
        people = folders(root)
        for stray in picture_files(root, losses, read_apart=people):
            raise LabelError(
                f"{stray}: expected a picture in a person's folder, got it beside them"
            )
        for person in people:
            for path in picture_files(person, losses):
                sample = self._sample(f"{person.name}/{path.name}")
                if sample is None:
                    raise LabelError(f"{path}: expected a name {self._pattern}, got '{path.stem}'")
                yield sample

    def write(
        self, samples: Iterable[Sample], root: Path, losses: Losses, place: Place = nowhere
    ) -> None:
        """Tell where each picture belongs; the names are the labels.

        A sample without identity cannot be held; neither can one whose identity is no name of a
        folder, who lacks a field of the pattern, or whose name another has already; nor a whole
        clip.
        """
        root.mkdir(parents=True, exist_ok=True)
        names = FreeNames()
        for sample in samples:
            path = self._path(sample, names)
            held = self._sample(path) if path else None
            if path is None or held is None or not self._says(held, sample):
                losses.add("sample")
                continue
            count_without_boxes(sample, held, losses)
            place(sample, path)

    def _sample(self, path: str) -> Sample | None:
        """What the names say; None where they break the pattern."""
        folder, name = path.split("/")
        found = self._name.fullmatch(PurePosixPath(name).stem)
        if found is None:
            return None
        values = dict(zip(self._fields, found.groups(), strict=True))
        values.pop(ANY, None)
        camera = values.pop("camera", None)
        return Sample(path=path, identity=folder, camera=camera, properties=values)

    def _path(self, sample: Sample, names: FreeNames) -> str | None:
        """Where the picture belongs; None where the layout has no place for it."""
        folder, values, picture = sample.identity, self._values(sample), picture_path(sample)
        if folder is None or not is_name(folder) or values is None or picture is None:
            return None
        before, after = f"{folder}/", suffix_of(picture)
        for text, field in self._parts:
            before += text + (values[field] if field else "")
            if field == ANY:
                break
        rest = self._parts[self._fields.index(ANY) + 1 :] if ANY in values else []
        after = "".join(text + (values[field] if field else "") for text, field in rest) + after
        if not is_name((before + after).removeprefix(f"{folder}/")):
            return None
        if names.take(before + after):
            return before + after
        return names.first(f"{before}-", after, start=2) if ANY in values else None

    def _values(self, sample: Sample) -> dict[str, str] | None:
        """The text of each field of the pattern; None where one is not known."""
        name = PurePosixPath(picture_path(sample) or sample.path).stem
        known = {**sample.properties, "camera": sample.camera, ANY: name}
        values = {field: text for field in self._fields if (text := known.get(field))}
        return values if len(values) == len(self._fields) else None

    def _says(self, held: Sample, sample: Sample) -> bool:
        """Whether the names say again what they were made of: not if a text holds a separator."""
        said, wanted = self._values(held), self._values(sample)
        return said is not None and wanted is not None and {**said, ANY: ""} == {**wanted, ANY: ""}


def _parts(pattern: str) -> list[tuple[str, str | None]]:
    """The pattern as texts, each with the field that follows it."""
    try:
        parts = [(text, field) for text, field, _, _ in Formatter().parse(pattern)]
    except ValueError:
        parts = []
    fields = [field for _, field in parts if field is not None]
    touching = any(not text for text, field in parts[1:] if field is not None)
    if not all(fields) or len({*fields}) < max(len(fields), 1) or touching or "/" in pattern:
        raise ConfigError(
            "identity folders: expected a pattern with different fields apart from each other, "
            f"such as '{{camera}}_{{frame}}', got {pattern!r}"
        )
    return parts
