"""Who and what the demo is about: the rally, its staff, its plan. All of it is invented."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from maps.gazetteer import gazetteer
from pledges import announcing, planning
from pledges.demo import people
from pledges.models import Announcement, Rally, Staff
from pledges.models.announcement import Kind
from pledges.models.staff import Role
from pledges.opening import open_rally

SLUG = "five-hundred-thousand"
THRESHOLD = 500_000
SITES = 60
DAYS_AHEAD, AT = 10, time(19, 0)

TEXTS = {
    "ru": {
        "title": "Пятьсот тысяч",
        "cause": "За чистый воздух над нашими городами",
        "asks": "Зовёт комитет «Чистый воздух» (демо)",
        "about": (
            "Это показательная кампания. Комитет «Чистый воздух» выдуман, как и все, кто здесь записался;"
            " по-настоящему лишь то, как растёт счёт: так он рос весной 2021 года.\n\n"
            "Мы просим мерить воздух в каждом районе, показывать измерения всем и тушить свалки до того,"
            " как их станет слышно."
        ),
    },
    "en": {
        "title": "Five Hundred Thousand",
        "cause": "For clean air over our cities",
        "asks": "Called by the Clean Air Committee (demo)",
        "about": (
            "This is a demonstration. The Clean Air Committee is invented, and so is everybody who has pledged here;"
            " only the way the count grows is real: this is how one grew in the spring of 2021.\n\n"
            "We ask for air to be measured in every district, for the figures to be open to everyone, and for"
            " dump fires to be put out before they can be smelt."
        ),
    },
}
PLACE = {"ru": "Центральная площадь", "en": "Central square"}
NOTE = {"ru": "Собираемся у фонтана.", "en": "We meet by the fountain."}
ANNOUNCEMENT = {
    "ru": {
        "subject": "Нас пятьсот тысяч: известны день и место",
        "body": (
            "Нас больше 500 000. Мы обещали назвать день, когда нас будет столько, и вот он.\n\n"
            "Это мирная встреча: приходите с друзьями, берегите друг друга и возьмите с собой воды."
        ),
    },
    "en": {
        "subject": "Half a million of us: the day and the place are set",
        "body": (
            "There are more than 500,000 of us. We promised to name the day once there were, and here it is.\n\n"
            "It is a peaceful meeting: come with friends, look after each other, and bring some water."
        ),
    },
}


def demo_rally() -> Rally | None:
    return Rally.objects.filter(slug=SLUG).first()


def open_demo_rally(*, opens_at: datetime, threshold: int = THRESHOLD) -> Rally:
    return open_rally(slug=SLUG, texts=TEXTS, threshold=threshold, now=opens_at, opens_at=opens_at)


def staff(email: str, role: Role) -> Staff:
    """A colleague of the demo; without a password until somebody sets one."""
    found = Staff.objects.filter(email=email).first()
    return found or Staff.objects.create_staff(email=email, role=role, password=None)


def has_plan(rally: Rally, *, now: datetime) -> bool:
    """Whether crossing would announce itself: an approved plan waits, and its day has not passed."""
    plan = Announcement.objects.ready(rally).filter(kind=Kind.DATE).order_by("approved_at").last()
    if plan is None or plan.date is None or plan.time is None:
        return False
    return not planning.is_past(plan.date, plan.time, rally.home_timezone, now=now)


def plan(rally: Rally, *, now: datetime) -> None:
    """Sites for the largest cities and a day, drafted by the organizer and approved by the admin."""
    organizer, admin = staff("organizer@example.org", Role.ORGANIZER), staff("admin@example.org", Role.ADMIN)
    places = gazetteer()
    for where in people.crowd_of(places, rally.home_country).larger(SITES).places:
        city = places.by_id[where.city_id or 0]
        planning.put_site(
            rally=rally,
            city=city,
            place=PLACE,
            note=NOTE,
            by=organizer,
            now=now,
            latitude=city.latitude,
            longitude=city.longitude,
        )
    day = now.astimezone(ZoneInfo(rally.home_timezone)).date() + timedelta(days=DAYS_AHEAD)
    draft = announcing.draft(rally=rally, kind=Kind.DATE, texts=ANNOUNCEMENT, day=day, at=AT, by=organizer, now=now)
    announcing.approve(announcement=draft, seen_hash=draft.content_hash, by=admin, now=now)
