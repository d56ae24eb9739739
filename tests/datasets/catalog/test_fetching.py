"""From an entry to a data set's folder, over made-up sets."""

import hashlib
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from datasets.catalog import parts
from datasets.catalog.count import Count
from datasets.catalog.fetching import get_set
from datasets.catalog.parts import MirrorArchive, MirrorFiles, Published
from datasets.catalog.public_set import Edition, Place, PublicSet, Use, read_below
from datasets.dataset import Dataset
from datasets.formats.format import Losses
from datasets.samples import Sample, Split
from serving.core.errors import DatasetError, LabelError


class Silent:
    """Progress that only remembers what was begun."""

    def __init__(self) -> None:
        self.begun: list[str] = []

    def begin(self, what: str, *, is_bytes: bool):
        self.begun.append(what)
        return lambda done, total: None


class Listed:
    """A format: each line of `labels.txt` names a picture."""

    def read(self, root: Path, losses: Losses) -> Iterator[Sample]:
        for line in (root / "labels.txt").read_text().split():
            if line == "broken":
                raise LabelError(f"{root}: expected a picture, got 'broken'")
            losses.add("line.colour")
            yield Sample(line)

    def write(self, samples, root, losses, place=None) -> None:
        raise AssertionError


def read(folder: Path, losses: Losses) -> Iterator[Sample]:
    return read_below(Listed(), folder, "shop", losses, split=Split.TRAIN)


def zipped(path: Path, labels: str = "a.jpg b.jpg") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("shop/labels.txt", labels)
        for name in ("a.jpg", "b.jpg", "more/readme.txt"):
            archive.writestr(f"shop/{name}", f"content of {name}")
    return path


def shop(*found: parts.Part, place: Place = Place.PUBLIC, samples: int = 2, **fields) -> PublicSet:
    edition = Edition(place, found, read, (Count(samples=samples),), **fields)
    return PublicSet("shop", Use.DETECTION, "https://shop.example", "CC0", True, (edition,))


def by_hand(**fields) -> Published:
    return Published("shop.zip", "https://shop.example/form", by_hand="sign the form", **fields)


def names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def test_set_is_unpacked_read_counted_and_ready_to_load(tmp_path):
    zipped(tmp_path / "downloads/shop/shop.zip")
    fetched = get_set(shop(by_hand()), tmp_path, Silent())
    data = Dataset.load(tmp_path / "shop")
    assert [sample.path for sample in data.samples] == ["shop/a.jpg", "shop/b.jpg"]
    assert {sample.split for sample in data.samples} == {Split.TRAIN}
    assert data.manifest.source == "https://shop.example (public)"
    assert data.manifest.licence == "CC0"
    assert data.manifest.commercial_use
    assert {entry.path for entry in data.manifest.files} == {
        "samples.jsonl",
        *(f"shop/{name}" for name in ("a.jpg", "b.jpg", "labels.txt", "more/readme.txt")),
    }
    data.manifest.verify(data.folder)
    assert fetched.losses is not None
    assert fetched.losses.counts == {"line.colour": 2}


def test_set_that_is_there_is_not_made_again(tmp_path):
    zipped(tmp_path / "downloads/shop/shop.zip")
    get_set(shop(by_hand()), tmp_path, Silent())
    progress = Silent()
    assert len(get_set(shop(by_hand()), tmp_path, progress).dataset.samples) == 2
    assert progress.begun == []


def test_folder_of_something_else_is_left_alone(tmp_path):
    zipped(tmp_path / "downloads/shop/shop.zip")
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop/mine.txt").write_text("mine")
    with pytest.raises(DatasetError, match=r"expected no .*shop, got another one"):
        get_set(shop(by_hand()), tmp_path, Silent())
    assert names(tmp_path / "shop") == ["mine.txt"]


