"""The labeling interfaces: their XML, checked, with the words of our vocabularies filled in.

In `interfaces/*.xml` a control names its vocabulary in `values` and its keys in `hotkeys`; both
turn into the `Label` or `Choice` elements that Label Studio wants. The server itself accepts
unknown tags and shows a broken page, so everything is checked here before it is sent.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.etree import ElementTree

from datasets.formats.label_studio import names
from datasets.formats.label_studio.names import UNSURE, Interface, Occlusion, PairAnswer
from serving.core.errors import LabelingError
from serving.core.labels import PERSON, AgeBand, Behaviour, ClipClass, Gender, Mask

FOLDER = Path(__file__).with_name("interfaces")

PALETTE = ("#56B4E9", "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#F0E442")
"""Colours that people who see no red, green or blue tell apart, in the order of use (Okabe and Ito,
Color Universal Design, 2008). Orange, #E69F00, is left for `ignored`."""

RESERVED_KEYS = frozenset("behkmopruvw[]")
"""Single keys that Label Studio's editor uses itself, for tools and regions."""

CONTROLS: Mapping[Interface, frozenset[str]] = {
    Interface.PERSON_BOXES: frozenset({names.LABEL, names.OCCLUSION}),
    Interface.PERSON_TRACKS: frozenset({names.LABEL, names.BOX}),
    Interface.IDENTITY_PAIRS: frozenset({names.ANSWER}),
    Interface.IDENTITY_CLUSTERS: frozenset({names.OUTSIDERS}),
    Interface.FACE_ATTRIBUTES: frozenset({names.AGE_BAND, names.GENDER, names.MASK}),
    Interface.BEHAVIOUR: frozenset({names.SPAN, names.CLIP_CLASS}),
}
"""The controls whose results are read back."""

_VOCABULARIES: Mapping[str, Sequence[str]] = {
    "occlusion": tuple(Occlusion),
    "pair_answer": tuple(PairAnswer),
    "age_band": tuple(AgeBand),
    "gender": (*Gender, UNSURE),
    "mask": (*Mask, UNSURE),
    "behaviour": tuple(Behaviour),
    "clip_class": (*ClipClass, UNSURE),
}
_CLASSES = "classes"

_LAYOUT = frozenset({"className", "style"})
_ATTRIBUTES: Mapping[str, frozenset[str]] = {
    "View": _LAYOUT,
    "Style": frozenset(),
    "Collapse": frozenset({"open"}),
    "Panel": frozenset({"value"}),
    "Header": frozenset({"value", "size", "style"}),
    "Image": frozenset({"name", "value", "zoom", "zoomControl", "rotateControl", "crosshair"})
    | {"brightnessControl", "selectionControl", "horizontalAlignment", "maxHeight", "height"}
    | {"defaultZoom", "width"},
    "Video": frozenset({"name", "value", "frameRate", "timelineHeight", "height", "muted"}),
    "RectangleLabels": frozenset({"name", "toName", "strokeWidth", "opacity", "canRotate"}),
    "Labels": frozenset({"name", "toName"}),
    "TimelineLabels": frozenset({"name", "toName"}),
    "VideoRectangle": frozenset({"name", "toName"}),
    "Choices": frozenset({"name", "toName", "choice", "layout", "perRegion", "value"})
    | {"required", "requiredMessage"},
    "Label": frozenset({"value", "hotkey", "background", "hint"}),
    "Choice": frozenset({"value", "hotkey", "hint"}),
}
"""The tags and attributes that we use and have seen to work in Label Studio 1.23."""

_DEFINED = re.compile(r"^([\w-]+):")
_NEXT_ITEM = "<br><br>"
"""Label Studio takes every style away, and with it the bullets and margins of a list."""

_CHILDREN = {"RectangleLabels": "Label", "Labels": "Label", "TimelineLabels": "Label"}
_OBJECTS = ("Image", "Video")


def label_config(interface: Interface, class_names: Sequence[str] = (PERSON,)) -> str:
    """The XML of an interface, as a project's `label_config`.

    Args:
        interface: which one.
        class_names: of boxes and tracks; others have vocabularies of their own. Keys 1, 2, …

    Raises:
        LabelingError: too many classes for colours and keys, one that stands twice or is called
            `ignored`, or an XML that is broken.
    """
    root = _read(interface)
    vocabularies = {**_VOCABULARIES, _CLASSES: tuple(class_names)}
    for element in root.iter():
        if "values" in element.attrib:
            _fill(element, vocabularies, str(interface))
    check(root, interface)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode")


