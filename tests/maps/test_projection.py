"""The conic against what geometry says of it: it comes back, keeps areas, and has no edge at the antimeridian."""

from math import cos, hypot, radians

import pytest

from maps.projection import RADIUS, Conic, conic_of

RUSSIA = Conic(47.06, 63.76, 55.41, 85.1)
MOSCOW, ANADYR, UELEN = (55.75, 37.62), (64.73, 177.5), (66.16, -169.8)


@pytest.mark.parametrize("point", [MOSCOW, ANADYR, (-34.6, -58.4), (40.7, -74.0), (55.41, 85.1)])
def test_a_point_comes_back(point):
    assert RUSSIA.inverse(*RUSSIA.forward(*point)) == pytest.approx(point, abs=1e-6)


def test_the_origin_is_at_zero_and_north_is_up():
    assert RUSSIA.forward(55.41, 85.1) == pytest.approx((0, 0), abs=1e-6)
    assert RUSSIA.forward(60, 85.1)[1] > 0


@pytest.mark.parametrize("lat", [45, 55, 70])
@pytest.mark.parametrize("lng", [20, 85, 170])
def test_equal_areas_stay_equal(lat, lng):
    step = 0.1
    corners = [RUSSIA.forward(lat + y, lng + x) for x, y in ((0, 0), (step, 0), (step, step), (0, step))]
    around = zip(corners, corners[1:] + corners[:1], strict=True)
    area = abs(sum(ax * by - bx * ay for (ax, ay), (bx, by) in around)) / 2

    on_the_globe = (RADIUS * radians(step)) ** 2 * cos(radians(lat + step / 2))

    assert area == pytest.approx(on_the_globe, rel=1e-3)


def test_a_southern_country_has_north_up_too():
    southern = Conic(-42, -38, -40, 174)

    assert southern.forward(-36, 174)[1] > 0 > southern.forward(-44, 174)[1]
    assert southern.forward(-40, 178)[0] > 0


def test_chukotka_is_in_one_piece():
    assert RUSSIA.forward(66.2, 179.9) == pytest.approx(RUSSIA.forward(66.2, 180.0), abs=10_000)
    assert hypot(*(a - b for a, b in zip(RUSSIA.forward(*UELEN), RUSSIA.forward(*ANADYR), strict=True))) < 1_000_000


def test_the_middle_of_russia_is_in_siberia_and_kenya_needs_no_cone(all_places):
    russia = conic_of("RU", all_places)

    assert russia is not None
    assert 40 < russia.lat1 < russia.lat2 < 70
    assert 75 < russia.lng0 < 110
    assert conic_of("KE", all_places) is None
    assert conic_of("XX", all_places) is None
