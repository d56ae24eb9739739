"""The table of formats: each is read, written and tested under its name here."""

from __future__ import annotations

from collections.abc import Mapping

from datasets.formats.coco_samples import CocoFormat
from datasets.formats.format import Format
from datasets.formats.yolo import YoloFormat

FORMATS: Mapping[str, Format] = {
    "coco": CocoFormat(),
    "yolo": YoloFormat(),
}
"""By the name that the command line knows. What is listed here, `test_every_format` holds."""
