"""One box of CVAT XML: of a picture, or of a track in a frame."""

from __future__ import annotations

import math
from dataclasses import replace

from datasets.formats.format import Losses
from datasets.formats.named_values import holdable, named_values, with_named_values
from datasets.formats.xml_files import Element, leaf, number, number_of, start_tag
from datasets.samples import Box
from serving.core.errors import LabelError

NATIVE = ("is_occluded",)
"""Fields that a box of a picture has attributes of its own for, a numbered group apart."""

_CORNERS = ("xtl", "ytl", "xbr", "ybr")


def box_from(element: Element, label: str | None, where: str, losses: Losses) -> Box:
    """The box that an element describes.

    Raises:
        LabelError: a corner is missing or no number, or the box is inverted.
    """
    xyxy = tuple(number_of(element.get(corner), corner, where) for corner in _CORNERS)
    if (angle := number_of(element.get("rotation", "0"), "rotation", where)) != 0:
        losses.add("rotation")
        xyxy = _around(xyxy, math.radians(angle))
    losses.add("z_order", element.get("z_order", "0") != "0")
    group = element.get("group_id", "0")
    values = {}
    for child in element:
        if child.tag == "attribute":
            values[child.get("name") or ""] = child.text or ""
        else:
            losses.add(f"box.{child.tag}")
    try:
        box = Box(
            xyxy,  # type: ignore[arg-type]
            label or "",
            group=None if group == "0" else group,
            is_occluded=is_set(element, "occluded", where),
        )
    except ValueError as error:
        raise LabelError(f"{where}: {error}") from error
    return with_named_values(box, values)


def is_set(element: Element, name: str, where: str) -> bool:
    """Whether a box has a flag, such as `outside`; without a word it has not.

    Raises:
        LabelError: it is neither 0 nor 1.
    """
    text = element.get(name, "0")
    if text not in ("0", "1"):
        raise LabelError(f"{where}: expected 0 or 1 for '{name}', got {text!r}")
    return text == "1"


def held_box(box: Box) -> Box:
    """What is read back of a box: CVAT has no "nobody said" of occlusion."""
    return replace(holdable(box), is_occluded=bool(box.is_occluded))


def group_id(box: Box) -> str | None:
    """The group, if CVAT can number it so."""
    text = box.group
    is_number = text is not None and text.isascii() and text.isdigit() and text[0] != "0"
    return text if is_number else None


def box_text(box: Box, where: str, native: tuple[str, ...] = NATIVE, **attributes: object) -> str:
    """The element of a box, with further attributes of it.

    Args:
        box: as `held_box` gives it.
        where: names it in errors.
        native: fields that stand elsewhere than in the list of attributes.
        attributes: of the element; None leaves one out.

    Raises:
        LabelError: a text that XML cannot hold.
    """
    corners = {corner: number(value) for corner, value in zip(_CORNERS, box.xyxy_px, strict=True)}
    head = start_tag(
        "box", where, **attributes, occluded=int(bool(box.is_occluded)), **corners, z_order=0
    )
    values = named_values(box, native)
    inner = "".join(leaf("attribute", text, where, name=name) for name, text in values.items())
    return f"{head}{inner}</box>\n"


def _around(xyxy: tuple[float, ...], angle_rad: float) -> tuple[float, ...]:
    """The upright box around one that is turned about its centre."""
    left, top, right, bottom = xyxy
    across, down = (right - left) / 2, (bottom - top) / 2
    x, y = (left + right) / 2, (top + bottom) / 2
    cos, sin = abs(math.cos(angle_rad)), abs(math.sin(angle_rad))
    half_width, half_height = across * cos + down * sin, across * sin + down * cos
    return x - half_width, y - half_height, x + half_width, y + half_height
