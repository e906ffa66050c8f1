from typing import Any

import pytest
from django.http import QueryDict
from django.template.loader import render_to_string
from django.utils import translation

from maps.models import Village
from pledges.forms import PlaceForm, PledgeForm

KAZAN, KIROV, KALUGA_KIROV = 551487, 548408, 548410
pytestmark = pytest.mark.usefixtures("places")


@pytest.fixture
def ivanovka(places: None) -> None:
    """Two villages of one name."""
    for number, lat, lng, region, people in (
        (1, 53.347, 34.219, "Bryansk Oblast", 1150),
        (2, 50.361, 127.997, "Amur Oblast", 900),
    ):
        Village.objects.create(
            geoname_id=number,
            name_ru="Ивановка",
            name_en="Ivanovka",
            search_text="|ивановка|ivanovka|",
            latitude=lat,
            longitude=lng,
            country="RU",
            region_code=f"RU/{region}",
            population=people,
        )


def sent(**words: str) -> PlaceForm:
    data = QueryDict(mutable=True)
    data.update(words)
    return PlaceForm(data, home_country="RU")


def where(**words: str) -> tuple[int | None, bool] | None:
    """The city, and whether only a region was meant."""
    form = sent(**words)
    return (form.cleaned_data["where"].city_id, form.cleaned_data["where"].city_id is None) if form.is_valid() else None


def errors(form: PlaceForm) -> str:
    return " ".join(str(error) for error in form.errors.get("city_name", []))


@pytest.mark.parametrize("name", ["Казань", "kazan", "Казань, Татарстан", "г. Казань"])
def test_the_name_of_one_listed_city_is_taken(name: str):
    assert where(city_name=name) == (KAZAN, False)


def test_namesakes_are_asked_back_with_their_regions():
    with translation.override("ru"):
        form = sent(city_name="Киров")
        told = errors(form)

    assert "Мест с таким названием несколько" in told
    assert [choice["region"] for choice in form.choices] == ["Кировская область", "Калужская область"]
    assert (form.villages, form.regions) == ([], [])


def test_a_typo_is_asked_back_with_what_may_be_meant():
    form = sent(city_name="екатеренбург")

    assert not form.is_valid()
    assert "Did you mean" in errors(form)
    assert form.choices[0]["name"] == "Yekaterinburg"
    assert form.regions


@pytest.mark.usefixtures("ivanovka")
def test_a_village_is_asked_back_with_the_three_cities_nearest_to_each_of_that_name():
    with translation.override("ru"):
        form = sent(city_name="Ивановка")
        told = errors(form)

    assert "нет в нашем списке" in told
    assert [(one["name"], one["region"], one["country_name"]) for one in form.villages] == [
        ("Ивановка", "Брянская область", ""),
        ("Ивановка", "Амурская область", ""),
    ]
    assert [len(one["nearest"]) for one in form.villages] == [3, 3]
    assert form.villages[0]["nearest"][0]["name"] == "Брянск"
    assert form.villages[0]["nearest"][0]["km"] == 11
    assert form.regions


@pytest.mark.usefixtures("ivanovka")
def test_the_city_near_a_village_is_taken_although_the_village_is_still_written():
    form = sent(city_name="Ивановка", city=str(KAZAN))

    assert form.is_valid()
    assert form.cleaned_data["where"].city_id == KAZAN


def test_an_unknown_place_leaves_the_regions():
    form = sent(city_name="Zzyzxville")

    assert not form.is_valid()
    assert (form.choices, form.villages) == ([], [])
    assert {"code": "RU/Tatarstan", "name": "Tatarstan"} in form.regions
    assert where(city_name="Zzyzxville", region="RU/Tatarstan") == (None, True)


def test_a_name_written_after_a_choice_counts_more_than_the_choice():
    assert where(city_name="Казань", city=str(KIROV)) == (KAZAN, False)


@pytest.mark.parametrize("city", ["0", "99999999", "-1", "x", "²"])
def test_an_unknown_id_is_refused_in_words(city: str):
    form = sent(city=city)

    assert not form.is_valid()
    assert "Choose one from the list" in errors(form)


def shown_again(**words: str) -> PledgeForm:
    """A form whose address is wrong, so that the rest must survive."""
    data = QueryDict(mutable=True)
    data.update({"email": "no address", **words})
    form = PledgeForm(data, slug="clean-air", home_country="RU")
    assert not form.is_valid()
    assert list(form.errors) == ["email"]
    return form


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ({"city_name": "казань"}, "Kazan"),
        ({"city_name": "Киров", "city": str(KALUGA_KIROV)}, "Kirov, Kaluga Oblast"),
        ({"city_name": "екатеренбург", "city": str(KAZAN)}, "Kazan"),
    ],
)
def test_a_form_shown_again_names_the_city_so_that_it_can_be_changed_by_its_name_alone(
    words: dict[str, str], name: str
):
    form = shown_again(**words)

    assert form["city_name"].value() == name
    assert form["city"].value() == ""
    assert form.place is not None


def test_a_form_shown_again_keeps_address_region_and_checkbox():
    form = shown_again(city_name="Глушь", region="RU/Tatarstan", forget="on")

    assert (form["email"].value(), form["city_name"].value()) == ("no address", "Глушь")
    assert form["region"].value() == "RU/Tatarstan"
    assert form["forget"].value()
    assert {"code": "RU/Tatarstan", "name": "Tatarstan"} in form.regions


@pytest.mark.usefixtures("ivanovka")
@pytest.mark.parametrize(("language", "near"), [("ru", "Рядом: Ивановка"), ("en", "Near Ivanovka")])
def test_the_question_about_a_village_is_written_with_its_region_and_distances(language: str, near: str):
    with translation.override(language):
        form = sent(city_name="Ивановка")
        form.is_valid()
        html = field_of(form)

    assert near in html
    assert html.count({"ru": "\u00a0км<", "en": "\u00a0km<"}[language]) == 6
    assert '<select name="region"' in html


def test_what_a_visitor_typed_is_escaped():
    form = sent(city_name='"><script>alert(1)</script>')
    form.is_valid()

    assert "<script>" not in field_of(form)


def field_of(form: PlaceForm) -> str:
    context: dict[str, Any] = {"form": form, "choices": form.choices, "regions": form.regions}
    return render_to_string("pledges/_city_field.html", context | {"rally": {"slug": "clean-air"}, "label": "Where?"})
