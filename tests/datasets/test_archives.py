"""What is unpacked, and what is refused by name with nothing written."""

import io
import os
import stat
import tarfile
import zipfile
from pathlib import Path

import pytest

from datasets.archives import Limits, extract, members
from serving.core.errors import DatasetError


def zipped(path: Path, *entries: tuple[str, bytes]) -> Path:
    path.parent.mkdir(exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return path


def tarred(
    path: Path, *entries: tuple[str, bytes], infos: tuple[tarfile.TarInfo, ...] = ()
) -> Path:
    path.parent.mkdir(exist_ok=True)
    with tarfile.open(path, "w:gz") as archive:
        for name, content in entries:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
        for info in infos:
            archive.addfile(info)
    return path


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


ENTRIES = (("train/läden/1.png", b"one"), ("train/2.png", b"two"), ("labels.csv", b"file,label\n"))


@pytest.mark.parametrize("pack", [zipped, tarred])
def test_files_are_unpacked_under_their_names(tmp_path, pack):
    archive = pack(tmp_path / "set.bin", *ENTRIES)
    assert extract(archive, tmp_path / "set") == [name for name, _ in ENTRIES]
    assert contents(tmp_path / "set") == dict(ENTRIES)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["set", "set.bin"]


def test_only_what_is_wanted_is_unpacked(tmp_path):
    archive = zipped(tmp_path / "set.zip", *ENTRIES)
    names = extract(archive, tmp_path / "set", wanted=lambda name: name.endswith(".csv"))
    assert names == ["labels.csv"]
    assert contents(tmp_path / "set") == {"labels.csv": b"file,label\n"}


def test_archive_without_anything_wanted_is_an_error(tmp_path):
    archive = zipped(tmp_path / "set.zip", *ENTRIES)
    with pytest.raises(DatasetError, match="expected files to unpack, got none"):
        extract(archive, tmp_path / "set", wanted=lambda name: False)


def test_second_archive_comes_beside_the_first(tmp_path):
    extract(zipped(tmp_path / "1.zip", ("Images/a.jpg", b"a")), tmp_path / "set")
    extract(zipped(tmp_path / "2.zip", ("Images/b.jpg", b"b")), tmp_path / "set")
    assert contents(tmp_path / "set") == {"Images/a.jpg": b"a", "Images/b.jpg": b"b"}


def test_file_that_is_there_already_is_refused_and_kept(tmp_path):
    extract(zipped(tmp_path / "1.zip", ("a.jpg", b"a")), tmp_path / "set")
    second = zipped(tmp_path / "2.zip", ("b.jpg", b"b"), ("a.jpg", b"other"))
    with pytest.raises(DatasetError, match=r"expected no file .*a\.jpg, got one"):
        extract(second, tmp_path / "set")
    assert contents(tmp_path / "set") == {"a.jpg": b"a"}


@pytest.mark.parametrize("pack", [zipped, tarred])
@pytest.mark.parametrize(
    "name", ["../out.txt", "/etc/out.txt", "a/../../out.txt", "a\\..\\..\\out.txt", "C:\\out.txt"]
)
def test_name_that_leads_out_is_refused_before_anything_is_written(tmp_path, pack, name):
    archive = pack(tmp_path / "in" / "set.bin", ("good.txt", b"good"), (name, b"bad"))
    with pytest.raises(DatasetError) as error:
        extract(archive, tmp_path / "in" / "set")
    assert repr(name) in str(error.value)
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["in", "set.bin"]


def linked(name: str, target: str, kind: bytes) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE])
def test_link_in_a_tar_is_refused_by_name(tmp_path, kind):
    archive = tarred(tmp_path / "set.tar", *ENTRIES, infos=(linked("out", "/etc/passwd", kind),))
    with pytest.raises(
        DatasetError, match="'out': expected a file or a folder, got a link to '/etc"
    ):
        extract(archive, tmp_path / "set")
    assert not (tmp_path / "set").exists()


def test_pipe_in_a_tar_is_refused_by_name(tmp_path):
    archive = tarred(tmp_path / "set.tar", infos=(linked("pipe", "", tarfile.FIFOTYPE),))
    with pytest.raises(DatasetError, match="'pipe': expected a file or a folder, got a device"):
        extract(archive, tmp_path / "set")


def test_link_in_a_zip_is_refused_by_name(tmp_path):
    info = zipfile.ZipInfo("out")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive:
        archive.writestr(info, "/etc/passwd")
    with pytest.raises(DatasetError, match="'out': expected a file or a folder, got a link"):
        extract(tmp_path / "set.zip", tmp_path / "set")


