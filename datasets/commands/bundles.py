"""Bundles by name or folder, for the commands that run models."""

from __future__ import annotations

from pathlib import Path

import serving
from serving.core.bundle import METADATA_FILE, Bundle
from serving.core.errors import BundleError

PERSON_DETECTOR = "person-yolox-nano"
"""The bundle of the zoo that finds people."""

_ZOO = Path(serving.__file__).resolve().parent / "zoo"


def find_bundle(folder_or_name: str) -> Bundle:
    """The bundle in a folder, or the one of that name in the zoo.

    Raises:
        BundleError: there is none, or it is not whole.
    """
    if Path(folder_or_name).is_dir():
        return Bundle.load(folder_or_name)
    zoo = {path.parent.name: path.parent for path in _ZOO.glob(f"*/{METADATA_FILE}")}
    if folder_or_name not in zoo:
        raise BundleError(
            f"bundle '{folder_or_name}': expected the folder of a bundle or one of {sorted(zoo)}, "
            f"got neither"
        )
    return Bundle.load(zoo[folder_or_name])
