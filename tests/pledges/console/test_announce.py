from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from maps.gazetteer import Place
from pledges import announcing, letters, planning
from pledges.models import Announcement, AnnouncementLetter, Pledge, Rally, Record, Staff
from pledges.models.announcement import Kind, LetterState


def words(**more: str) -> dict[str, str]:
    day = (timezone.now() + timedelta(days=30)).date().isoformat()
    return {
        "kind": "date",
        "day": day,
        "at": "14:00",
        "form": "march",
        "subject_ru": "Дата назначена",
        "body_ru": "Приходите.",
        "reason_ru": "",
        "subject_en": "The date is set",
        "body_en": "Come.",
        "reason_en": "",
    } | more


def act(client: Client, announcement: Announcement, what: str, **sent: str) -> Any:
    return client.post(f"/announce/{announcement.pk}/{what}/", sent)


def test_draft_approve_by_another_publish(
    crossed: Rally, organizer: Staff, admin: Staff, entering: Callable[[Staff], Client]
) -> None:
    drafting = entering(organizer).post("/announce/new/?rally=clean-air", words())
    announcement = Announcement.objects.get()
    client = entering(admin)
    page = client.get(drafting.headers["Location"]).content.decode()
    approving = act(client, announcement, "approve", hash=announcement.content_hash)
    publishing = act(client, announcement, "publish")

    announcement.refresh_from_db()
    crossed.refresh_from_db()
    assert announcement.content_hash in page
    assert [drafting.status_code, approving.status_code, publishing.status_code] == [303, 303, 303]
    assert (announcement.drafted_by, announcement.approved_by, announcement.published_by) == (organizer, admin, admin)
    assert announcement.number == 1
    assert crossed.announced_at is not None
    acts = ["announcement drafted", "announcement approved", "announcement published"]
    assert list(Record.objects.values_list("act", flat=True)) == acts


def test_nobody_approves_their_own(
    crossed: Rally, admin: Staff, drafted: Callable[..., Announcement], entering: Callable[[Staff], Client]
) -> None:
    announcement, client = drafted(admin), entering(admin)

    response = act(client, announcement, "approve", hash=announcement.content_hash)

    announcement.refresh_from_db()
    assert response.status_code == 409
    assert "Another person has to approve it." in response.content.decode()
    assert announcement.approved_at is None
    assert "Approve exactly this" not in client.get(f"/announce/{announcement.pk}/").content.decode()


@pytest.mark.parametrize("seen", ["", "0" * 64])
def test_only_what_was_seen_is_approved(
    seen: str, rally: Rally, admin: Staff, drafted: Callable[..., Announcement], entering: Callable[[Staff], Client]
) -> None:
    announcement = drafted()

    response = act(entering(admin), announcement, "approve", hash=seen)

    announcement.refresh_from_db()
    assert response.status_code == 409
    assert "The text has changed" in response.content.decode()
    assert announcement.approved_at is None


def test_content_changed_in_the_database_is_not_approved(
    rally: Rally, admin: Staff, drafted: Callable[..., Announcement], entering: Callable[[Staff], Client]
) -> None:
    announcement = drafted()
    Announcement.objects.filter(pk=announcement.pk).update(content=announcement.content | {"date": "2031-01-01"})

    response = act(entering(admin), announcement, "approve", hash=announcement.content_hash)

    assert response.status_code == 409


def test_what_nobody_approved_is_not_published(
    crossed: Rally, admin: Staff, drafted: Callable[..., Announcement], entering: Callable[[Staff], Client]
) -> None:
    announcement = drafted()

    response = act(entering(admin), announcement, "publish")

    crossed.refresh_from_db()
    assert response.status_code == 409
    assert "not approved" in response.content.decode()
    assert crossed.announced_at is None


def test_publishing_twice_is_refused_in_words(
    crossed: Rally, admin: Staff, drafted: Callable[..., Announcement], entering: Callable[[Staff], Client]
) -> None:
    announcement, client = drafted(), entering(admin)
    act(client, announcement, "approve", hash=announcement.content_hash)
    act(client, announcement, "publish")

    again, voiding = act(client, announcement, "publish"), act(client, announcement, "void")

    assert again.status_code == voiding.status_code == 409
    assert "published already" in again.content.decode()
    assert Announcement.objects.published().count() == 1


def test_a_date_waits_for_the_threshold(
    rally: Rally, admin: Staff, drafted: Callable[..., Announcement], entering: Callable[[Staff], Client]
) -> None:
    announcement, client = drafted(), entering(admin)
    act(client, announcement, "approve", hash=announcement.content_hash)

    response = act(client, announcement, "publish")

    assert response.status_code == 409
    assert "The threshold is not reached" in response.content.decode()


def test_waiting_takes_the_second_person_only_where_that_is_set(
    crossed: Rally,
    admin: Staff,
    drafted: Callable[..., Announcement],
    entering: Callable[[Staff], Client],
    settings: Any,
) -> None:
    announcement, client = drafted(admin), entering(admin)
    settings.SECOND_PERSON = "required"
    refused = act(client, announcement, "wait", hash=announcement.content_hash)
    settings.SECOND_PERSON = "delay"
    taken = act(client, announcement, "wait", hash=announcement.content_hash)
    too_early = act(client, announcement, "publish")

    announcement.refresh_from_db()
    assert [refused.status_code, taken.status_code, too_early.status_code] == [409, 303, 409]
    assert announcement.publish_after is not None
    assert announcement.published_at is None