def test_files_through_a_linked_folder_of_the_destination_cannot_come_outside(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "train").symlink_to(tmp_path / "elsewhere")
    archive = zipped(tmp_path / "set.zip", ("train/1.png", b"one"))
    with pytest.raises(DatasetError, match="expected a path inside it"):
        extract(archive, tmp_path / "set")
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_bomb_is_refused_before_it_is_unpacked(tmp_path):
    archive = zipped(tmp_path / "set.zip", ("zeros.bin", bytes(1_000_000)))
    limits = Limits(ratio=100, floor_bytes=100_000)
    with pytest.raises(DatasetError, match=r"file 'zeros\.bin': expected at most .* bytes"):
        extract(archive, tmp_path / "set", limits=limits)
    assert extract(archive, tmp_path / "set", limits=Limits()) == ["zeros.bin"]  # small enough


def test_too_many_files_are_refused(tmp_path):
    with pytest.raises(DatasetError, match="expected at most 2 files"):
        members(zipped(tmp_path / "set.zip", *ENTRIES), Limits(num_members=2))


def test_zip_that_understates_its_sizes_is_refused(tmp_path):
    archive = zipped(tmp_path / "set.zip", ("a.bin", bytes(5_000)))
    data = archive.read_bytes()
    size = (5_000).to_bytes(4, "little")
    assert data.count(size) == 2  # in the file's own header and in the directory
    archive.write_bytes(data.replace(size, (50).to_bytes(4, "little")))
    with pytest.raises(DatasetError, match="got a damaged one"):
        extract(archive, tmp_path / "set")
    assert not (tmp_path / "set").exists()


@pytest.mark.parametrize("pack", [zipped, tarred])
def test_name_that_stands_twice_is_refused(tmp_path, pack):
    entries = (("a.png", b"one"), ("a.png", b"two"))
    if pack is zipped:
        with pytest.warns(UserWarning, match="Duplicate"):
            archive = zipped(tmp_path / "set.bin", *entries)
    else:
        archive = tarred(tmp_path / "set.bin", *entries)
    with pytest.raises(DatasetError, match=r"each file once, got 'a\.png' twice"):
        extract(archive, tmp_path / "set")


def test_name_of_a_file_and_a_folder_at_once_is_refused(tmp_path):
    archive = zipped(tmp_path / "set.zip", ("a", b"one"), ("a/b.png", b"two"))
    with pytest.raises(DatasetError, match="a file or a folder, got both as 'a'"):
        extract(archive, tmp_path / "set")


@pytest.mark.parametrize("pack", [zipped, tarred])
def test_archive_cut_short_leaves_the_folder_as_it_was(tmp_path, pack):
    archive = pack(tmp_path / "set.bin", *[(f"{n}.bin", os.urandom(20_000)) for n in range(5)])
    archive.write_bytes(archive.read_bytes()[:60_000])
    extract(zipped(tmp_path / "1.zip", ("old.txt", b"old")), tmp_path / "set")
    with pytest.raises(DatasetError, match=r"set\.bin: expected a"):
        extract(archive, tmp_path / "set")
    assert contents(tmp_path / "set") == {"old.txt": b"old"}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["1.zip", "set", "set.bin"]


def test_wrong_bytes_inside_a_zip_are_found(tmp_path):
    archive = tmp_path / "set.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as content:
        content.writestr("a.txt", b"seventeen letters")
    archive.write_bytes(archive.read_bytes().replace(b"seventeen", b"fourteen!"))
    with pytest.raises(DatasetError, match="Bad CRC"):
        extract(archive, tmp_path / "set")


@pytest.mark.parametrize(
    ("content", "got"),
    [(b"", "an empty file"), (b"<!DOCTYPE html><p>Sign in", "a web page"), (b"text", "something")],
)
def test_file_that_is_no_archive_is_told(tmp_path, content, got):
    (tmp_path / "set.zip").write_bytes(content)
    with pytest.raises(DatasetError, match=f"expected a zip or tar archive, got {got}"):
        extract(tmp_path / "set.zip", tmp_path / "set")


def test_missing_archive_is_told(tmp_path):
    with pytest.raises(DatasetError, match="expected an archive, got no file"):
        extract(tmp_path / "set.zip", tmp_path / "set")


def test_password_is_told(tmp_path):
    archive = zipped(tmp_path / "set.zip", ("a.txt", b"text"))
    data = bytearray(archive.read_bytes())
    data[6] |= 1  # flags of the file's own header
    data[data.index(b"PK\x01\x02") + 8] |= 1  # and of the directory
    archive.write_bytes(bytes(data))
    with pytest.raises(DatasetError, match=r"'a\.txt'.*password"):
        extract(archive, tmp_path / "set")


def test_utf8_name_that_does_not_say_so_is_read_as_utf8(tmp_path):
    archive = zipped(tmp_path / "set.zip", ("läden.txt", b"text"))
    data = bytearray(archive.read_bytes())
    for place in (7, data.index(b"PK\x01\x02") + 9):
        data[place] &= ~0x08
    archive.write_bytes(bytes(data))
    assert extract(archive, tmp_path / "set") == ["läden.txt"]


def test_the_mirror_s_faces_are_listed_as_safe(mirror):
    found = members(mirror / "data/age_gender/images.zip")
    assert len(found) == 22_755
    assert sum(member.size_bytes for member in found) == 49_077_366
