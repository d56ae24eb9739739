"""The table of formats: each is read, written and tested under its name here."""

from __future__ import annotations

from collections.abc import Mapping

from datasets.formats.campus import Campus, CampusPart
from datasets.formats.class_folders import MASK_FOLDERS, ClassFolders
from datasets.formats.clip_table import ClipTable
from datasets.formats.coco_samples import CocoFormat
from datasets.formats.crowdhuman import CrowdHuman
from datasets.formats.cvat import CvatFormat
from datasets.formats.fairface import FairFace
from datasets.formats.format import Format
from datasets.formats.identity_folders import IdentityFolders
from datasets.formats.label_studio import LabelStudio
from datasets.formats.market1501 import Market1501
from datasets.formats.mot_boxes import MotDialect, MotPart
from datasets.formats.mot_sequences import MotSequences
from datasets.formats.msmt17 import Msmt17
from datasets.formats.pa100k import Pa100k
from datasets.formats.utkface import UtkFace
from datasets.formats.voc import VocFormat
from datasets.formats.wider_face import WiderFace
from datasets.formats.yolo import YoloFormat

FORMATS: Mapping[str, Format] = {
    "coco": CocoFormat(),
    "label-studio": LabelStudio(),
    "yolo": YoloFormat(),
    "voc": VocFormat(),
    "cvat": CvatFormat(),
    "crowdhuman": CrowdHuman(),
    "wider-face": WiderFace(),
    "mot15": MotSequences(MotDialect.MOT15),
    "mot16": MotSequences(MotDialect.MOT16),
    "mot17": MotSequences(MotDialect.MOT17),
    "mot20": MotSequences(MotDialect.MOT20),
    "mot-detections": MotSequences(part=MotPart.DETECTIONS),
    "market1501": Market1501(),
    "msmt17": Msmt17(),
    "identity-folders": IdentityFolders(),
    "class-folders": ClassFolders(),
    "mask-folders": ClassFolders(MASK_FOLDERS),
    "fairface": FairFace(),
    "utkface": UtkFace(),
    "pa100k": Pa100k(),
    "campus": Campus(),
    "campus-detections": Campus(CampusPart.DETECTIONS),
    "clip-table": ClipTable(),
}
"""By the name that the command line knows. What is listed here, `test_every_format` holds."""
