"""A written site file is whole or not there."""

from pathlib import Path

import pytest

from jasmin_compat.daemons.site_tools import CannotMove, write_site_file
from tests import builders


def test_a_file_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    path.mkdir()
    with pytest.raises(CannotMove, match=r"site\.yaml: Is a directory"):
        write_site_file(path, builders.site())
    assert list(tmp_path.iterdir()) == [path]
