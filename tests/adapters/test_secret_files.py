"""Secrets in files."""

from pathlib import Path

import pytest

from jasmin_compat.adapters.secret_files import SecretUnreadable, read_secret


@pytest.mark.parametrize(
    ("octets", "secret"),
    [
        (b"hunter2", "hunter2"),
        (b"hunter2\n", "hunter2"),
        (b"hunter2\r\n\n", "hunter2"),
        (b" with spaces \n", " with spaces "),
        ("pässwörd\n".encode(), "pässwörd"),
    ],
)
def test_the_newline_at_its_end_is_no_part_of_it(
    tmp_path: Path, octets: bytes, secret: str
) -> None:
    file = tmp_path / "secret"
    file.write_bytes(octets)
    assert read_secret(str(file)) == secret


def test_what_replaces_it_counts_at_once(tmp_path: Path) -> None:
    """Kubernetes swaps a link for another."""
    file = tmp_path / "secret"
    for secret in ("first", "second"):
        (tmp_path / secret).write_text(f"{secret}\n")
        (tmp_path / "new").symlink_to(tmp_path / secret)
        (tmp_path / "new").replace(file)
        assert read_secret(str(file)) == secret


@pytest.mark.parametrize(
    ("octets", "reason"),
    [
        (b"", "empty"),
        (b"\n", "empty"),
        (b"hunter2\xff", "not UTF-8"),
        (b"hunter2" * 10_000, "longer than 65536 octets"),
    ],
)
def test_a_file_that_holds_none_is_said_without_what_it_holds(
    tmp_path: Path, octets: bytes, reason: str
) -> None:
    file = tmp_path / "secret"
    file.write_bytes(octets)
    with pytest.raises(SecretUnreadable) as refused:
        read_secret(str(file))
    assert str(refused.value) == f"{file}: {reason}"
    assert "hunter2" not in repr(refused.value.__cause__)


def test_a_file_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    with pytest.raises(SecretUnreadable, match=r"nowhere: No such file or directory"):
        read_secret(str(tmp_path / "nowhere"))
    with pytest.raises(SecretUnreadable, match=r"Is a directory"):
        read_secret(str(tmp_path))
    with pytest.raises(SecretUnreadable, match=r"null"):
        read_secret("a\0b")