def test_anybody_on_staff_can_void(
    rally: Rally,
    admin: Staff,
    trustee: Staff,
    drafted: Callable[..., Announcement],
    entering: Callable[[Staff], Client],
) -> None:
    announcement = drafted()
    act(entering(admin), announcement, "approve", hash=announcement.content_hash)

    act(entering(trustee), announcement, "void")

    announcement.refresh_from_db()
    assert announcement.voided_at is not None


@pytest.mark.parametrize(
    ("wrong", "status", "said"),
    [
        ({"subject_en": ""}, 422, "This field is required"),
        ({"kind": "gossip"}, 422, "Select a valid choice"),
        ({"day": "soon"}, 422, "Enter a valid date"),
        ({"day": ""}, 409, "A date and a time are needed."),
        ({"day": "2020-01-01"}, 409, "The date is in the past."),
        ({"kind": "early", "reason_ru": "Ждать нельзя"}, 409, "a public reason, in each language"),
    ],
)
def test_a_draft_with_a_mistake_is_said_and_not_stored(
    wrong: dict[str, str],
    status: int,
    said: str,
    rally: Rally,
    organizer: Staff,
    entering: Callable[[Staff], Client],
) -> None:
    response = entering(organizer).post("/announce/new/", words(**wrong))

    assert response.status_code == status
    assert said in response.content.decode()
    assert "Приходите." in response.content.decode()
    assert not Announcement.objects.exists()


def test_a_new_draft_can_start_from_an_old_one(
    rally: Rally, organizer: Staff, drafted: Callable[..., Announcement], entering: Callable[[Staff], Client]
) -> None:
    announcement = drafted()

    body = entering(organizer).get(f"/announce/new/?from={announcement.pk}").content.decode()

    assert "Приходите с друзьями." in body
    assert f'value="{announcement.content["date"]}"' in body


def test_the_preview_is_the_letter_as_it_will_be_written(
    rally: Rally,
    admin: Staff,
    kazan: Place,
    drafted: Callable[..., Announcement],
    entering: Callable[[Staff], Client],
) -> None:
    place = {"en": "Freedom Square", "ru": "Площадь Свободы"}
    planning.put_site(rally=rally, city=kazan, place=place, note={}, by=admin, now=timezone.now())
    announcement = drafted()

    body = entering(admin).get(f"/announce/{announcement.pk}/").content.decode()

    for part in ("Freedom Square", "Площадь Свободы", "Come with friends.", "Приходите с друзьями.", "14:00"):
        assert part in body
    assert "MARK-" not in body


def test_a_coordinator_sees_no_site_of_other_cities(
    rally: Rally,
    admin: Staff,
    coordinator: Staff,
    kazan: Place,
    tver: Place,
    drafted: Callable[..., Announcement],
    entering: Callable[[Staff], Client],
) -> None:
    for city, name in ((kazan, "Freedom Square"), (tver, "Secret Square")):
        planning.put_site(rally=rally, city=city, place={"en": name}, note={}, by=admin, now=timezone.now())
    announcement = drafted()

    body = entering(coordinator).get(f"/announce/{announcement.pk}/?city={tver.id}").content.decode()

    assert "Freedom Square" in body
    assert "Secret Square" not in body


@pytest.fixture
def published(
    crossed: Rally, admin: Staff, kazan: Place, pledge_from: Callable[..., Pledge], drafted: Callable[..., Announcement]
) -> Announcement:
    for name in ("ada", "bob", "eve"):
        pledge_from(kazan, f"{name}@example.net", now=datetime(2026, 3, 23, tzinfo=UTC))
    announcement, now = drafted(), timezone.now()
    announcing.approve(announcement=announcement, seen_hash=announcement.content_hash, by=admin, now=now)
    announcing.publish(announcement=announcement, by=admin, now=now)
    announcement.refresh_from_db()
    return announcement


def test_progress_counts_the_letters_by_state(
    published: Announcement, admin: Staff, entering: Callable[[Staff], Client], settings: Any
) -> None:
    settings.AUTO_UNLOCK = True
    letters.write_letters(published, now=timezone.now())
    AnnouncementLetter.objects.filter(pk=AnnouncementLetter.objects.earliest("pk").pk).update(state=LetterState.SENT)

    body = entering(admin).get(f"/announce/{published.pk}/progress/").content.decode()

    assert '<progress value="1" max="3">' in body
    assert "The key is open" in body
    assert "<html" not in body


def test_without_the_key_the_letters_wait_for_the_trustees(
    published: Announcement, admin: Staff, entering: Callable[[Staff], Client], settings: Any
) -> None:
    settings.AUTO_UNLOCK = False

    body = entering(admin).get(f"/announce/{published.pk}/").content.decode()

    assert "The letters wait for the trustees." in body


def test_news_have_no_letters(
    rally: Rally, admin: Staff, drafted: Callable[..., Announcement], entering: Callable[[Staff], Client]
) -> None:
    announcement, client = drafted(kind=Kind.NEWS), entering(admin)
    act(client, announcement, "approve", hash=announcement.content_hash)
    act(client, announcement, "publish")

    body = client.get(f"/announce/{announcement.pk}/").content.decode()

    assert "trustees" not in body
