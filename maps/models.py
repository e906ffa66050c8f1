"""Regions and cities as stored. Pages read them through gazetteer.py, which asks the database once a minute."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q


class Region(models.Model):
    """A region of a country; one with empty names stands for a whole country where regions do not matter."""

    id = models.SmallAutoField(primary_key=True)
    code = models.CharField(max_length=120, unique=True)  # "RU/Tver Oblast"; ours, the same on every installation
    country = models.CharField(max_length=2)  # ISO 3166
    name_en = models.CharField(max_length=100, blank=True)
    name_ru = models.CharField(max_length=100, blank=True)

    def name(self, lang: str) -> str:
        return self.name_ru if lang == "ru" else self.name_en


class City(models.Model):
    """A place one can join in. Its id comes from GeoNames, so that it stays the same through every load."""

    geoname_id = models.PositiveIntegerField(primary_key=True)
    name_en = models.CharField(max_length=100)
    name_ru = models.CharField(max_length=100)
    region = models.ForeignKey(Region, models.PROTECT, related_name="cities")
    latitude = models.FloatField()
    longitude = models.FloatField()
    population = models.PositiveIntegerField()  # for order only: larger places first
    timezone = models.CharField(max_length=64)
    aliases = ArrayField(models.TextField(), default=list, blank=True)
    names = ArrayField(models.TextField(), default=list)  # all names and aliases, normalised
    search_text = models.TextField()  # the same in one text, for trigrams
    listed = models.BooleanField(default=True)  # False: left the file, but somebody still refers to it

    class Meta:
        verbose_name_plural = "cities"
        constraints = [
            models.CheckConstraint(
                condition=Q(latitude__range=(-90, 90), longitude__range=(-180, 180)), name="city_is_on_earth"
            )
        ]
        indexes = [GinIndex(fields=["search_text"], opclasses=["gin_trgm_ops"], name="city_search_text_trigrams")]

    def name(self, lang: str) -> str:
        return self.name_ru if lang == "ru" else self.name_en


class Village(models.Model):
    """A place one cannot choose but may come from: it is answered with the listed cities near it."""

    geoname_id = models.PositiveIntegerField(primary_key=True)
    name_en = models.CharField(max_length=100)
    name_ru = models.CharField(max_length=100, blank=True)
    search_text = models.TextField()  # "|ивановка|ivanovka|": all names, normalised
    latitude = models.FloatField()
    longitude = models.FloatField()
    country = models.CharField(max_length=2)
    region_code = models.CharField(max_length=120)  # no foreign key: a load of other cities may take the region away
    population = models.PositiveIntegerField()

    class Meta:
        indexes = [GinIndex(fields=["search_text"], opclasses=["gin_trgm_ops"], name="village_search_text_trigrams")]

    @property
    def names(self) -> list[str]:
        return self.search_text.strip("|").split("|")
