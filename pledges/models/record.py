from django.db import models

from pledges.models.staff import Staff


class Record(models.Model):
    """Who did what, when; each row carries the hash of the one before."""

    n = models.PositiveIntegerField(primary_key=True)
    at = models.DateTimeField()
    by = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="+")  # null: a worker or the host's operator
    act = models.CharField(max_length=40)
    detail = models.JSONField(default=dict)
    hash = models.CharField(max_length=64)
