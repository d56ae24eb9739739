"""Each kind of fault, planted once in a clean data set; every function writes the data set."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np
from PIL import Image

from datasets.checks.finding import Kind
from datasets.manifest import FILE_NAME
from datasets.samples import Attributes, Split
from serving.core.labels import AgeBand, Gender
from tests.datasets.checks.site import Site, picture

FREE_PX = (100, 20, 120, 80)
"""Where the clean pictures have no box."""


def manifest_broken(site: Site) -> None:
    site.write()
    (site.folder / FILE_NAME).write_text('{"schema": 1, "files": [')


def file_missing(site: Site) -> None:
    manifest = site.write().manifest
    gone = replace(manifest.files[0], path="notes.txt")
    site.list_files(manifest, *manifest.files, gone)


def file_changed(site: Site) -> None:
    site.write()
    site.paint("images/3.png", picture(99))


def file_unlisted(site: Site) -> None:
    site.write()
    (site.folder / "stray.txt").write_text("whose is this?")


def path_outside(site: Site) -> None:
    site.write()
    file, elsewhere = site.folder / "images/3.png", site.folder.parent / "elsewhere.png"
    shutil.move(file, elsewhere)
    file.symlink_to(elsewhere)


def line_broken(site: Site) -> None:
    site.edit_lines(lambda text: text + '{"path": "images/late.png", "boxes": [\n')


def sample_twice(site: Site) -> None:
    site.edit_lines(lambda text: text + text.splitlines()[0] + "\n")


def picture_absent(site: Site) -> None:
    site.add("images/never.png", picture(50), split=Split.TRAIN)
    (site.folder / "images/never.png").unlink()
    site.write()


def picture_truncated(site: Site) -> None:
    file = site.folder / "images/3.png"
    file.write_bytes(file.read_bytes()[:-400])
    site.write()


def jpeg_truncated(site: Site) -> None:
    """The last lines are missing: decoders that do not ask would give them in grey."""
    file = site.folder / site.paint("images/3.jpg", picture(3))
    file.write_bytes(file.read_bytes()[:-100])
    site.change(3, path="images/3.jpg")
    site.write()


def picture_empty(site: Site) -> None:
    (site.folder / "images/3.png").write_bytes(b"")
    site.write()


def picture_of_text(site: Site) -> None:
    (site.folder / "images/3.png").write_text("<html>404</html>")
    site.write()


def picture_size(site: Site) -> None:
    site.change(3, image_size_hw=(97, 128))
    site.write()


def picture_turned(site: Site) -> None:
    """Its EXIF orientation turns it; the recorded size is that of the pixels as they lie."""
    exif = Image.Exif()
    exif[274] = 6
    pixels = cv2.cvtColor(picture(3), cv2.COLOR_BGR2RGB)
    Image.fromarray(pixels).save(site.folder / "images/3.jpg", exif=exif, quality=95)
    site.change(3, path="images/3.jpg")
    site.write()


def picture_flat(site: Site) -> None:
    site.paint("images/3.png", np.full((96, 128, 3), 80, np.uint8))
    site.write()


def box_inverted(site: Site) -> None:
    def edit(text: str) -> str:
        lines = text.splitlines(keepends=True)
        lines[3] = lines[3].replace("[10.0,10.0,40.0,90.0]", "[40.0,10.0,10.0,90.0]")
        return "".join(lines)

    site.edit_lines(edit)


def box_empty(site: Site) -> None:
    site.add_box(3, (50, 20, 50, 60))
    site.write()


def box_outside(site: Site) -> None:
    site.add_box(3, (200, 20, 230, 60))
    site.write()


def box_beyond_edge(site: Site) -> None:
    site.add_box(3, (100, 20, 140, 60))
    site.write()


def box_tiny(site: Site) -> None:
    site.add_box(3, (50, 20, 52, 40))
    site.write()


def box_twice(site: Site) -> None:
    site.add_box(3, (60.5, 10, 90, 90.5))
    site.write()


def box_classes(site: Site) -> None:
    site.add_box(3, (61, 10, 90, 90), "trolley")
    site.write()


def track_twice(site: Site) -> None:
    site.add_box(3, FREE_PX, track_id="2")
    site.write()


def identity_twice(site: Site) -> None:
    site.add_box(3, FREE_PX, identity="person 3")
    site.write()


def age_conflict(site: Site) -> None:
    old = Attributes(age_years=30.0, age_band=AgeBand.FROM_20_TO_29)
    site.add_box(3, FREE_PX, attributes=old)
    site.write()


def gender_conflict(site: Site) -> None:
    male = Attributes(gender=Gender.MALE)
    site.add_box(2, FREE_PX, identity="person 3", attributes=male)
    site.write()


def label_conflict(site: Site) -> None:
    """The same file twice: that is a duplicate too."""
    shutil.copyfile(site.folder / "images/3.png", site.folder / "images/again.png")
    boxes = site.samples[3].boxes[:1]
    site.samples.append(replace(site.samples[3], path="images/again.png", boxes=boxes))
    site.write()


def class_untrained(site: Site) -> None:
    site.add_box(6, FREE_PX, "dog")
    site.write()


def duplicate_across_splits(site: Site) -> None:
    site.add("images/one.png", picture(50), split=Split.TRAIN)
    site.add("images/two.png", picture(50), split=Split.TEST)
    site.write()


def near_duplicate_across_splits(site: Site) -> None:
    smaller = cv2.resize(picture(3), None, fx=0.7, fy=0.7, interpolation=cv2.INTER_AREA)
    site.add("images/again.jpg", smaller, split=Split.TEST)
    site.write()


def identity_across_splits(site: Site) -> None:
    site.add_box(6, FREE_PX, identity="person 3")
    site.write()


def source_across_splits(site: Site) -> None:
    site.change(6, source="recording 3", captured_at=None)
    site.write()


def adjacent_across_splits(site: Site) -> None:
    site.change(6, camera="camera 1", captured_at=1030.5)
    site.write()


def repeated_across_splits(site: Site) -> None:
    """The same view an hour later, a little darker, in another split."""
    darker = np.clip(picture(3) * 0.97 + 1, 0, 255).astype(np.uint8)
    site.add("images/x.png", darker, camera="camera 1", captured_at=9e3, split=Split.TEST)
    site.write()


def duplicate(site: Site) -> None:
    shutil.copyfile(site.folder / "images/3.png", site.folder / "images/again.png")
    site.samples.append(replace(site.samples[3], path="images/again.png"))
    site.write()


def near_duplicate(site: Site) -> None:
    site.add("images/again.jpg", picture(3), split=Split.TRAIN)
    site.write()


PLANTED: dict[Callable[[Site], None], tuple[Kind, ...]] = {
    manifest_broken: (Kind.MANIFEST_BROKEN,),
    file_missing: (Kind.FILE_MISSING,),
    file_changed: (Kind.FILE_CHANGED,),
    file_unlisted: (Kind.FILE_UNLISTED,),
    path_outside: (Kind.PATH_OUTSIDE,),
    line_broken: (Kind.LINE_BROKEN,),
    sample_twice: (Kind.SAMPLE_TWICE,),
    picture_absent: (Kind.PICTURE_ABSENT,),
    picture_truncated: (Kind.PICTURE_BROKEN,),
    jpeg_truncated: (Kind.PICTURE_BROKEN, Kind.FILE_UNLISTED),
    picture_empty: (Kind.PICTURE_BROKEN,),
    picture_of_text: (Kind.PICTURE_BROKEN,),
    picture_size: (Kind.PICTURE_SIZE,),
    picture_turned: (Kind.PICTURE_SIZE, Kind.FILE_UNLISTED),
    picture_flat: (Kind.PICTURE_FLAT,),
    box_inverted: (Kind.BOX_INVERTED,),
    box_empty: (Kind.BOX_EMPTY,),
    box_outside: (Kind.BOX_OUTSIDE,),
    box_beyond_edge: (Kind.BOX_BEYOND_EDGE,),
    box_tiny: (Kind.BOX_TINY,),
    box_twice: (Kind.BOX_TWICE,),
    box_classes: (Kind.BOX_CLASSES,),
    track_twice: (Kind.TRACK_TWICE,),
    identity_twice: (Kind.IDENTITY_TWICE,),
    age_conflict: (Kind.AGE_CONFLICT,),
    gender_conflict: (Kind.GENDER_CONFLICT,),
    label_conflict: (Kind.LABEL_CONFLICT, Kind.DUPLICATE),
    class_untrained: (Kind.CLASS_UNTRAINED,),
    duplicate_across_splits: (Kind.DUPLICATE_ACROSS_SPLITS,),
    near_duplicate_across_splits: (Kind.NEAR_DUPLICATE_ACROSS_SPLITS,),
    identity_across_splits: (Kind.IDENTITY_ACROSS_SPLITS,),
    source_across_splits: (Kind.SOURCE_ACROSS_SPLITS,),
    adjacent_across_splits: (Kind.ADJACENT_ACROSS_SPLITS,),
    repeated_across_splits: (Kind.REPEATED_ACROSS_SPLITS,),
    duplicate: (Kind.DUPLICATE,),
    near_duplicate: (Kind.NEAR_DUPLICATE,),
}
"""What a check finds in each: exactly this, once each."""

DECODED = {
    Kind.PICTURE_FLAT,
    Kind.NEAR_DUPLICATE,
    Kind.NEAR_DUPLICATE_ACROSS_SPLITS,
    Kind.REPEATED_ACROSS_SPLITS,
}
"""What only pixels tell."""
