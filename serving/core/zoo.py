"""The bundles that the project trained itself, found by name."""

from __future__ import annotations

from pathlib import Path

from serving.core.bundle import METADATA_FILE, Bundle
from serving.core.errors import BundleError

ZOO = Path(__file__).resolve().parents[1] / "zoo"

PERSON_DETECTOR = "person-yolox-nano"
"""The bundle of the zoo that finds people."""


def load_bundle(folder_or_name: str) -> Bundle:
    """The bundle in a folder, or the one of that name in the zoo.

    Raises:
        BundleError: there is none, or it is not whole.
    """
    if Path(folder_or_name).is_dir():
        return Bundle.load(folder_or_name)
    zoo = {path.parent.name: path.parent for path in ZOO.glob(f"*/{METADATA_FILE}")}
    if folder_or_name not in zoo:
        raise BundleError(
            f"bundle '{folder_or_name}': expected the folder of a bundle or one of {sorted(zoo)}, "
            f"got neither"
        )
    return Bundle.load(zoo[folder_or_name])
