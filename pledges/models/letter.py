from typing import ClassVar

from django.db import models
from django.db.models import Q

from pledges.models.pledge import Pledge


class Letter(models.Model):
    """A confirmation letter that is owed, and the address sealed to the mailroom; gone once confirmed or expired."""

    pledge = models.OneToOneField(
        Pledge, models.DO_NOTHING, primary_key=True, db_constraint=False, related_name="letter"
    )  # the primary key, so that inserting needs no right to read; ON DELETE CASCADE in the migration
    blob = models.BinaryField(max_length=400)
    epoch = models.PositiveIntegerField()
    language = models.CharField(max_length=2)
    due_at = models.DateTimeField()
    claimed_at = models.DateTimeField(null=True)  # a lease: a worker that died gives the letter back
    tries = models.PositiveSmallIntegerField(default=0)
    sent = models.PositiveSmallIntegerField(default=0)  # 1: the letter itself; then it waits for its one reminder
    expires_at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["due_at"], name="letter_due")]

    @property
    def seed(self) -> bytes:
        """What the letter's links and code are made from; see sealing.token."""
        return self.pledge_id.bytes + bytes(self.blob)


class Suppression(models.Model):
    """ "It wasn't me": this mailbox gets no letter until then."""

    fingerprint = models.BinaryField(max_length=32, primary_key=True)
    until = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(fingerprint=b""), name="suppression_names_a_mailbox")
        ]
