from django.db import models

from pledges.models.rally import Rally
from pledges.models.staff import Staff


class Removal(models.Model):
    """Pledges judged to be fakes and taken out of the count together; can be undone."""

    rally = models.ForeignKey(Rally, models.PROTECT, related_name="removals")
    criteria = models.JSONField()
    reason = models.TextField()
    made_by = models.ForeignKey(Staff, models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    undone_by = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="+")
    undone_at = models.DateTimeField(null=True)
