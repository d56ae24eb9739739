"""The vocabularies that models, labels, events and reports share. They stand here once."""

from __future__ import annotations

from enum import StrEnum


class Task(StrEnum):
    """What a bundle's model does."""

    DETECTION = "detection"
    REID = "reid"
    ATTRIBUTES = "attributes"
    MASKED_FACE = "masked_face"
    ACTIVITY = "activity"


class AgeBand(StrEnum):
    """Age in years, in the nine bands of FairFace."""

    FROM_0_TO_2 = "0-2"
    FROM_3_TO_9 = "3-9"
    FROM_10_TO_19 = "10-19"
    FROM_20_TO_29 = "20-29"
    FROM_30_TO_39 = "30-39"
    FROM_40_TO_49 = "40-49"
    FROM_50_TO_59 = "50-59"
    FROM_60_TO_69 = "60-69"
    FROM_70 = "70+"


class Gender(StrEnum):
    """Gender as the data sets label it; a perceived binary, with its limits in the model cards."""

    FEMALE = "female"
    MALE = "male"


class Mask(StrEnum):
    """How a face mask is worn."""

    MASKED = "masked"
    UNMASKED = "unmasked"
    INCORRECT = "incorrect"


class Behaviour(StrEnum):
    """What someone does with goods for a while; to take and to return is what customers do."""

    NORMAL = "normal"
    TAKING = "taking"
    CONCEALING = "concealing"
    RETURNING = "returning"
    OTHER_SUSPICIOUS = "other-suspicious"


class ClipClass(StrEnum):
    """What a whole clip shows, as the public set of staged clips labels it."""

    NORMAL = "normal"
    SHOPLIFTING = "shoplifting"


class Direction(StrEnum):
    """Which way a counting line was crossed."""

    IN = "in"
    OUT = "out"


class CameraRole(StrEnum):
    """What a camera is for."""

    ENTRANCE = "entrance"
    AREA = "area"
    FACE = "face"


PERSON = "person"
"""The class name under which every detector lists people."""
