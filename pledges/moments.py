"""Days and hours as people say them: today at 12:00 in Moscow, in nine days."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from babel.dates import get_timezone_location
from django.utils.formats import date_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _


def said(moment: datetime, *, zone: str, now: datetime) -> str:
    """When it will be, by the clocks of that time zone, whose city is named."""
    there, today = moment.astimezone(ZoneInfo(zone)), now.astimezone(ZoneInfo(zone)).date()
    when = {
        "hour": date_format(there, "H:i"),
        "day": date_format(there, "j E"),
        "city": get_timezone_location(ZoneInfo(zone), locale=get_language() or "en", return_city=True),
    }
    if there.date() == today:
        return _("today at {hour} ({city})").format(**when)
    if there.date() == today + timedelta(days=1):
        return _("tomorrow at {hour} ({city})").format(**when)
    return _("on {day} at {hour} ({city})").format(**when)


def days_until(day: date, *, zone: str, now: datetime) -> int:
    """Whole days by the calendar of that time zone; 0 today, less once it has passed."""
    return (day - now.astimezone(ZoneInfo(zone)).date()).days