def test_what_a_person_must_fetch_is_told_with_address_place_and_licence(tmp_path):
    with pytest.raises(DatasetError) as error:
        get_set(shop(by_hand()), tmp_path, Silent())
    assert str(error.value).splitlines() == [
        "data set 'shop': expected files that only a person may fetch, got none:",
        "  shop.zip",
        "    from: https://shop.example/form",
        "    how: sign the form",
        f"    to: {tmp_path}/downloads/shop/shop.zip",
        "  licence: CC0",
        "  see https://shop.example",
        "Then run this again: the rest is done from there.",
    ]
    assert names(tmp_path) == []


def test_wrong_count_is_an_error_by_name_and_nothing_is_left(tmp_path):
    zipped(tmp_path / "downloads/shop/shop.zip")
    with pytest.raises(DatasetError, match=r"'shop'.*\n  samples: expected 3, got 2"):
        get_set(shop(by_hand(), samples=3), tmp_path, Silent())
    assert names(tmp_path) == ["downloads", "downloads/shop", "downloads/shop/shop.zip"]


def test_wrong_count_can_be_accepted(tmp_path):
    zipped(tmp_path / "downloads/shop/shop.zip")
    fetched = get_set(shop(by_hand(), samples=3), tmp_path, Silent(), must_count=False)
    assert len(fetched.dataset.samples) == 2


def test_missing_pictures_are_named(tmp_path):
    zipped(tmp_path / "downloads/shop/shop.zip", "a.jpg lost.jpg")
    with pytest.raises(DatasetError, match=r"expected 2 files .* got 1 missing: shop/lost\.jpg"):
        get_set(shop(by_hand()), tmp_path, Silent())
    fetched = get_set(shop(by_hand(), has_pictures=False), tmp_path, Silent())
    assert len(fetched.dataset.samples) == 2  # a set of labels alone


def test_what_a_killed_process_left_is_removed(tmp_path):
    zipped(tmp_path / "downloads/shop/shop.zip")
    left = tmp_path / ".shop.partial/shop/half.jpg"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"half")
    get_set(shop(by_hand()), tmp_path, Silent())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["downloads", "shop"]
    assert "half.jpg" not in names(tmp_path / "shop")


def test_two_at_once_do_not_make_one_set(tmp_path):
    zipped(tmp_path / "downloads/shop/shop.zip")
    refusals = []

    class Nosy(Silent):
        def begin(self, what: str, *, is_bytes: bool):
            if not self.begun:
                with pytest.raises(DatasetError, match="got another process at it") as error:
                    get_set(shop(by_hand()), tmp_path, Silent())
                refusals.append(error)
            return super().begin(what, is_bytes=is_bytes)

    assert len(get_set(shop(by_hand()), tmp_path, Nosy()).dataset.samples) == 2
    assert len(refusals) == 1


def test_broken_labels_leave_nothing_behind(tmp_path):
    zipped(tmp_path / "downloads/shop/shop.zip", "a.jpg broken")
    with pytest.raises(LabelError, match="got 'broken'"):
        get_set(shop(by_hand()), tmp_path, Silent())
    assert names(tmp_path) == ["downloads", "downloads/shop", "downloads/shop/shop.zip"]


@pytest.mark.parametrize("algorithm", ["md5", "sha256"])
def test_checksum_is_verified_before_anything_is_unpacked(tmp_path, algorithm):
    path = zipped(tmp_path / "downloads/shop/shop.zip")
    digest = hashlib.new(algorithm, path.read_bytes()).hexdigest()
    wrong = f"{algorithm}:{'0' * len(digest)}"
    with pytest.raises(DatasetError, match=rf"expected {algorithm} 0+, got {digest}; remove it"):
        get_set(shop(by_hand(digest=wrong)), tmp_path, Silent())
    assert path.is_file()  # fetched by hand: it is for the person to remove
    get_set(shop(by_hand(digest=f"{algorithm}:{digest}")), tmp_path, Silent())


def test_only_the_wanted_files_are_unpacked(tmp_path):
    zipped(tmp_path / "downloads/shop/shop.zip")
    wanted = ("shop/*.jpg", "shop/labels.txt")
    get_set(shop(by_hand(wanted=wanted)), tmp_path, Silent())
    assert "shop/more" not in names(tmp_path / "shop")


