"""The rules of CONTRIBUTING.md that a tool can hold: imports, types, style, the tree."""

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

FOLDERS = ("conf", "datasets", "training", "serving", "evaluation", "labeling", "tests")
TOP_LEVEL = {
    *FOLDERS,
    ".ci",
    *("train.py", "serve.py", "pyproject.toml", "constraints.txt", "Makefile", ".gitignore"),
    *("README.md", "LICENSE", "CHANGELOG.md", "CONTRIBUTING.md"),
}
MAX_LINES = 400
NAMELESS = {"utils", "common", "helpers", "misc", "util", "helper"}


@pytest.fixture(scope="module")
def tracked(repository) -> list[Path]:
    return tracked_files(repository)


def tracked_files(root: Path) -> list[Path]:
    """The files that git tracks; without git or a checkout those of the tree's folders."""
    git = shutil.which("git") or "false"
    command = [git, "ls-files"]
    listed = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    if listed.returncode == 0 and listed.stdout:
        return [Path(line) for line in listed.stdout.splitlines() if (root / line).exists()]
    found = [path for folder in FOLDERS for path in (root / folder).rglob("*") if path.is_file()]
    return [path.relative_to(root) for path in found if "__pycache__" not in path.parts]


def test_outside_a_checkout_the_files_of_the_trees_folders_are_held(tmp_path):
    for name in ("evaluation/metrics/hota.py", ".venv/lib/torch.py", "data/vtest.avi"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).touch()
    assert tracked_files(tmp_path) == [Path("evaluation/metrics/hota.py")]


@pytest.mark.parametrize(
    "command",
    [
        ["lint-imports", "--no-cache"],
        ["mypy"],
        ["ruff", "check", "."],
        ["ruff", "format", "--check", "."],
    ],
    ids=lambda command: " ".join(command[:2]),
)
def test_the_checker_finds_nothing(command, repository):
    tool = Path(sys.executable).parent / command[0]
    result = subprocess.run(
        [str(tool), *command[1:]], cwd=repository, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr


def test_the_top_level_is_the_fixed_one(tracked):
    assert {path.parts[0] for path in tracked} <= TOP_LEVEL


def test_every_file_has_a_name_that_says_what_is_in_it(tracked):
    assert [
        path for path in tracked if NAMELESS & {part.split(".")[0] for part in path.parts}
    ] == []


def test_no_file_is_two_rooms(tracked, repository):
    lengths = {
        str(path): len((repository / path).read_text().splitlines())
        for path in tracked
        if path.suffix == ".py"
    }
    assert {path: lines for path, lines in lengths.items() if lines > MAX_LINES} == {}


def test_entry_points_are_short(repository):
    assert len((repository / "train.py").read_text().splitlines()) <= 60
    assert len((repository / "serve.py").read_text().splitlines()) <= 80


def test_hydra_stays_at_the_commands(tracked, repository):
    """Only entry points compose configurations; everything else is handed plain values."""
    allowed = {"train.py", "serve.py", "datasets/command_line.py"}
    offenders = [
        str(path)
        for path in tracked
        if path.suffix == ".py" and path.parts[0] != "tests" and path.name != "__main__.py"
        if str(path) not in allowed and imports_hydra(repository / path)
    ]
    assert offenders == []


def imports_hydra(path: Path) -> bool:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.split(".")[0])
    return bool(names & {"hydra", "omegaconf"})
