"""The interfaces, and the names that their controls, objects and fixed answers have.

The XML in `labeling/interfaces` uses these names and results are found by them, never by numbers.
"""

from __future__ import annotations

from enum import StrEnum

IMAGE = "image"
VIDEO = "video"
LEFT = "left"
RIGHT = "right"

LABEL = "label"
BOX = "box"
OCCLUSION = "occlusion"
ANSWER = "answer"
OUTSIDERS = "outsiders"
AGE_BAND = "age_band"
GENDER = "gender"
MASK = "mask"
SPAN = "span"
CLIP_CLASS = "clip_class"

CROPS = "crops"
"""The field of a cluster's task that lists its crops as choices."""

IGNORED = "ignored"
"""The label of a box that is neither to be found nor wrong when it is."""

UNSURE = "unsure"
"""The answer of a labeler who looked and cannot tell."""

FRAME_RATE = "frame_rate_hz"
"""The property of a sample, and the field of a task, that says how many frames a second has."""


class Interface(StrEnum):
    """What a labeler is asked; the name of its XML in `labeling/interfaces`."""

    PERSON_BOXES = "person_boxes"
    PERSON_TRACKS = "person_tracks"
    IDENTITY_PAIRS = "identity_pairs"
    IDENTITY_CLUSTERS = "identity_clusters"
    FACE_ATTRIBUTES = "face_attributes"
    BEHAVIOUR = "behaviour"


class Occlusion(StrEnum):
    """Whether a part of a box's object is hidden; no answer means that nobody said."""

    OCCLUDED = "occluded"
    VISIBLE = "visible"


class PairAnswer(StrEnum):
    """Whether two pictures show one person."""

    SAME = "same"
    DIFFERENT = "different"
    UNSURE = UNSURE
