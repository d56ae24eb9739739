"""A client, and the push command, for the real Label Studio of the tests."""

import pytest

from datasets.dataset import Dataset
from labeling.client import Client
from labeling.commands.push import Request, run


@pytest.fixture(scope="module")
def client(label_studio) -> Client:
    return Client.open(label_studio.url, label_studio.token)


@pytest.fixture
def token_file(label_studio, tmp_path):
    path = tmp_path / "token"
    path.write_text(label_studio.token + "\n")
    return path


@pytest.fixture
def push(label_studio, token_file):
    """Push a data set by the command."""

    def push(dataset: Dataset, project: str, **keys: object) -> None:
        values = {"url": label_studio.url, "token_file": token_file, "interface": "person_boxes"}
        run(Request(dataset=dataset.folder, project=project, **values | keys))

    return push
