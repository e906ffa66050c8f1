"""What the server draws: colours, lettering, the map."""

import gzip
import re
import xml.etree.ElementTree as ET
from dataclasses import asdict
from math import hypot

import pytest
from django.conf import settings as project
from django.utils import translation
from hypothesis import given, settings
from hypothesis import strategies as st

from maps import gazetteer as gazetteers
from maps.gazetteer import gazetteer
from maps.models import City
from pledges.drawing import lettering, map_svg, scene
from pledges.drawing.frame import Flat, Inside, frame_of
from pledges.drawing.outlines import outlines
from pledges.drawing.palette import DARK, LIGHT
from pledges.models import Announcement

SVG = "{http://www.w3.org/2000/svg}"
EVIL = "<img src=x onerror=alert(1)>"
CSS = project.BASE_DIR / "static" / "css"


@pytest.fixture
def crowd(published):
    """Half a million people, in every city in proportion."""
    figures = {place.id: place.population // 300 for place in gazetteer().places if place.population >= 6000}
    return published(figures, confirmed=500_000, threshold=500_000)


def told(**more):
    content = {"date": "2026-04-21", "time": "19:00", "texts": {}, "sites": {}, "format": "march"}
    return Announcement(content=content | more)


def draw(rally, palette=LIGHT, language="en"):
    with translation.override(language):
        return map_svg.draw(rally, gazetteer(), palette, language=language)


def parsed(svg):
    return ET.fromstring(svg)  # noqa: S314  (our own)


def texts(svg):
    return ["".join(node.itertext()) for node in parsed(svg).iter(f"{SVG}text")]


# Colours


def properties(css, *, dark=False):
    """The custom properties of a style sheet's first :root, or of the one for dark."""
    part = (css.split("prefers-color-scheme: dark", 1)[1] if dark else css).split(":root {", 1)[1]
    return dict(re.findall(r"--([\w-]+): (#\w+);", part[: part.index("}")]))


@pytest.mark.parametrize(("palette", "dark"), [(LIGHT, False), (DARK, True)])
def test_the_palettes_are_the_style_sheets(palette, dark):
    named = properties((CSS / "site.css").read_text(), dark=dark)

    assert {name.replace("_", "-"): colour for name, colour in asdict(palette).items()}.items() <= named.items()


@pytest.mark.parametrize(
    ("sheet", "dark", "of"), [("embed", False, False), ("embed", True, True), ("projector", False, True)]
)
def test_pages_that_stand_alone_have_the_same_colours(sheet, dark, of):
    own = properties((CSS / f"{sheet}.css").read_text(), dark=dark)

    assert own
    assert own.items() <= properties((CSS / "site.css").read_text(), dark=of).items()


# Lettering


@settings(deadline=None)  # the machine may be busy
@given(
    text=st.text(alphabet="абвгдё «»-/WiМ", min_size=1, max_size=200),
    width=st.integers(80, 600),
    height=st.integers(30, 300),
)
def test_a_fitted_text_never_leaves_its_box(text, width, height):
    fitted = lettering.fit(text, width=width, height=height, largest=60, smallest=10, measure=lettering.bold_width)

    assert all(lettering.bold_width(line, fitted.size) <= width for line in fitted.lines)
    assert fitted.height <= max(height, fitted.leading)


def test_a_text_with_room_is_large_and_one_without_ends_in_an_ellipsis():
    def fit(text):
        return lettering.fit(text, width=300, height=40, largest=30, smallest=12, measure=lettering.bold_width)

    assert (fit("Короткий").size, fit("Короткий").lines) == (30, ("Короткий",))
    assert fit("слово " * 90).lines[-1].endswith("…")


def test_a_long_name_breaks_at_its_hyphens_and_a_number_does_not_break():
    name = lettering.wrap("Комсомольск-на-Амуре", width=120, size=14, measure=lettering.bold_width)

    assert "".join(name) == "Комсомольск-на-Амуре"
    assert all(line.endswith("-") for line in name[:-1])
    assert lettering.words("500\u00a0000 человек") == ["500\u00a0000", "человек"]


# The map


def test_the_map_names_the_largest_cities_and_says_their_numbers(crowd):
    words = texts(draw(crowd, language="ru"))

    assert {"Москва", "Санкт-Петербург", "Новосибирск"} <= set(words)
    assert f"{crowd.cities[524901]:,}".replace(",", "\u00a0") in words


def test_the_map_is_plain_svg_that_the_strict_policy_allows(crowd):
    root = parsed(draw(crowd))

    assert (root.get("role"), root.find(f"{SVG}title").text) == ("img", "Where we are: 500,000 people")
    tags = {node.tag.removeprefix(SVG) for node in root.iter()}
    assert tags <= {"svg", "title", "rect", "g", "path", "circle", "text"}
    attributes = {name for node in root.iter() for name in node.attrib}
    assert not attributes & {"style", "class", "href"}
    assert not any(name.startswith("on") for name in attributes)


@pytest.mark.parametrize("palette", [LIGHT, DARK])
def test_the_fullest_map_is_light_on_the_wire(crowd, palette):
    packed = gzip.compress(draw(crowd, palette, "ru").encode(), 6)

    assert len(packed) <= 30_000


def test_circles_grow_by_area_and_are_drawn_from_under_to_over(crowd):
    radii = [float(node.get("r")) for node in parsed(draw(crowd)).iter(f"{SVG}circle")]
    frame = home_frame()
    drawn = scene.circles(frame, {524901: 4000, 1496747: 1000}, gazetteer(), largest=50)

    assert radii == sorted(radii, reverse=True)
    assert [circle.radius for circle in drawn] == [50, 25]


def test_no_circle_has_its_middle_under_a_bigger_one_and_each_number_is_its_citys_own(crowd):
    drawn = scene.circles(home_frame(), crowd.cities, gazetteer(), largest=54)

    big = [circle for circle in drawn if circle.radius > 2 * scene.SMALLEST]
    for place, circle in enumerate(drawn):
        over = [other for other in big if other.radius >= circle.radius and other is not circle]
        assert not any(hypot(o.x - circle.x, o.y - circle.y) < o.radius for o in over if drawn.index(o) < place)
    assert all(circle.people == crowd.cities[circle.place.id] for circle in drawn)


def home_frame():
    return map_svg.WIDE.frame("RU", gazetteer())


def box_of(label):
    """Where a label's letters are in the widest typeface."""
    width = map_svg.measure(label.text, label.size)
    left = {"start": label.x, "middle": label.x - width / 2, "end": label.x - width}[label.anchor]
    return scene.Box(left, label.y - 0.5 * label.size, left + width, label.y + 0.5 * label.size)


@pytest.mark.parametrize("language", ["ru", "en"])
@pytest.mark.parametrize(("shape", "least"), [(map_svg.WIDE, 12), (map_svg.SMALL, 6)])
def test_names_meet_neither_each_other_nor_the_edge_nor_large_circles(crowd, language, shape, least):
    drawn = scene.circles(shape.frame("RU", gazetteer()), crowd.cities, gazetteer(), largest=shape.largest)
    with translation.override(language):
        labels = scene.labels(drawn, shape.style, language=language, home="RU")

    boxes = [box_of(label) for label in labels if label.kind != "inside"]
    assert len(boxes) > least
    assert not [(a, b) for i, a in enumerate(boxes) for b in boxes[:i] if a.meets(b)]
    assert all(box.within(shape.style.view) for box in boxes)
    assert not [box for box in boxes for circle in drawn if circle.radius > 25 and box.touches(circle)]


def test_numbers_stand_inside_circles_only_where_they_fit(crowd):
    shape = map_svg.WIDE
    drawn = scene.circles(home_frame(), crowd.cities, gazetteer(), largest=shape.largest)
    labels = [label for label in scene.labels(drawn, shape.style, language="ru", home="RU") if label.kind == "inside"]

    assert labels
    for label in labels:
        around = next(c for c in drawn if abs(c.x - label.x) < 0.1 and abs(c.y - label.y) < shape.size)
        assert map_svg.measure(label.text, label.size) < 2 * around.radius


def test_names_of_cities_are_no_markup_on_the_map(published, kazan):
    City.objects.filter(pk=kazan.id).update(name_en=EVIL)
    gazetteers.reset()

    svg = draw(published({kazan.id: 900}))

    assert EVIL in texts(svg)
    assert "<img" not in svg


def test_a_rally_without_people_has_a_map_of_land_alone(published):
    root = parsed(draw(published()))

    assert not list(root.iter(f"{SVG}circle"))
    assert len(next(root.iter(f"{SVG}path")).get("d")) > 10_000


@pytest.mark.parametrize("country", ["DE", "US", "SG", "AU", "ZZ"])
def test_any_country_may_be_home(published, country):
    rally = published({2950159: 500}, home_country=country)

    root = parsed(draw(rally))

    assert len(list(root.iter(f"{SVG}path"))) == 4  # land, regions, borders, disputed lines


def test_near_the_equator_the_map_is_mercators(places):
    frame = frame_of("SG", gazetteer(), width=600, height=400, inside=Inside(50, 50, 550, 350))

    assert isinstance(frame.projection, Flat)
    assert frame.point(1.35, 103.8) == pytest.approx((300, 200), abs=60)


def test_land_stays_in_the_picture_and_neighbours_share_their_border(places):
    seen = outlines(home_frame())

    points = [point for polygon in seen.land for ring in polygon for point in ring]
    assert all(-9 <= x <= map_svg.WIDE.width + 9 and -9 <= y <= map_svg.WIDE.height + 9 for x, y in points)
    on_land = set(points)
    border = [point for line in seen.borders for point in line[1:-1]]
    assert sum(point in on_land for point in border) > 0.95 * len(border)
