"""Saved views: what the app offers to look at first, and views that the user states in words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from datasets.curation.fields import CLASSIFIED, LABELS, PREDICTIONS
from serving.core.errors import ConfigError

MOST_UNIQUE = "most unique"
HARDEST = "hardest"
MOST_MISTAKEN = "most mistaken labels"
LIKELY_MISSING = "likely missing boxes"
LIKELY_DUPLICATES = "likely duplicates"

_OURS = "Made by `curate`: "
_NUM_SHOWN = 50
_MISTAKEN = 0.5
"""FiftyOne's middle: above it the model would rather not have the label."""

_WORD = re.compile(r"\s*([A-Za-z_][\w.]*)\s*(==|!=|>=|<=|>|<|=)\s*(.*?)\s*")


def save_default_views(loaded: Any, duplicates: Sequence[Sequence[str]]) -> list[str]:
    """Save the views for which something was measured, over those of an earlier load; their names.

    Args:
        loaded: the FiftyOne data set.
        duplicates: groups of ids of look-alikes, the one to keep first.
    """
    from fiftyone import ViewField as F

    doubtful = (F("mistakenness") > _MISTAKEN) | (F("mistakenness_loc") > _MISTAKEN)
    views = {
        MOST_UNIQUE: (
            _ranked(loaded, "uniqueness"),
            f"the {_NUM_SHOWN} least like any other, the furthest first",
        ),
        HARDEST: (
            _ranked(loaded, "hardness"),
            f"the {_NUM_SHOWN} of which the model is least sure",
        ),
        MOST_MISTAKEN: (
            loaded.match(F("mistakenness") > _MISTAKEN)
            .filter_labels(LABELS, doubtful, only_matches=False)
            .sort_by("mistakenness", reverse=True),
            "labels that may be wrong in class or place, or where nothing is",
        ),
        LIKELY_MISSING: (
            loaded.match(F("num_missing") > 0)
            .filter_labels(PREDICTIONS, F("possible_missing") == True)  # noqa: E712
            .sort_by("num_missing", reverse=True),
            "boxes that the model is sure of and nobody drew",
        ),
        LIKELY_DUPLICATES: (
            loaded.select([id_ for group in duplicates for id_ in group], ordered=True),
            "groups of look-alikes, the one to keep first",
        ),
    }
    saved = []
    for name, (view, text) in views.items():
        if loaded.has_saved_view(name):
            loaded.delete_saved_view(name)
        if len(view):
            loaded.save_view(name, view, description=f"{_OURS}{text}")
            saved.append(name)
    return saved


def save_stated_views(loaded: Any, views: Sequence[StatedView]) -> None:
    """Save views of the user's, over those of the same name.

    Raises:
        ConfigError: a field that the data set does not have.
    """
    for stated in views:
        view = stated.of(loaded)
        if loaded.has_saved_view(stated.name):
            loaded.delete_saved_view(stated.name)
        loaded.save_view(stated.name, view, description=f"{_OURS}{stated.text}")


def is_ours(loaded: Any, name: str) -> bool:
    """Whether a saved view was made by a load, and not by a person in the app."""
    return str(loaded.get_saved_view_info(name)["description"] or "").startswith(_OURS)


def _ranked(loaded: Any, name: str) -> Any:
    return loaded.exists(name).sort_by(name, reverse=True).limit(_NUM_SHOWN)


@dataclass(frozen=True, slots=True)
class StatedView:
    """A view in words: conditions with commas between them, all of which must hold.

    `camera==door, uniqueness>=0.8, labels.mistakenness>0.5, tag==wrong, sort=-hardness, limit=20`:
    a field of the sample, of its labels or predictions, or a tag; then the order, `-` the largest
    first, and how many.
    """

    name: str
    text: str
    conditions: tuple[tuple[str, str, str], ...]
    sort: str | None = None
    limit: int | None = None

    @classmethod
    def parse(cls, text: str) -> StatedView:
        """The view of `NAME=EXPR`.

        Raises:
            ConfigError: it is not of that form; names the part.
        """
        name, equals, words = text.partition("=")
        if not (name.strip() and equals and words.strip()):
            raise ConfigError(f"--view: expected NAME=EXPR, got {text!r}")
        conditions, sort, limit = [], None, None
        for part in words.split(","):
            found = _WORD.fullmatch(part)
            if found is None or not found[3]:
                raise ConfigError(
                    f"--view '{name}': expected FIELD, one of == != >= <= > <, and a value, "
                    f"or sort=FIELD or limit=N, got {part.strip()!r}"
                )
            left, sign, right = found.groups()
            if sign != "=":
                conditions.append((left, sign, right))
            elif left == "sort":
                sort = right
            elif left == "limit" and right.isdecimal() and int(right) > 0:
                limit = int(right)
            else:
                raise ConfigError(
                    f"--view '{name}': expected sort=FIELD or limit=N, got {part.strip()!r}"
                )
        return cls(name.strip(), words.strip(), tuple(conditions), sort, limit)

    def of(self, loaded: Any) -> Any:
        """The view over a FiftyOne data set.

        Raises:
            ConfigError: a field that it does not have, or a sign that a tag cannot take.
        """
        view = loaded.view()
        for left, sign, right in self.conditions:
            view = self._narrowed(view, left, sign, right)
        if self.sort is not None:
            name = self.sort.removeprefix("-")
            self._check(loaded, name, loaded.get_field_schema())
            view = view.sort_by(name, reverse=self.sort.startswith("-"))
        return view if self.limit is None else view.limit(self.limit)

    def _narrowed(self, view: Any, left: str, sign: str, right: str) -> Any:
        from fiftyone import ViewField as F

        if left == "tag":
            if sign not in ("==", "!="):
                raise ConfigError(f"--view '{self.name}': expected tag==, tag!=, got tag{sign}")
            return view.match_tags(right, bool=sign == "==")
        root, _, rest = left.partition(".")
        if root in (LABELS, PREDICTIONS) and rest:
            self._check(view, left, _dynamic(view, root))
            return view.filter_labels(root, _compared(F(rest), sign, right))
        self._check(view, left, view.get_field_schema())
        name = f"{left}.label" if left in CLASSIFIED else left
        return view.match(_compared(F(name), sign, right))

    def _check(self, view: Any, name: str, known: Any) -> None:
        if name not in known:
            raise ConfigError(
                f"--view '{self.name}': expected one of {', '.join(sorted(known))}, got '{name}'"
            )


def _dynamic(view: Any, root: str) -> list[str]:
    schema = view.get_field_schema(flat=True)
    start = f"{root}.detections."
    return [f"{root}.{n.removeprefix(start)}" for n in schema if n.startswith(start)]


def _compared(left: Any, sign: str, right: str) -> Any:
    value = _value(right)
    return {
        "==": lambda: left == value,
        "!=": lambda: left != value,
        ">=": lambda: left >= value,
        "<=": lambda: left <= value,
        ">": lambda: left > value,
        "<": lambda: left < value,
    }[sign]()


def _value(text: str) -> str | float | bool | None:
    words = {"true": True, "false": False, "none": None}
    if text.lower() in words:
        return words[text.lower()]
    try:
        return float(text)
    except ValueError:
        return text
