"""The results of an annotation, checked: one value of one control, maybe of one region."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from datasets.formats.format import Losses
from serving.core.errors import LabelError

_LIMIT = 1e9


@dataclass(frozen=True, slots=True)
class Result:
    """One entry of a `result` list. Results of one region share its `id`."""

    id: str
    control: str
    type: str
    value: Mapping[str, Any]
    meta: Mapping[str, Any]
    entry: Mapping[str, Any]
    where: str

    def number(self, key: str, values: Mapping[str, Any] | None = None) -> float:
        """A finite number of the value, or of other `values`.

        Raises:
            LabelError: none stands there.
        """
        return number(self.value if values is None else values, key, self.where)

    def words(self, key: str) -> list[str]:
        """The labels or choices of the value; none where there are none.

        Raises:
            LabelError: they are no list of texts.
        """
        words = self.value.get(key, [])
        if not (isinstance(words, list) and all(isinstance(word, str) for word in words)):
            raise LabelError(f"{self.where}: expected a list of texts for '{key}', got {words!r}")
        return words

    @property
    def score(self) -> float | None:
        """The score of a prediction, in [0, 1]."""
        if self.entry.get("score") is None:
            return None
        score = number(self.entry, "score", self.where)
        if not 0 <= score <= 1:
            raise LabelError(f"{self.where}: expected a score in [0, 1], got {score}")
        return score


def results_of(annotation: Mapping[str, Any], where: str, losses: Losses) -> list[Result]:
    """The results of an annotation or prediction; relations between regions are counted.

    Raises:
        LabelError: it has no list of results, or one is broken.
    """
    entries = annotation.get("result")
    if not isinstance(entries, list):
        raise LabelError(f"{where}: expected a list 'result', got {type(entries).__name__}")
    results = []
    for row, entry in enumerate(entries):
        at = f"{where}, result {row}"
        if not isinstance(entry, Mapping) or not isinstance(entry.get("type"), str):
            raise LabelError(f"{at}: expected an object with a 'type', got {entry!r}")
        if entry["type"] == "relation":
            losses.add("result.relation")
            continue
        results.append(_result(entry, at))
    return results


def _result(entry: Mapping[str, Any], at: str) -> Result:
    identity, control = entry.get("id", ""), entry.get("from_name")
    value, meta = entry.get("value"), entry.get("meta") or {}
    if not isinstance(identity, str) or not isinstance(control, str):
        raise LabelError(f"{at}: expected texts for 'id' and 'from_name', got {entry!r}")
    if not isinstance(value, Mapping) or not isinstance(meta, Mapping):
        raise LabelError(f"{at}: expected an object for 'value' and 'meta', got {entry!r}")
    return Result(identity, control, entry["type"], value, meta, entry, at)


def known(results: Iterable[Result], controls: Sequence[str], losses: Losses) -> list[Result]:
    """The results of these controls; others are counted as `result.` and their type."""
    kept = []
    for result in results:
        if result.control in controls:
            kept.append(result)
        else:
            losses.add(f"result.{result.type}")
    return kept


def choice(results: Iterable[Result], control: str) -> str | None:
    """The one choice of a control, None where nothing is chosen.

    Raises:
        LabelError: more than one is chosen.
    """
    chosen = [(r, word) for r in results if r.control == control for word in r.words("choices")]
    if len(chosen) > 1:
        words = [word for _, word in chosen]
        raise LabelError(f"{chosen[0][0].where}: expected one choice of '{control}', got {words}")
    return chosen[0][1] if chosen else None


def choice_entry(control: str, to: str, words: Sequence[str]) -> dict[str, Any]:
    """A result that says what is chosen of a whole task."""
    return {
        "id": control,
        "from_name": control,
        "to_name": to,
        "type": "choices",
        "value": {"choices": list(words)},
    }


def number(values: Mapping[str, Any], key: str, where: str) -> float:
    """A finite number of `values`.

    Raises:
        LabelError: none stands there.
    """
    value = values.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < _LIMIT:
        raise LabelError(f"{where}: expected a number for '{key}', got {value!r}")  # a nan too
    return float(value)