def instruction(interface: Interface) -> str:
    """What the labeler is told, as HTML for a project's `expert_instruction`."""
    lines = [html.escape(header.get("value", "")) for header in _panel(interface).iter("Header")]
    items = [_DEFINED.sub(r"<strong>\1</strong>:", line) for line in lines]
    return _NEXT_ITEM.join(items)


def check(root: ElementTree.Element, interface: Interface) -> None:
    """Check a filled interface against what Label Studio knows and what is read back.

    Raises:
        LabelingError: an unknown tag or attribute, a control of no object, a control that is
            missing or not read, a word that stands twice, or a key that is taken.
    """
    for element in root.iter():
        unknown = set(element.attrib) - _ATTRIBUTES.get(element.tag, frozenset())
        if element.tag not in _ATTRIBUTES or unknown:
            raise LabelingError(
                f"interface '{interface}': expected tags and attributes that are known, "
                f"got <{element.tag}> {sorted(unknown)}"
            )
    objects = {element.get("name") for tag in _OBJECTS for element in root.iter(tag)}
    controls = [element for element in root.iter() if "toName" in element.attrib]
    for control in controls:
        if control.get("toName") not in objects:
            raise LabelingError(
                f"interface '{interface}', control '{control.get('name')}': expected a toName of "
                f"{sorted(map(str, objects))}, got '{control.get('toName')}'"
            )
        _check_distinct([word for word, _ in words_of(control)], interface, "each word once")
    found = {str(control.get("name")) for control in controls}
    if found != CONTROLS[interface]:
        raise LabelingError(
            f"interface '{interface}': expected controls {sorted(CONTROLS[interface])}, "
            f"got {sorted(found)}"
        )
    _check_keys(hotkeys_of(root), interface)


def words_of(control: ElementTree.Element) -> list[tuple[str, str | None]]:
    """The words of a control with their keys."""
    return [
        (str(child.get("value")), child.get("hotkey"))
        for child in control
        if child.tag in ("Label", "Choice")
    ]


def hotkeys_of(root: ElementTree.Element) -> dict[str, str]:
    """The key of each word, by `control: word`."""
    return {
        f"{control.get('name')}: {word}": key
        for control in root.iter()
        for word, key in words_of(control)
        if key is not None
    }


def _read(interface: Interface) -> ElementTree.Element:
    path = FOLDER / f"{interface}.xml"
    try:
        return ElementTree.parse(path).getroot()
    except OSError as error:
        raise LabelingError(f"{path}: expected an interface: {error.strerror}") from error
    except ElementTree.ParseError as error:
        raise LabelingError(f"{path}: expected XML, got {error}") from error


def _panel(interface: Interface) -> ElementTree.Element:
    panel = _read(interface).find(".//Panel")
    if panel is None:
        raise LabelingError(f"interface '{interface}': expected a Panel with instructions")
    return panel


def _fill(
    element: ElementTree.Element, vocabularies: Mapping[str, Sequence[str]], interface: str
) -> None:
    """Put the words of a vocabulary before what stands in the control already."""
    name = element.attrib.pop("values")
    keys = element.attrib.pop("hotkeys", "1 2 3 4 5 6").split()
    words = vocabularies.get(name)
    if words is None:
        raise LabelingError(
            f"interface '{interface}': expected values of {sorted(vocabularies)}, got '{name}'"
        )
    if not 1 <= len(words) <= len(keys):
        raise LabelingError(
            f"interface '{interface}', {name}: expected 1 to {len(keys)} words, got {len(words)}"
        )
    child = _CHILDREN.get(element.tag, "Choice")
    for row, (word, key) in enumerate(zip(words, keys, strict=False)):
        attributes = {"value": str(word), "hotkey": key}
        if child == "Label":
            attributes["background"] = PALETTE[row]
        element.insert(row, ElementTree.Element(child, attributes))


def _check_keys(keys: Mapping[str, str], interface: Interface) -> None:
    _check_distinct(list(keys.values()), interface, "each key once")
    for word, key in keys.items():
        if key in RESERVED_KEYS:
            raise LabelingError(
                f"interface '{interface}', {word}: expected a key that the editor does not use, "
                f"got '{key}'"
            )


def _check_distinct(words: Sequence[str], interface: Interface, expected: str) -> None:
    repeated = sorted({word for word in words if words.count(word) > 1})
    if repeated:
        raise LabelingError(f"interface '{interface}': expected {expected}, got {repeated} twice")
