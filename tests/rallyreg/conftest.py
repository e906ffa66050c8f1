"""State folders of the tests' own: nothing here touches the servers that the other tests share."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.rallyreg.servers import clear_away


@pytest.fixture
def state() -> Iterator[Path]:
    """Not under tmp_path, which root keeps closed to the servers' user; that case has a test of its own."""
    with state_folder() as folder:
        yield folder


@pytest.fixture(scope="module")
def shared_state() -> Iterator[Path]:
    with state_folder() as folder:
        yield folder


@contextmanager
def state_folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="rallyreg-test-") as place:
        Path(place).chmod(0o755)
        yield Path(place) / "state"
        clear_away(Path(place) / "state")
