"""Forms clean words; they never save. What they cannot decide they offer: cities, villages, regions."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from maps import search
from maps.gazetteer import Place, gazetteer
from maps.villages import Unlisted, villages
from pledges import addresses, gate, sealing
from pledges.pledging import Where


class PlaceForm(forms.Form):
    """Where: a GeoNames id in `city`, or a name, or a region. `cleaned_data["where"]` is a pledging.Where."""

    city = forms.CharField(required=False, max_length=12)
    city_name = forms.CharField(
        required=False, max_length=100, error_messages={"max_length": _("This name is too long.")}
    )
    region = forms.CharField(required=False, max_length=120)

    hurried = False  # whether its network sends so much that the dearer searches are left out
    choices: list[dict[str, Any]]  # of cities that may be meant
    villages: list[dict[str, Any]]  # that are not listed, each with its `nearest` cities
    regions: list[dict[str, str]]
    place: dict[str, Any] | None  # the city that was settled on, for a form that is shown again

    def __init__(self, *args: Any, home_country: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.home_country = home_country
        self.choices, self.villages, self.regions, self.place = [], [], [], None

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not any(name in self.errors for name in ("city", "city_name", "region")):
            words = (cleaned.get(name, "") for name in ("city", "city_name", "region"))
            if where := self._where(*words):
                cleaned["where"] = where
        return cleaned

    def _where(self, city: str, name: str, region: str) -> Where | None:
        places = gazetteer()
        named = search.named(name) if name else []
        if city.isascii() and city.isdigit() and (place := places.by_id.get(int(city))):
            if not name or not named or place in named:
                return self._settle(place)
        elif city:
            self.add_error("city_name", _("We do not know this place. Choose one from the list, please."))
            return None
        if region and (found := places.regions.get(region)):
            self.regions = region_choices(self.home_country)  # where the form is shown again, so is what was chosen
            return Where(found.id, None)
        if len(named) == 1:
            return self._settle(named[0])
        self._offer(name, named)
        return None

    def _settle(self, place: Place) -> Where:
        """What was chosen; a form that is shown again says so by a name that means nothing else."""
        self.place = as_choice(place, self.home_country)
        name = self.place["name"]
        if len(search.named(name)) != 1:
            name = f"{name}, {self.place['region'] or self.place['country_name']}"
        settled = search.named(name) == [place]
        self._rewrite(city_name=name, city="" if settled else str(place.id))
        return Where(place.region_id, place.id)

    def _rewrite(self, **words: str) -> None:
        self.data = {**self.data.dict(), **words} if isinstance(self.data, QueryDict) else {**self.data, **words}

    def _offer(self, name: str, named: list[Place]) -> None:
        """Ask back with what could be meant."""
        found = named or (search.search(name, home=self.home_country, limit=5) if name else [])
        unlisted = [] if named or self.hurried else villages(name, home=self.home_country)
        self.choices = [as_choice(place, self.home_country) for place in found]
        self.villages = [as_village(village, self.home_country) for village in unlisted]
        if named:
            self.add_error("city_name", _("There are several places of this name. Which one is yours?"))
        elif not name:
            self.add_error("city_name", _("Where will you join? Write a city, please."))
        elif unlisted:
            self.add_error("city_name", _("This place is not in our list. Choose a city near it, or your region."))
        elif found:
            self.add_error("city_name", _("We do not know this place. Did you mean one of these?"))
        else:
            self.add_error("city_name", _("We do not know this place. Write the nearest city, or choose your region."))
        if name and not named:
            self.regions = region_choices(self.home_country)


class PledgeForm(PlaceForm):
    """The promise. The address leaves it sealed: as the browser sealed it, or sealed here at once."""

    email = forms.CharField(
        required=False,
        max_length=1000,
        strip=True,
        widget=forms.EmailInput,
        error_messages={"max_length": _("This address is too long.")},
    )
    sealed = forms.CharField(required=False, max_length=600)
    forget = forms.BooleanField(required=False)
    website = forms.CharField(required=False, max_length=1000)  # a trap: people do not see it
    token = forms.CharField(required=False, max_length=200)

    def __init__(self, *args: Any, slug: str, limited: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.slug, self.limited = slug, limited  # the network, where it is over its limit
        self.hurried = bool(limited)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if "email" not in self.errors:
            cleaned["sealed"] = self._sealed(cleaned.get("sealed", ""), cleaned.pop("email", ""))
        if not self.errors and self.limited and not gate.is_timely(cleaned.get("token", ""), network=self.limited):
            self.add_error(
                None, _("Many pledges come from your network right now. Count to five and press the button once more.")
            )
        return cleaned

    def _sealed(self, sealed: str, email: str) -> bytes | None:
        try:
            if sealed:
                blob = sealing.from_text(sealed)
                sealing.mailroom_epoch(blob)
                return blob
            return sealing.seal_to_mailroom(addresses.deliverable(email), slug=self.slug)
        except addresses.BadAddress:
            self.add_error("email", _("This does not look like an e-mail address. Is there a mistake in it?"))
        except ValueError:
            self.add_error(
                "email", _("The address was sealed for another time. Reload the page and try again, please.")
            )
        return None

    @property
    def status(self) -> int:
        """The answer's status: shown for the first time, asked to wait, or to mend."""
        if not self.is_bound or not self.errors:
            return 200
        return 429 if self.limited and set(self.errors) == {"__all__"} else 422

    def renew_token(self) -> None:
        """A fresh timing token for the form as it is shown again."""
        self._rewrite(token=gate.timing_token())

    @property
    def is_trapped(self) -> bool:
        return bool(self.data.get("website"))


class CodeForm(forms.Form):
    code = forms.CharField(required=False, max_length=20)

    def clean_code(self) -> str:
        """Six digits, however they were grouped."""
        return "".join(sign for sign in self.cleaned_data["code"] if sign.isascii() and sign.isdigit())


def as_choice(place: Place, home_country: str) -> dict[str, Any]:
    return {"id": place.id} | _described(place, place.region, home_country)


def _described(place: Place | Unlisted, region: Callable[[str], str], home_country: str) -> dict[str, Any]:
    """Its name and where it lies; the country only where that is not the home country or there is no region to tell."""
    language = get_language() or "en"
    name, told = place.name(language), region(language)
    abroad = place.country != home_country or told in ("", name)
    return {"name": name, "region": told, "country_name": place.country_name(language) if abroad else ""}


def as_village(village: Unlisted, home_country: str) -> dict[str, Any]:
    nearest = [as_choice(near.place, home_country) | {"km": near.km} for near in village.nearest]
    return _described(village, village.region_name, home_country) | {"nearest": nearest}


def region_choices(country: str) -> list[dict[str, str]]:
    """The regions to choose from when no city fits: those at home, then each country abroad."""
    language = get_language() or "en"
    at_home, abroad = [], []
    for region in gazetteer().regions.values():
        name = region.name(language)
        if region.country == country:
            at_home.append({"code": region.code, "name": name})
        else:
            label = f"{region.country_name(language)}, {name}" if name else region.country_name(language)
            abroad.append({"code": region.code, "name": label})
    by_name = [
        sorted(part, key=lambda row: row["name"].replace("Ё", "Е").replace("ё", "е")) for part in (at_home, abroad)
    ]
    return [*by_name[0], *by_name[1]]
