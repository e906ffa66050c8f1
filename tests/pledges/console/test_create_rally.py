import io
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.utils import timezone

from pledges import opening, trustees
from pledges.models import Rally, Record

WORDS = ("--title-en", "Clean Air", "--title-ru", "Чистый воздух")


def create_rally(slug: str, *more: str, threshold: str = "500") -> str:
    out = io.StringIO()
    call_command("create_rally", "--slug", slug, *WORDS, "--threshold", threshold, *more, stdout=out)
    return out.getvalue()


@pytest.mark.django_db
def test_an_open_rally_takes_pledges_and_has_a_key_that_fits(keys_dir: Path) -> None:
    create_rally("clean-air", "--open", "--cause-en", "For air", "--asks-ru", "Комитет")

    rally = Rally.objects.taking_pledges().get()
    assert rally.texts == {
        "en": {"title": "Clean Air", "cause": "For air"},
        "ru": {"title": "Чистый воздух", "asks": "Комитет"},
    }
    assert rally.threshold == 500
    assert trustees.pinned_key(rally) == bytes(rally.public_key or b"")
    assert Record.objects.get().act == "rally made"


@pytest.mark.django_db
def test_without_open_it_waits(keys_dir: Path) -> None:
    create_rally("clean-air")

    assert Rally.objects.get().opens_at is None


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("slug", "threshold", "more", "said"),
    [
        ("api", "500", (), "--slug: This name is taken"),
        ("Clean Air", "500", (), "--slug"),
        ("чистый", "500", (), "--slug"),
        ("clean-air", "0", (), "--threshold"),
        ("clean-air", "-1", (), "--threshold"),
        ("clean-air", "500", ("--home-timezone", "Mars/Base"), "--home-timezone"),
        ("clean-air", "500", ("--home-timezone", "../etc/passwd"), "--home-timezone"),
        ("clean-air", "500", ("--home-country", "Russia"), "--home-country"),
    ],
)
def test_what_is_wrong_is_said_by_option_and_nothing_stored(
    slug: str, threshold: str, more: tuple[str, ...], said: str, keys_dir: Path
) -> None:
    with pytest.raises(CommandError, match=said):
        create_rally(slug, *more, threshold=threshold)

    assert not Rally.objects.exists()
    assert not keys_dir.exists()


@pytest.mark.django_db
def test_a_slug_is_taken_once(keys_dir: Path) -> None:
    create_rally("clean-air")

    with pytest.raises(CommandError, match="--slug"):
        create_rally("clean-air")

    assert Rally.objects.count() == 1


@pytest.mark.django_db
def test_in_production_the_key_is_the_pinned_one(settings: Any) -> None:
    settings.KEYS_DIR, settings.RALLY_PUBLIC_KEYS = None, {"clean-air": b"k" * 32}

    create_rally("clean-air")

    assert bytes(Rally.objects.get().public_key or b"") == b"k" * 32


@pytest.mark.django_db
def test_in_production_without_a_pinned_key_there_is_no_rally(settings: Any) -> None:
    settings.KEYS_DIR, settings.RALLY_PUBLIC_KEYS = None, {}

    with pytest.raises(CommandError, match="No key is pinned for clean-air"):
        create_rally("clean-air", "--open")

    assert not Rally.objects.exists()


@pytest.mark.django_db
def test_a_rally_needs_a_title(keys_dir: Path) -> None:
    now = timezone.now()

    with pytest.raises(ValidationError, match="title"):
        opening.open_rally(slug="clean-air", texts={"en": {"title": ""}}, threshold=1, now=now, opens_at=now)
