"""Serve one of our models to Label Studio, for pre-annotation on demand."""

from __future__ import annotations

from pydantic import Field

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
        score_threshold: lowest score that is shown; null: the bundle's.
        host: address to listen on. The loopback address is for a Label Studio on this machine.
        port: 0: any free one.
        secret_file: holds what the header X-Footfall-Secret of each request must say; null: none.
    """

    dataset: FilePath
    bundle: str = PERSON_DETECTOR
    score_threshold: float | None = Field(None, ge=0, le=1)
    host: str = LOOPBACK
    port: int = Field(9090, ge=0, le=65535)
    secret_file: FilePath | None = None


def run(request: Request) -> None:
    """Serve until Ctrl-C.

    Raises:
        FootfallError: the data set or the bundle cannot be used, or the address is taken.
    """
    from datasets.dataset import Dataset
    from labeling.json_server import JsonServer, secret_of
    from labeling.ml_backend import MlBackend
    from labeling.predictions import DetectingPredictor

    folder = Dataset.load(request.dataset).folder
    predictor = DetectingPredictor(folder, request.bundle, request.score_threshold)
    answers = MlBackend(predictor).answers
    secret = secret_of(request.secret_file)
    with JsonServer(answers, host=request.host, port=request.port, secret=secret) as server:
        print(f"{predictor.version} for {folder} at {server.url} (Ctrl-C ends)", flush=True)
        server.wait()
