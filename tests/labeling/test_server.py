"""The local server, for real: started, killed, started again."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from labeling.server import LocalServer
from serving.core.errors import LabelingError
from tests.label_studio import need_label_studio, running_label_studio


def test_it_answers_to_its_token(label_studio):
    assert label_studio.client.users.whoami().email == label_studio.email


def test_a_killed_server_starts_again_with_its_projects_and_its_address(tmp_path):
    with running_label_studio(tmp_path) as running:
        url = running.url
        running.client.projects.create(title="Kasse 1")
        running.server.kill()
        assert running.server.process_id is None
        running.server.start()
        assert running.url == url
        assert [p.title for p in running.client.projects.list()] == ["Kasse 1"]


def test_no_process_is_left_when_it_is_stopped(tmp_path):
    with running_label_studio(tmp_path) as running:
        process_id = running.server.process_id
        assert process_id is not None
    with pytest.raises(ProcessLookupError):
        os.killpg(process_id, 0)


def test_a_data_folder_in_use_is_refused_and_the_process_named(label_studio):
    other = LocalServer(label_studio.server.data_dir)
    with pytest.raises(LabelingError, match=f"in use by process {label_studio.server.process_id}"):
        other.start()


def test_a_taken_port_is_refused(label_studio, tmp_path):
    with pytest.raises(LabelingError, match=f"expected a free port {label_studio.server.port}"):
        LocalServer(tmp_path, port=label_studio.server.port).start()


def test_a_missing_environment_is_told_with_the_command_that_makes_it(tmp_path):
    server = LocalServer(tmp_path / "data", environment=tmp_path / "none")
    with pytest.raises(LabelingError, match="label_studio_env makes it"):
        server.start()


def test_a_server_that_ends_at_once_is_told_with_its_last_words(tmp_path):
    server = LocalServer(tmp_path / "data", environment=_fake(tmp_path, "echo no room >&2; exit 3"))
    with pytest.raises(LabelingError, match=r"exit code 3: no room"):
        server.start()
    assert server.process_id is None


def test_a_server_that_does_not_answer_in_time_is_told_and_ended(tmp_path):
    fake = _fake(tmp_path, "echo $$ > group; exec sleep 600")
    server = LocalServer(tmp_path / "data", environment=fake, start_timeout_s=0.5)
    with pytest.raises(LabelingError, match="no answer in time"):
        server.start()
    with pytest.raises(ProcessLookupError):
        os.killpg(int((tmp_path / "data" / "group").read_text()), 0)


def test_the_log_in_is_for_its_owner_alone_and_not_among_the_arguments(label_studio):
    kept = label_studio.server.data_dir / "access.json"
    assert kept.stat().st_mode & 0o077 == 0
    arguments = Path(f"/proc/{label_studio.server.process_id}/cmdline").read_bytes()
    for secret in (label_studio.token, label_studio.password):
        assert secret.encode() not in arguments


def test_a_broken_log_in_is_told(tmp_path):
    (tmp_path / "access.json").write_text('{"email": "a@example.com"')
    with pytest.raises(LabelingError, match="expected email, password and token"):
        _ = LocalServer(tmp_path).token


def test_a_data_folder_of_other_users_is_told(tmp_path):
    with running_label_studio(tmp_path):
        pass
    access = json.loads((tmp_path / "access.json").read_text())
    (tmp_path / "access.json").write_text(json.dumps(access | {"token": "0" * 40}))
    with pytest.raises(LabelingError, match="no answer to its token"):
        LocalServer(tmp_path).start()


def test_without_label_studio_a_test_is_skipped_and_fails_in_continuous_integration(
    monkeypatch, tmp_path
):
    monkeypatch.setattr("tests.label_studio.FOLDER", tmp_path)
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="label_studio_env"):
        need_label_studio()
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="label_studio_env"):
        need_label_studio()


def test_the_environment_that_is_up_to_date_is_left_as_it_is(repository):
    need_label_studio()
    script = repository / ".ci" / "label_studio_env"
    done = subprocess.run(["bash", str(script), sys.executable], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")


def _fake(folder: Path, script: str) -> Path:
    """An environment whose Label Studio is a shell script, with tables that are none."""
    program = folder / "environment" / "bin" / "label-studio"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    (folder / "environment" / "empty.sqlite3").touch()
    return folder / "environment"
