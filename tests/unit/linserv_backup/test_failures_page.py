"""The page of what can go wrong names tests; each of them exists."""

import re
from pathlib import Path

import pytest

SUITE = Path(__file__).resolve().parents[3]
PAGE = (SUITE / "docs" / "backup-failures.md").read_text()
FOLDERS = ("tests/e2e", "tests/unit/linserv_backup", "addons/linserv_backup/tests")
NAMED = re.findall(r"`(test_\w+\.py)`: ((?:`test_\w+`(?:, )?)+)", PAGE)


def read(name):
    """All files of the name: unit tests and tests of the addon may be called alike."""
    found = [SUITE / folder / name for folder in FOLDERS if (SUITE / folder / name).exists()]
    return "\n".join(path.read_text() for path in found)


@pytest.mark.parametrize(("file", "tests"), NAMED)
def test_every_test_that_the_page_names_exists(file, tests):
    text = read(file)
    missing = [test for test in re.findall(r"test_\w+", tests) if "def %s(" % test not in text]
    assert text and not missing


def test_every_row_names_a_test():
    rows = [line for line in PAGE.splitlines() if line.startswith("| ") and not line.startswith("| what happens")]
    assert len(rows) > 30
    assert [row for row in rows if not re.search(r"`test_\w+\.py`: `test_", row)] == []
