"""Serve one of our models to Label Studio, for pre-annotation on demand."""

from __future__ import annotations

from pydantic import Field, PositiveFloat

from labeling.json_server import LOOPBACK
from labeling.request import FilePath
from serving.configuration import Settings
from serving.core.zoo import PERSON_DETECTOR

NAME = "ml_backend"


class Request(Settings):
    """Which model, for the pictures of which data set, and where to listen.

    Attributes:
        dataset: the folder of the data set that was pushed; its pictures are read from here.
        bundle: a detector, a folder or a name in the zoo.
        score_threshold: lowest score that is shown, of tracks their mean; null: the bundle's.
        every_s: seconds between the frames of a video that are looked at; null: all of them. Label
            Studio waits 100 s for an answer, which a long video takes longer than.
        host: address to listen on. The loopback address is for a Label Studio on this machine.
        port: 0: any free one.
        secret_file: holds what the password of each request must be, of HTTP Basic authentication,
            or the header X-Footfall-Secret; null: none is asked for.
    """

    dataset: FilePath
    bundle: str = PERSON_DETECTOR
    score_threshold: float | None = Field(None, ge=0, le=1)
    every_s: PositiveFloat | None = None
    host: str = LOOPBACK
    port: int = Field(9090, ge=0, le=65535)
    secret_file: FilePath | None = None


def run(request: Request) -> None:
    """Serve until Ctrl-C.

    Raises:
        FootfallError: the data set or the bundle cannot be used, or the address is taken.
    """
    from datasets.dataset import Dataset
    from labeling.detecting import DetectingPredictor, FollowingPredictor
    from labeling.json_server import JsonServer, secret_of
    from labeling.ml_backend import MlBackend

    folder = Dataset.load(request.dataset).folder
    known = folder, request.bundle, request.score_threshold
    predictor = DetectingPredictor(*known)
    following = FollowingPredictor(*known, every_s=request.every_s)
    answers = MlBackend(predictor, following).answers
    secret = secret_of(request.secret_file)
    with JsonServer(answers, host=request.host, port=request.port, secret=secret) as server:
        print(f"{predictor.version} for {folder} at {server.url} (Ctrl-C ends)", flush=True)
        server.wait()
