"""A tiny made-up archive in the layout of each public set, as its makers pack it."""

import io
import json
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import scipy.io
from PIL import Image

from datasets.formats.pa100k import ATTRIBUTES


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


def crowdhuman(downloads: Path) -> None:
    def line(name: str) -> str:
        person = {"tag": "person", "fbox": [0, 0, 3, 6], "vbox": [0, 0, 3, 4], "hbox": [1, 0, 1, 1]}
        ignored = {**person, "tag": "mask", "extra": {"ignore": 1}, "head_attr": {"ignore": 1}}
        return json.dumps({"ID": name, "gtboxes": [person, ignored]}) + "\n"

    names = {"train01": "1,a", "train02": "2,b", "train03": "3,c", "val": "4,d"}
    for archive, name in names.items():
        packed(downloads / f"CrowdHuman_{archive}.zip", pictures(f"Images/{name}.jpg"))
    train = "".join(line(name) for archive, name in names.items() if archive != "val")
    (downloads / "annotation_train.odgt").write_text(train)
    (downloads / "annotation_val.odgt").write_text(line(names["val"]))


def wider_face(downloads: Path) -> None:
    name = "0--Parade/0_Parade_1.jpg"
    rows = f"{name}\n2\n0 0 3 4 0 0 0 0 0 0\n1 1 2 2 2 0 0 1 2 0\n"
    labels = {f"wider_face_{split}_bbx_gt.txt": rows for split in ("train", "val")}
    files = {**labels, "wider_face_test_filelist.txt": f"{name}\n"}
    packed(downloads / "wider_face_split.zip", within("wider_face_split", files))
    for split in ("train", "val"):
        archive = f"WIDER_{split}"
        packed(downloads / f"{archive}.zip", pictures(f"{archive}/images/{name}"))


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


def sequence(name: str, truth: str | None, num_frames: int = 2) -> dict[str, bytes | str]:
    info = (
        f"[Sequence]\nname={name}\nimDir=img1\nframeRate=30\nseqLength={num_frames}\n"
        "imWidth=6\nimHeight=8\nimExt=.jpg\n"
    )
    frames = pictures(*(f"img1/{number:06d}.jpg" for number in range(1, num_frames + 1)))
    files = {**frames, "seqinfo.ini": info, "det/det.txt": "1,-1,0,0,3,4,0.9,-1,-1,-1\n"}
    return files | ({} if truth is None else {"gt/gt.txt": truth})


def within(folder: str, files: Mapping[str, bytes | str]) -> dict[str, bytes | str]:
    return {f"{folder}/{name}": content for name, content in files.items()}


MOT15_TRUTH = "1,1,0,0,3,4,1,1.5,2.5,0\n2,1,0,0,3,4,1,1.5,2.5,0\n2,2,1,1,3,4,0,-1,-1,-1\n"
MOT16_TRUTH = "1,1,0,0,3,4,1,1,0.5\n2,1,0,0,3,4,1,1,1\n2,2,1,1,3,4,0,8,1\n2,3,1,1,3,4,0,3,1\n"


def mot15(downloads: Path) -> None:
    files = within("MOT15/train/TUD-Campus", sequence("TUD-Campus", MOT15_TRUTH))
    test = sequence("Venice-1", None)
    test.pop("seqinfo.ini")  # which older archives lack
    files |= within("MOT15/test/Venice-1", test)
    packed(downloads / "MOT15.zip", files)


def mot17(downloads: Path) -> None:
    files: dict[str, bytes | str] = {}
    for detector in ("DPM", "FRCNN", "SDP"):
        for split, number, truth in (("train", "02", MOT16_TRUTH), ("test", "01", None)):
            name = f"MOT17-{number}-{detector}"
            files |= within(f"MOT17/{split}/{name}", sequence(name, truth))
    packed(downloads / "MOT17.zip", files)


def mot20(downloads: Path) -> None:
    """Packed without the folder of its name, as some archives of the challenges are."""
    files = within("train/MOT20-01", sequence("MOT20-01", MOT16_TRUTH))
    packed(downloads / "MOT20.zip", files)


def pets09(downloads: Path) -> None:
    """The video is not made up: it comes from its own entry."""
    files = sequence("PETS09-S2L1", MOT15_TRUTH, num_frames=795)
    packed(downloads / "MOT15Labels.zip", within("MOT15Labels/train/PETS09-S2L1", files))


def campus(downloads: Path) -> None:
    rows = '3 10 20 30 60 0 0 1 0 "human"\n3 11 20 31 60 1 1 0 1 "human"\n'
    scene = "merayxu-multiview-object-tracking-dataset-21fcf9ca90b7/CAMPUS/Auditorium"
    files = {f"view-{camera}.txt": rows for camera in ("HC3", "HC4")}
    packed(downloads / "campus.zip", within(scene, {**files, "view-HC3.mp4": b"video"}))


def pa100k(downloads: Path) -> None:
    attributes = np.array([[name] for name in ATTRIBUTES], dtype=object)
    values: dict[str, object] = {"attributes": attributes}
    for number, word in enumerate(("train", "val", "test"), start=1):
        values[f"{word}_images_name"] = np.array([[f"{number:06d}.jpg"]], dtype=object)
        values[f"{word}_label"] = np.ones((1, len(ATTRIBUTES)), np.uint8)
    names = (f"release_data/release_data/{number:06d}.jpg" for number in (1, 2, 3))
    packed(downloads / "data.zip", pictures(*names))
    scipy.io.savemat(downloads / "annotation.mat", values)


MADE_UP: dict[str, Callable[[Path], None]] = {
    "coco-persons": coco_persons,
    "crowdhuman": crowdhuman,
    "wider-face": wider_face,
    "mot15": mot15,
    "mot17": mot17,
    "mot20": mot20,
    "pets09-s2l1": pets09,
    "campus-auditorium": campus,
    "market1501": market1501,
    "msmt17": msmt17,
    "pku-reid": pku_reid,
    "fairface": fairface,
    "utkface": utkface,
    "pa100k": pa100k,
    "face-mask": face_mask,
    "shoplifting": shoplifting,
}
