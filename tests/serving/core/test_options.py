"""Options of a `_target_`, held against what it is annotated with."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal, Protocol

import pytest

from serving.core.errors import ConfigError
from serving.core.options import check_part


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True)
class Noise:
    speed: float = 0.7


class Follows(Protocol):
    def follow(self) -> None: ...


class Part:
    def __init__(
        self,
        given_later: Noise,
        *,
        number: float = 1.0,
        count: int = 1,
        on: bool = True,
        text: str = "",
        place: str | Path | None = None,
        folder: Path | None = None,
        way: Literal["in", "out"] = "in",
        colour: Colour = Colour.RED,
        noise: Noise | None = None,
        area: tuple[float, float] = (0.0, 1.0),
        names: Sequence[str] = (),
        weights: Mapping[str, float] | None = None,
        hidden: int = None,  # noqa: RUF013
        hook: Callable[[], None] | None = None,
        anything: Any = 1,
        followed: Follows | None = None,
        untold=1,
    ) -> None: ...


def for_checkers_alone(number: NotImported = 1): ...  # noqa: F821


def takes_any(number: int = 1, **others: int): ...


NOISE = f"{__name__}.Noise"


def check(target, **options):
    check_part({"_target_": f"{__name__}.{target}", **options}, "part", "conf/part/x.yaml")


def refused(target, **options):
    with pytest.raises(ConfigError) as refusal:
        check(target, **options)
    return str(refusal.value)


@pytest.mark.parametrize(
    "options",
    [
        {"_partial_": True, "_convert_": "all"},
        {"number": 2, "count": 2, "on": False, "text": "x"},
        {"text": 5},  # as it is written without quotes
        {"place": "a.txt", "folder": "a", "way": "out", "colour": "blue"},
        {"place": None, "hidden": None, "noise": None},
        {"noise": {"_target_": NOISE, "speed": 2}},
        {"area": [0, 1.5], "names": [], "weights": {"a": 1}},
        {"anything": [1, {"a": None}], "untold": "x", "followed": {"follow": 1}},
        {"number": "???"},  # told as missing when it is used
        {"hook": {"_target_": NOISE}},
    ],
)
def test_what_the_annotation_allows_is_taken(options):
    check("Part", **options)


@pytest.mark.parametrize(
    ("option", "value", "expected"),
    [
        ("number", "abc", "a number, got 'abc'"),
        ("number", True, "a number, got true"),
        ("number", None, "a number, got null"),
        ("count", 1.5, "a whole number, got 1.5"),
        ("on", 1, "true or false, got 1"),
        ("text", ["a"], "text, got ['a']"),
        ("place", ["a"], "text or a path or null, got ['a']"),
        ("folder", 5, "a path or null, got 5"),
        ("way", "up", "one of ['in', 'out'], got 'up'"),
        ("colour", "green", "one of ['red', 'blue'], got 'green'"),
        ("noise", {"speed": 2}, f"a mapping with _target_: {NOISE} or null, got {{'speed': 2}}"),
        ("noise", 2, f"a mapping with _target_: {NOISE} or null, got 2"),
        ("area", [1, 2, 3], "a list of 2, each a number, got [1, 2, 3]"),
        ("area", [1, "a"], "a list of 2, each a number, got [1, 'a']"),
        ("names", "door", "a list, each text, got 'door'"),
        ("weights", {"a": "b"}, "a mapping or null, got {'a': 'b'}"),
        ("hook", 3, "a mapping with _target_: collections.abc.Callable or null, got 3"),
    ],
)
def test_a_value_of_another_kind_is_refused_with_key_file_expected_and_got(option, value, expected):
    told = refused("Part", **{option: value})
    assert told == f"key 'part.{option}' (conf/part/x.yaml): expected {expected}"


def test_an_unknown_option_is_refused_with_the_closest():
    assert "'part.nois' (conf/part/x.yaml): expected one of ['" in refused("Part", nois=1)
    assert refused("Part", nois=1).endswith("got 'nois'; did you mean 'noise'?")


def test_parts_in_a_part_are_held_against_their_own_constructors():
    wrong = {"_target_": NOISE, "speed": "fast"}
    assert "key 'part.noise.speed' (conf/part/x.yaml): " in refused("Part", noise=wrong)
    assert "key 'part.names.1.speed'" in refused("Part", names=["a", wrong])
    assert "key 'part.weights.a.speed'" in refused("Part", weights={"a": wrong})


def test_what_does_not_tell_what_it_takes_is_left_to_its_call():
    check("for_checkers_alone", number="x")
    check("takes_any", other=1)
    assert "expected a whole number" in refused("takes_any", number="x")
    check_part({"_target_": "datetime.timedelta", "hours": 1}, "part", "")


@pytest.mark.parametrize(
    ("node", "message"),
    [
        (None, "key 'part' (x.yaml): expected a mapping with _target_, got null"),
        ({"a": 1}, "expected a mapping with _target_, got {'a': 1}"),
        (
            {"_target_": "serving.core.zones.Lyne"},
            "key 'part._target_' (x.yaml): expected the name",
        ),
        ({"_target_": "nowhere.Part"}, "expected the name of a class or function, got 'nowhere.P"),
        ({"_target_": "broken_part.Part"}, "cannot import broken_part.Part: no such library"),
    ],
)
def test_a_node_that_names_nothing_to_call_is_refused(node, message, tmp_path, monkeypatch):
    (tmp_path / "broken_part.py").write_text("raise ImportError('no such library')")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ConfigError) as refusal:
        check_part(node, "part", "x.yaml")
    assert message in str(refusal.value)
