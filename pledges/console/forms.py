"""The console's forms: they clean words and never save."""

from datetime import date, time
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from maps.gazetteer import Place
from maps.geometry import distance_km
from pledges.models import Announcement, RallySite
from pledges.models.announcement import Kind
from pledges.models.rally import SiteStatus

FAR_KM = 60  # a point farther from its city is most likely a slip
LANGUAGES = [code for code, _name in settings.LANGUAGES]


class DateInput(forms.DateInput):
    """ISO, as browsers' own pickers want it, whatever the language of the page."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class TimeInput(forms.TimeInput):
    input_type = "time"

    def __init__(self) -> None:
        super().__init__(format="%H:%M")


class MomentInput(forms.DateTimeInput):
    input_type = "datetime-local"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%dT%H:%M")


class SiteForm(forms.Form):
    """Where one city gathers. `warnings` after cleaning: what looks like a slip, and is stored all the same."""

    place_ru = forms.CharField(label=_("Place, in Russian"), max_length=200, required=False)
    place_en = forms.CharField(label=_("Place, in English"), max_length=200, required=False)
    note_ru = forms.CharField(label=_("Note, in Russian"), max_length=1000, required=False, widget=forms.Textarea)
    note_en = forms.CharField(label=_("Note, in English"), max_length=1000, required=False, widget=forms.Textarea)
    latitude = forms.FloatField(label=_("Latitude"), min_value=-90, max_value=90, required=False)
    longitude = forms.FloatField(label=_("Longitude"), min_value=-180, max_value=180, required=False)
    starts = forms.TimeField(label=_("Local start time"), required=False, widget=TimeInput)
    status = forms.ChoiceField(label=_("Status"), choices=SiteStatus.choices, initial=SiteStatus.PLANNED)
    reveal_at = forms.DateTimeField(label=_("Show to the public from"), required=False, widget=MomentInput)

    def __init__(self, *args: Any, city: Place, home_timezone: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.city, self.home_timezone = city, home_timezone
        self.warnings: list[str] = []
        self.fields["starts"].help_text = _("Only where it differs from the rally's. Time zone: {zone}.").format(
            zone=city.timezone
        )
        self.fields["reveal_at"].help_text = _("Empty: at once. Time zone: {zone}.").format(zone=home_timezone)
        for name in ("latitude", "longitude"):
            self.fields[name].widget.attrs["step"] = "any"
        for name in ("note_ru", "note_en"):
            self.fields[name].widget.attrs["rows"] = 2

    @classmethod
    def of(cls, site: RallySite, *, city: Place, home_timezone: str) -> "SiteForm":
        """As it is stored."""
        names = [(part, code) for part in ("place", "note") for code in LANGUAGES]
        words = {f"{part}_{code}": getattr(site, part).get(code, "") for part, code in names}
        plain = {name: getattr(site, name) for name in ("latitude", "longitude", "starts", "status", "reveal_at")}
        return cls(initial=words | plain, city=city, home_timezone=home_timezone)

    def full_clean(self) -> None:
        with timezone.override(ZoneInfo(self.home_timezone)):
            super().full_clean()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not cleaned.get("place_ru") and not cleaned.get("place_en"):
            self.add_error("place_ru", _("Name the place, in one language at least."))
        lat, lng = cleaned.get("latitude"), cleaned.get("longitude")
        if (lat is None) != (lng is None) and not {"latitude", "longitude"} & self.errors.keys():
            self.add_error("latitude" if lat is None else "longitude", _("A point needs both numbers, or none."))
        elif lat is not None and lng is not None:
            self._warn_if_far(lat, lng)
        return cleaned

    def _warn_if_far(self, lat: float, lng: float) -> None:
        away = distance_km(self.city.latitude, self.city.longitude, lat, lng)
        if away > FAR_KM:
            text = _("The point is {km} km from the city. Are the two numbers in the right order?")
            self.warnings.append(str(text).format(km=round(away)))

    def site(self) -> dict[str, Any]:
        """What planning.put_site() takes; a language without words is left out, so that the other one is shown."""
        cleaned = self.cleaned_data
        words = {
            part: {code: cleaned[f"{part}_{code}"] for code in LANGUAGES if cleaned[f"{part}_{code}"]}
            for part in ("place", "note")
        }
        plain = ("latitude", "longitude", "starts", "status", "reveal_at")
        return words | {name: cleaned[name] for name in plain}


class AnnouncementForm(forms.Form):
    """A new draft; which kinds need a date or a reason is announcing.draft()'s to say."""

    kind = forms.ChoiceField(label=_("What it says"), choices=Kind.choices, initial=Kind.DATE)
    day = forms.DateField(label=_("Date"), required=False, widget=DateInput)
    at = forms.TimeField(label=_("Local time"), required=False, widget=TimeInput)
    form = forms.ChoiceField(label=_("How"), choices=[("march", _("march")), ("courtyard", _("in courtyards"))])
    subject_ru = forms.CharField(label=_("Subject, in Russian"), max_length=150)
    body_ru = forms.CharField(label=_("Text, in Russian"), max_length=8000, widget=forms.Textarea)
    reason_ru = forms.CharField(
        label=_("Public reason, in Russian"), max_length=1000, required=False, widget=forms.Textarea
    )
    subject_en = forms.CharField(label=_("Subject, in English"), max_length=150)
    body_en = forms.CharField(label=_("Text, in English"), max_length=8000, widget=forms.Textarea)
    reason_en = forms.CharField(
        label=_("Public reason, in English"), max_length=1000, required=False, widget=forms.Textarea
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            if isinstance(field.widget, forms.Textarea):
                field.widget.attrs["rows"] = 2 if name.startswith("reason") else 7

    @staticmethod
    def initial_from(announcement: Announcement) -> dict[str, Any]:
        """The words of an earlier one, to draft anew from."""
        words = {
            f"{part}_{code}": announcement.content["texts"].get(code, {}).get(part, "")
            for part in ("subject", "body", "reason")
            for code in LANGUAGES
        }
        when = {"day": announcement.date, "at": announcement.time, "form": announcement.format}
        return words | when | {"kind": announcement.kind}

    def draft(self) -> dict[str, Any]:
        """What announcing.draft() takes."""
        cleaned = self.cleaned_data
        texts = {
            code: {part: cleaned[f"{part}_{code}"].replace("\r\n", "\n") for part in ("subject", "body", "reason")}
            for code in LANGUAGES
        }
        day: date | None = cleaned["day"]
        at: time | None = cleaned["at"]
        return {"kind": Kind(cleaned["kind"]), "texts": texts, "day": day, "at": at, "form": cleaned["form"]}
