from typing import ClassVar, Self

from django.db import models

from maps.models import City, Region
from pledges.models.rally import Rally


class ChangeQuerySet(models.QuerySet["Change"]):
    def waiting_rallies(self) -> list[int]:
        return list(self.order_by().values_list("rally_id", flat=True).distinct())

    def of(self, rally: Rally) -> Self:
        return self.filter(rally=rally)


class Change(models.Model):
    """What one act adds to a place's tally, written in its transaction, deleted by the fold that counts it."""

    # No index: a fold takes all there is, and an index would cost every confirmation.
    rally = models.ForeignKey(Rally, models.CASCADE, related_name="+", db_index=False)
    region = models.ForeignKey(Region, models.PROTECT, related_name="+", db_index=False)
    city = models.ForeignKey(City, models.PROTECT, null=True, related_name="+", db_index=False)
    confirmed = models.IntegerField(default=0)
    removed = models.IntegerField(default=0)

    objects = ChangeQuerySet.as_manager()


class Place(models.Model):
    """One rally's row for one place: a city, or a region's people who named no city."""

    rally = models.ForeignKey(Rally, models.CASCADE, related_name="+", db_index=False)  # the unique ones serve
    region = models.ForeignKey(Region, models.PROTECT, related_name="+", db_index=False)
    city = models.ForeignKey(City, models.PROTECT, null=True, related_name="+", db_index=False)

    class Meta:
        abstract = True


class CityTally(Place):
    """Exact, folded. Staff see it; the public sees PublishedTally."""

    confirmed = models.IntegerField(default=0)
    removed = models.IntegerField(default=0)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["rally", "region", "city"], nulls_distinct=False, name="one_tally_per_place"
            ),
            models.CheckConstraint(
                condition=models.Q(confirmed__gte=0, removed__gte=0), name="tallies_are_not_negative"
            ),
        ]


class PublishedTally(Place):
    """What the public may know of a place, and how much has happened there since, by open window."""

    confirmed = models.IntegerField(default=0)  # the figure last let out: the city's own, or its part of `others`
    shown = models.BooleanField(default=False)  # as a figure of its own
    in_minute = models.IntegerField(default=0)
    in_quarter = models.IntegerField(default=0)
    in_six_hours = models.IntegerField(default=0)
    in_day = models.IntegerField(default=0)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["rally", "region", "city"], nulls_distinct=False, name="one_published_tally_per_place"
            )
        ]


class LedgerRow(models.Model):
    """One published state, chained to the row before by its hash. `line` is what a stranger downloads and checks."""

    rally = models.ForeignKey(Rally, models.CASCADE, related_name="ledger", db_index=False)
    n = models.PositiveIntegerField()
    at = models.DateTimeField()
    confirmed = models.PositiveIntegerField()
    removed = models.PositiveIntegerField()
    line = models.TextField()
    hash = models.CharField(max_length=64)
    state = models.JSONField(null=True)  # the newest row alone keeps all figures, for the next row to differ from

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["rally", "n"], name="ledger_numbers_its_rows")]
        indexes: ClassVar = [models.Index(fields=["rally", "at"], name="ledger_by_time")]


class Snapshot(models.Model):
    """What every reader gets: rebuilt each tick, stored only over an older one."""

    rally = models.OneToOneField(Rally, models.CASCADE, primary_key=True, related_name="snapshot")
    tick = models.BigIntegerField()
    digest = models.CharField(max_length=64)  # of all but the time
    body = models.JSONField()
