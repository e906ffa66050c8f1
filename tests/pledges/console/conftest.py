"""The console as its own process serves it, and the colleagues who work in it."""

from collections.abc import Callable, Iterator
from datetime import time, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from maps.gazetteer import Place
from maps.models import City
from pledges import announcing
from pledges.models import Announcement, Rally, Staff
from pledges.models.announcement import Kind

TEXTS = {
    "ru": {"subject": "Дата назначена", "body": "Приходите с друзьями.", "reason": ""},
    "en": {"subject": "The date is set", "body": "Come with friends.", "reason": ""},
}


@pytest.fixture(autouse=True)
def console(settings: Any) -> None:
    settings.ROOT_URLCONF = "rallyreg.console_urls"
    settings.MIDDLEWARE = settings.CONSOLE_MIDDLEWARE


@pytest.fixture(autouse=True)
def nothing_kept() -> Iterator[None]:
    """No figure of another test, and no count of its logins."""
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def coordinator(db: None, kazan: Place) -> Staff:
    staff = Staff.objects.create_staff(email="coordinator@example.org", role="coordinator", password=None)
    staff.cities.add(City.objects.get(pk=kazan.id))
    return staff


@pytest.fixture
def trustee(db: None) -> Staff:
    return Staff.objects.create_staff(email="trustee@example.org", role="trustee", password=None)


@pytest.fixture
def other_admin(db: None) -> Staff:
    return Staff.objects.create_staff(email="other-admin@example.org", role="admin", password=None)


@pytest.fixture
def entering() -> Callable[[Staff], Client]:
    def entered(staff: Staff) -> Client:
        client = Client()
        client.force_login(staff)
        return client

    return entered


@pytest.fixture
def drafted(rally: Rally, organizer: Staff) -> Callable[..., Announcement]:
    """A date a month ahead, drafted by the organizer unless by another."""

    def by(staff: Staff = organizer, *, kind: Kind = Kind.DATE) -> Announcement:
        now = timezone.now()
        day = (now + timedelta(days=30)).date()
        return announcing.draft(rally=rally, kind=kind, texts=TEXTS, day=day, at=time(14), by=staff, now=now)

    return by


@pytest.fixture
def crossed(rally: Rally) -> Rally:
    now = timezone.now()
    Rally.objects.filter(pk=rally.pk).update(confirmed=rally.threshold, reached_at=now - timedelta(hours=1))
    rally.refresh_from_db()
    return rally
