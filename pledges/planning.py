"""The plan: date, start and a site per city, prepared at any time; announcing freezes a copy of it."""

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction

from maps.gazetteer import Place, gazetteer
from maps.geometry import distance_km
from pledges import record
from pledges.models import Announcement, CityTally, Rally, RallySite, Staff


@dataclass(frozen=True)
class Completeness:
    """How many of the people who pledged have a site in their own city."""

    people: int
    with_site: int

    @property
    def percent(self) -> int:
        return 100 * self.with_site // self.people if self.people else 0


@transaction.atomic
def put_site(
    *, rally: Rally, city: Place, place: dict[str, str], note: dict[str, str], by: Staff, now: datetime, **more: Any
) -> RallySite:
    """Set where a city gathers; `place` and `note` by language, `more` as the model names it."""
    site, _ = RallySite.objects.update_or_create(
        rally=rally, city_id=city.id, defaults={"place": place, "note": note, "proposed_by": by, **more}
    )
    record.write("site put", by=by, now=now, rally=rally.slug, city=city.id)
    return site


@transaction.atomic
def remove_site(*, site: RallySite, by: Staff, now: datetime) -> None:
    record.write("site removed", by=by, now=now, rally=site.rally.slug, city=site.city_id)
    site.delete()


def frozen_sites(rally: Rally) -> dict[str, dict[str, Any]]:
    """The sites as an announcement's content keeps them, by GeoNames id; refused ones are left out."""
    return {
        str(site.city_id): {
            "place": site.place,
            "note": site.note,
            "lat": site.latitude,
            "lng": site.longitude,
            "time": site.starts.isoformat("minutes") if site.starts else None,
            "reveal_at": site.reveal_at.isoformat() if site.reveal_at else None,
        }
        for site in RallySite.objects.filter(rally=rally).exclude(status="refused").order_by("city_id")
    }


def completeness(rally: Rally) -> Completeness:
    tallies = CityTally.objects.filter(rally=rally).values_list("city_id", "confirmed")
    cities = {int(city) for city in frozen_sites(rally)}
    return Completeness(
        people=sum(people for _, people in tallies),
        with_site=sum(people for city, people in tallies if city in cities),
    )


def visible_site(announcement: Announcement, city_id: int | None, *, now: datetime) -> dict[str, Any] | None:
    """The city's site, unless it is to be revealed later."""
    site = announcement.site(city_id)
    if site and site["reveal_at"] and datetime.fromisoformat(site["reveal_at"]) > now:
        return None
    return site


def starts_in(announcement: Announcement, city: Place, *, now: datetime) -> datetime | None:
    """When it begins in this city, in the city's own time zone; a hidden site's own hour is hidden too."""
    day = announcement.date
    site = visible_site(announcement, city.id, now=now)
    at = time.fromisoformat(site["time"]) if site and site["time"] else announcement.time
    return datetime.combine(day, at, ZoneInfo(city.timezone)) if day and at else None


def nearest_with_site(announcement: Announcement, city: Place, *, now: datetime, limit: int = 3) -> list[Place]:
    """Cities to go to from one that has no site of its own, nearest first."""
    places = gazetteer()
    having = [
        places.by_id[int(city_id)]
        for city_id in announcement.content["sites"]
        if int(city_id) in places.by_id and visible_site(announcement, int(city_id), now=now)
    ]

    def away(place: Place) -> float:
        return distance_km(city.latitude, city.longitude, place.latitude, place.longitude)

    return sorted(having, key=away)[:limit]


def is_past(day: date, at: time, zone: str, *, now: datetime) -> bool:
    return datetime.combine(day, at, ZoneInfo(zone)) <= now
