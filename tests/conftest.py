"""Real servers for all tests, the embedded ones started or attached to; databases of the tests' own."""

import os
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from django.conf import settings

from rallyreg.embedded.postgres import Postgres
from rallyreg.embedded.valkey import Valkey

TEST_DB = 9
_url = urlsplit(settings.REDIS_URL)
_place = f"{_url.path}?db={TEST_DB}" if _url.scheme == "unix" else f"{_url.netloc}/{TEST_DB}"
settings.CACHES["default"]["LOCATION"] = f"{_url.scheme}://{_place}"  # nothing is connected yet


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Journeys last, and the browser's after all: its event loop stays, and Django refuses its ORM beside one."""

    def when(item: pytest.Item) -> int:
        return ("tests/journeys/" in item.nodeid) + ("visit" in getattr(item, "fixturenames", ()))

    items.sort(key=when)


@pytest.fixture(scope="session", autouse=True)
def servers() -> Iterator[None]:
    started: list[Postgres | Valkey] = []
    if settings.EMBEDDED:
        started.append(Postgres(settings.STATE_DIR))
    if not os.environ.get("REDIS_URL"):
        started.append(Valkey(settings.STATE_DIR))
    for server in started:
        server.start()
    yield
    for server in reversed(started):
        server.stop()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(servers: None) -> None:
    """The database of the tests is made after its server is there."""