@pytest.fixture
def address(tmp_path) -> Iterator[str]:
    """A web server over `tmp_path/web`."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *arguments: object) -> None:
            pass

    (tmp_path / "web").mkdir()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path / "web")))
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_public_file_is_downloaded_and_kept_for_the_next_time(tmp_path, address):
    zipped(tmp_path / "web/shop.zip")
    get_set(shop(Published("shop.zip", f"{address}/shop.zip")), tmp_path / "data", Silent())
    assert names(tmp_path / "data/downloads") == ["shop", "shop/shop.zip"]
    assert len(Dataset.load(tmp_path / "data/shop").samples) == 2


def test_address_that_has_moved_is_told_with_the_place_for_the_file(tmp_path, address):
    with pytest.raises(DatasetError) as error:
        get_set(shop(Published("shop.zip", f"{address}/gone.zip")), tmp_path / "data", Silent())
    assert f"shop.zip: expected it from {address}/gone.zip, got HTTP 404" in str(error.value)
    assert f"put the file at {tmp_path}/data/downloads/shop/shop.zip" in str(error.value)


@pytest.fixture
def made_up_mirror(tmp_path, monkeypatch) -> Path:
    root = tmp_path / "shared"
    monkeypatch.setattr(parts, "mirror_root", lambda: root)
    return root


def test_files_of_the_mirror_are_placed_and_not_moved(tmp_path, made_up_mirror):
    folder = made_up_mirror / "data/shop"
    folder.mkdir(parents=True)
    (folder / "labels.txt").write_text("a.jpg")
    (folder / "a.jpg").write_bytes(b"a")
    (folder / "other.bin").write_bytes(b"other")
    part = MirrorFiles("data/shop", 6, into="shop", wanted=("*.jpg", "labels.txt"))
    get_set(shop(part, place=Place.MIRROR, samples=1), tmp_path / "data", Silent())
    assert (folder / "a.jpg").samefile(tmp_path / "data/shop/shop/a.jpg")
    assert "shop/other.bin" not in names(tmp_path / "data/shop")


def test_mirror_comes_first_where_it_has_the_set(tmp_path, made_up_mirror):
    data = zipped(made_up_mirror / "data/shop.zip").read_bytes()
    digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
    archive = MirrorArchive("data/shop.zip", digest, len(data))
    mirrored = shop(archive, place=Place.MIRROR, note="a part").editions[0]
    public = shop(by_hand()).editions[0]
    both = replace(shop(), editions=(mirrored, public))
    assert both.edition(tmp_path) is mirrored
    fetched = get_set(both, tmp_path / "data", Silent())
    assert fetched.dataset.manifest.source == "https://shop.example (mirror: a part)"
    (made_up_mirror / "data/shop.zip").unlink()
    assert both.edition(tmp_path) is public


def test_mirror_that_is_asked_for_and_lacks_the_set_is_told(tmp_path, made_up_mirror):
    archive = MirrorArchive("data/shop.zip", "sha256:0", 1)
    with pytest.raises(DatasetError, match=r"expected a local mirror:\n  data/shop\.zip"):
        get_set(shop(archive, place=Place.MIRROR), tmp_path, Silent(), place=Place.MIRROR)


def test_place_that_has_no_edition_is_told(tmp_path):
    with pytest.raises(DatasetError, match=r"expected one of \['public'\], got 'mirror'"):
        get_set(shop(by_hand()), tmp_path, Silent(), place=Place.MIRROR)


def test_folder_that_cannot_be_written_is_told(tmp_path):
    zipped(tmp_path / "downloads/shop/shop.zip")
    taken = tmp_path / "file"
    taken.write_text("a file")
    with pytest.raises(DatasetError, match=r"expected to write .*file/shop, got"):
        get_set(shop(), taken, Silent())
