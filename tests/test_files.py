"""Files are as private as their folder, and the refusal of a table names its file and line.

`test_checkpoint` replaces files, also on a disk that fails.
"""

import re
from pathlib import Path

import pytest

from model.files import TableError, read_table, write_whole


@pytest.mark.parametrize(("folder", "file"), [(0o700, 0o600), (0o750, 0o640), (0o755, 0o644)])
def test_a_file_is_as_private_as_its_folder(tmp_path: Path, folder: int, file: int) -> None:
    tmp_path.chmod(folder)
    path = tmp_path / "dino[1].safetensors"
    write_whole(path, b"content")
    assert path.stat().st_mode & 0o777 == file


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, ": cannot be read: No such file"),
        (
            b"a\tb\n\xff\tx\n",
            ": cannot be read: 'utf-8' codec can't decode byte 0xff in position 4",
        ),
        (b"", ", line 1: must name the columns: a, b, with tabs"),
        (b"a\tb\nx\ty\nx y\n", ", line 3: needs 2 fields with tabs between them, and none empty"),
        (b"a\tb\nx\t \n", ", line 2: needs 2 fields"),
        (b"a\tb\nx\ty\tz\n", ", line 2: needs 2 fields"),
    ],
)
def test_the_refusal_of_a_table_names_its_file_and_line(
    tmp_path: Path, content: bytes | None, reason: str
) -> None:
    path = tmp_path / "roots.tsv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(TableError, match=re.escape(f"{path}{reason}")):
        read_table(path, ("a", "b"))
