"""A tiny made-up archive in the layout of each public set, as its makers pack it."""

import io
import json
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from PIL import Image


def picture(height: int = 8, width: int = 6) -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.zeros((height, width, 3), np.uint8)).save(file, "PNG")
    return file.getvalue()


def packed(path: Path, files: Mapping[str, bytes | str]) -> None:
    """A zip of that name; the reader of archives looks at the content, not at the ending."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)


def pictures(*names: str) -> dict[str, bytes | str]:
    return dict.fromkeys(names, picture())


def coco_persons(downloads: Path) -> None:
    def labels(image_id: int) -> str:
        boxes = ((1, 0), (1, 1), (2, 0))
        return json.dumps(
            {
                "images": [{"id": image_id, "file_name": "1.png", "height": 8, "width": 6}],
                "categories": [{"id": 1, "name": "person"}, {"id": 2, "name": "car"}],
                "annotations": [
                    {
                        "id": number,
                        "image_id": image_id,
                        "category_id": category,
                        "bbox": [1, 1, 3, 4],
                        "area": 12,
                        "iscrowd": crowd,
                    }
                    for number, (category, crowd) in enumerate(boxes)
                ],
            }
        )

    packed(
        downloads / "annotations_trainval2017.zip",
        {
            "annotations/instances_train2017.json": labels(1),
            "annotations/instances_val2017.json": labels(2),
            "annotations/captions_val2017.json": "{}",
        },
    )
    packed(downloads / "train2017.zip", pictures("train2017/1.png"))
    packed(downloads / "val2017.zip", pictures("val2017/1.png"))


def market1501(downloads: Path) -> None:
    names = (
        *("bounding_box_train/0002_c1s1_000451_03.jpg", "query/0001_c1s1_001051_00.jpg"),
        *("bounding_box_test/0001_c2s1_000301_00.jpg", "bounding_box_test/0000_c1s1_000151_01.jpg"),
        *("bounding_box_test/-1_c1s1_000401_03.jpg", "gt_bbox/0001_c1s1_001051_00.jpg"),
    )
    folder = "Market-1501-v15.09.15"
    files = pictures(*(f"{folder}/{name}" for name in names))
    packed(downloads / f"{folder}.zip", {**files, f"{folder}/bounding_box_test/Thumbs.db": b"no"})


def msmt17(downloads: Path) -> None:
    name = "0000/0000_000_01_0303morning_0008_0.jpg"
    lists = {f"MSMT17_V1/list_{of}.txt": f"{name} 0\n" for of in ("train", "query")}
    lists |= {f"MSMT17_V1/list_{of}.txt": "" for of in ("val", "gallery")}
    files = pictures(f"MSMT17_V1/train/{name}", f"MSMT17_V1/test/{name}")
    packed(downloads / "MSMT17_V1.tar.gz", {**lists, **files})


def pku_reid(downloads: Path) -> None:
    names = ("001_01_1.png", "001_02_8.png", "002_01_1.png")
    packed(downloads / "PKU-Reid.zip", pictures(*(f"PKUv1a_128x48/{name}" for name in names)))


def fairface(downloads: Path) -> None:
    head, row = "file,age,gender,race,service_test", "more than 70,Female,White,True"
    packed(downloads / "fairface-img-margin025-trainval.zip", pictures("train/1.jpg", "val/1.jpg"))
    for split in ("train", "val"):
        text = f"{head}\n{split}/1.jpg,{row}\n"
        (downloads / f"fairface_label_{split}.csv").write_text(text)


def utkface(downloads: Path) -> None:
    names = ("26_1_2_20170116184024662.jpg.chip.jpg", "61_1_20170109150557335.jpg.chip.jpg")
    packed(downloads / "UTKFace.tar.gz", pictures(*(f"UTKFace/{name}" for name in names)))


def face_mask(downloads: Path) -> None:
    folder = "Face-Mask-Detection-master"
    names = ("dataset/with_mask/1.jpg", "dataset/without_mask/1 (2).jpg", "Readme_images/1.PNG")
    files = pictures(*(f"{folder}/{name}" for name in names))
    packed(downloads / f"{folder}.zip", {**files, f"{folder}/README.md": "read me"})


def shoplifting(downloads: Path) -> None:
    commit = "3d0ea68bfc48d023a2b3c79317d01caa63c881d7"
    names = (
        *("Class_0_Normal/Normal_001_f1.mp4", "Class_0_Normal/Normal_001_f2.mp4"),
        *("Class_1_Shoplifting/Shoplifting_003_f1.mp4", "README.md"),
    )
    folder = f"retail-shoplifting-detection-{commit}/data"
    packed(downloads / f"{commit}.zip", {f"{folder}/{name}": b"clip" for name in names})


MADE_UP: dict[str, Callable[[Path], None]] = {
    "coco-persons": coco_persons,
    "market1501": market1501,
    "msmt17": msmt17,
    "pku-reid": pku_reid,
    "fairface": fairface,
    "utkface": utkface,
    "face-mask": face_mask,
    "shoplifting": shoplifting,
}
