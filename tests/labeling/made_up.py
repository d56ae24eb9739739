"""Small made-up data sets, and people who work in Label Studio."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import cv2
import httpx
import numpy as np

from datasets.dataset import Dataset
from datasets.samples import Box, Sample
from labeling.client import Client

SIZE_HW = (48, 64)


def picture(path: Path, shade: int) -> None:
    """A picture of one colour, which no other shade has."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image = np.full((*SIZE_HW, 3), shade, np.uint8)
    path.write_bytes(cv2.imencode(path.suffix, image)[1].tobytes())


def data_set(folder: Path, paths: Sequence[str]) -> Dataset:
    """A data set of pictures of which nobody has said anything."""
    for shade, path in enumerate(paths):
        picture(folder / path, shade)
    samples = [
        Sample(path, image_size_hw=SIZE_HW, camera="Tür", is_labelled=False) for path in paths
    ]
    return Dataset.create(
        folder, samples, name="made-up", source="drawn", licence="CC0", commercial_use=True
    )


def numbered(count: int) -> list[str]:
    """Paths that a careless program trips over."""
    return [f"Küche 1/bild#{number:02d}.jpg" for number in range(count)]


def person(left: float = 8, top: float = 6, score: float | None = None) -> Box:
    """A person, 16 wide and 24 high."""
    return Box((left, top, left + 16, top + 24), "person", score=score)


def new_labeler(admin: Client, name: str) -> Client:
    """Somebody who signs up by the invitation and works with a token of their own."""
    link = admin.request("GET", "api/invite")["invite_url"]
    with httpx.Client(base_url=admin.url, follow_redirects=True) as browser:
        page = browser.get(link).text
        csrf = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        assert csrf is not None
        form = {
            "email": f"{name}@example.com",
            "password": "Made-up-12345",
            "allow_newsletters": "false",
            "csrfmiddlewaretoken": csrf.group(1),
        }
        browser.post(link, data=form, headers={"Referer": admin.url + link})
        token = browser.get("/api/current-user/token").json()["token"]
    return Client.open(admin.url, token)
