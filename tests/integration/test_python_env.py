"""Which Python `make` takes for its environment."""

import os
import subprocess

import pytest


@pytest.fixture
def make_environment(repository, tmp_path):
    """Run `.ci/python_env` where there are only these Pythons; gives the completed process."""

    def run(pythons, wanted="python3"):
        for name, version in pythons.items():
            python = tmp_path / name
            python.write_text(f'#!/bin/sh\ncase "$2" in *version_info*) echo {version};; esac\n')
            python.chmod(0o755)
        for tool in ("bash", "sh", "id"):
            (tmp_path / tool).symlink_to(f"/bin/{tool}")
        return subprocess.run(
            ["bash", repository / ".ci" / "python_env", wanted, "new"],
            env={**os.environ, "PATH": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


@pytest.mark.parametrize(
    ("pythons", "version"),
    [
        ({"python3": "3.11"}, "3.11"),
        ({"python3": "3.13"}, "3.13"),
        ({"python3": "3.14", "python3.12": "3.12", "python3.11": "3.11"}, "3.12"),
        ({"python3": "3.9", "python3.11": "3.11"}, "3.11"),
        ({"python3.13": "3.13"}, "3.13"),
    ],
)
def test_a_supported_python_is_found_under_its_own_name(make_environment, pythons, version):
    process = make_environment(pythons)
    assert (process.returncode, process.stderr) == (0, "")
    assert process.stdout == f"==> Creating new with Python {version}\n"


@pytest.mark.parametrize(
    ("pythons", "wanted", "got"),
    [
        ({"python3": "3.14"}, "python3", "got 3.14 from 'python3'"),
        ({}, "python3", "got none from 'python3'"),
        ({"python3": "3.12", "python3.14": "3.14"}, "python3.14", "got 3.14 from 'python3.14'"),
    ],
)
def test_no_supported_python_is_one_line(make_environment, pythons, wanted, got):
    process = make_environment(pythons, wanted)
    assert process.returncode == 2
    (line,) = process.stderr.splitlines()
    assert line.startswith(f"error: expected Python 3.11, 3.12 or 3.13, {got}")
    assert "NumPy 2.2" in line
