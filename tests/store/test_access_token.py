"""The agent's own token: a private file of the data directory, and no other file."""

import os
from pathlib import Path

import pytest

from agent.store import StoreError
from agent.store.access_token import ensure_token, read_token
from agent.store.directory import TOKEN_NAME


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_it_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    former = os.umask(0)
    try:
        token, is_new = ensure_token(tmp_path)
    finally:
        os.umask(former)
    assert is_new
    assert len(token) >= 32
    assert mode(tmp_path / TOKEN_NAME) == 0o600
    assert ensure_token(tmp_path) == (token, False)
    assert read_token(tmp_path) == token


def test_one_that_others_may_read_is_made_private(tmp_path: Path) -> None:
    token, _ = ensure_token(tmp_path)
    (tmp_path / TOKEN_NAME).chmod(0o644)
    assert ensure_token(tmp_path) == (token, False)
    assert mode(tmp_path / TOKEN_NAME) == 0o600


@pytest.mark.parametrize("content", ["", " \n", "short", "fifteen letters"])
def test_one_that_is_not_whole_is_replaced(tmp_path: Path, content: str) -> None:
    (tmp_path / TOKEN_NAME).write_text(content)
    token, is_new = ensure_token(tmp_path)
    assert is_new
    assert read_token(tmp_path) == token


def test_a_link_leads_to_no_token(tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    theirs.write_text("a token of somebody else's\n")
    data = tmp_path / "data"
    data.mkdir()
    (data / TOKEN_NAME).symlink_to(theirs)
    assert read_token(data) == ""
    with pytest.raises(StoreError, match="cannot be made"):
        ensure_token(data)
    assert theirs.read_text() == "a token of somebody else's\n"


def test_a_file_of_another_user_is_no_token(tmp_path: Path) -> None:
    token, _ = ensure_token(tmp_path)
    assert read_token(tmp_path, os.getuid()) == token
    assert read_token(tmp_path, os.getuid() + 1) == ""
