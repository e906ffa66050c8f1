import pytest

from maps.geometry import distance_km, nearest

pytestmark = pytest.mark.usefixtures("all_places")
MOSCOW, PETERSBURG = (55.75204, 37.61781), (59.93863, 30.31413)
PROVIDENIYA, NOME = (64.42, -173.23), (64.50, -165.41)  # both east of the antimeridian


def test_moscow_and_petersburg_are_633_km_apart():
    assert distance_km(*MOSCOW, *PETERSBURG) == pytest.approx(633, abs=3)


def test_the_antimeridian_and_windings_of_the_map_are_no_distance():
    assert distance_km(65, 179.5, 65, -179.5) == pytest.approx(distance_km(65, 0, 65, 1))
    assert distance_km(65, 181, 65, -179) == pytest.approx(0, abs=1e-6)


def test_at_the_pole_all_longitudes_meet_and_antipodes_are_half_round_the_earth():
    assert distance_km(90, 0, 90, 137) == pytest.approx(0, abs=1e-6)
    assert distance_km(0, 0, 0, 180) == pytest.approx(20015, abs=1)


def test_the_nearest_city_comes_first():
    assert nearest(55.9, 37.8)[0].name_en == "Korolyov"
    assert len(nearest(*MOSCOW, limit=5)) == 5


@pytest.mark.parametrize("winding", [0, 360])
@pytest.mark.parametrize("point", [PROVIDENIYA, NOME])
def test_anadyr_is_nearest_across_the_antimeridian(point: tuple[float, float], winding: int):
    lat, lng = point

    assert nearest(lat, lng + winding)[0].name_en == "Anadyr"


def test_the_pole_has_a_nearest_city_too():
    from_everywhere = {nearest(90, lng)[0].id for lng in (-180, -90, 0, 90, 180)}

    assert len(from_everywhere) == 1
