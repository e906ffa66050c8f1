import uuid
from typing import ClassVar, Self

from django.db import models
from django.db.models import Q

from maps.models import City, Region
from pledges.models.rally import Rally
from pledges.models.removal import Removal


class PledgeQuerySet(models.QuerySet["Pledge"]):
    def confirmed(self) -> Self:
        return self.filter(confirmed_at__isnull=False)

    def counted(self) -> Self:
        return self.confirmed().filter(removed_at=None)

    def pending(self) -> Self:
        return self.filter(confirmed_at=None)

    def of_mailbox(self, rally_id: int, fingerprint: bytes) -> Self:
        return self.filter(rally_id=rally_id, fingerprint=fingerprint)

    def erase(self) -> int:
        """Delete the rows in one statement; letter and sealed address go by the database's ON DELETE CASCADE.

        Django's own delete() would first look at tables on which the public database role has no right.
        """
        return self._raw_delete(self.db)


class Pledge(models.Model):
    """A promise by one mailbox to come to one rally from one place; withdrawing deletes it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # Without indexes of their own: reading is by mailbox or hash, or counts everything; each costs every pledge.
    rally = models.ForeignKey(Rally, models.PROTECT, related_name="pledges", db_index=False)
    region = models.ForeignKey(Region, models.PROTECT, related_name="+", db_index=False)
    city = models.ForeignKey(City, models.PROTECT, null=True, related_name="+", db_index=False)  # null: only the region

    fingerprint = models.BinaryField(max_length=32, null=True)  # by the mailroom; the address itself is sealed
    domain_tag = models.BinaryField(max_length=8, null=True)  # keyed, for 14 days
    handle_hash = models.BinaryField(max_length=32, unique=True)
    code_hash = models.BinaryField(max_length=32, null=True)
    code_tries = models.PositiveSmallIntegerField(default=0)
    confirm_hash = models.BinaryField(max_length=32, null=True, unique=True)
    manage_hash = models.BinaryField(max_length=32, null=True, unique=True)
    forget = models.BooleanField(default=False)

    asked_at = models.DateTimeField()  # all times to the minute: a second would tell who was online then
    mailed_at = models.DateTimeField(null=True)  # the letter was accepted, or will never be sent
    letters = models.PositiveSmallIntegerField(default=0)
    confirmed_at = models.DateTimeField(null=True)
    removed_at = models.DateTimeField(null=True)
    removal = models.ForeignKey(Removal, models.PROTECT, null=True, related_name="pledges")

    objects = PledgeQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["rally", "fingerprint"],
                condition=Q(confirmed_at__isnull=False),
                name="one_confirmed_pledge_per_mailbox",
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["fingerprint"], name="pledge_mailbox", condition=Q(fingerprint__isnull=False)),
            models.Index(fields=["id"], name="pledge_to_forget", condition=Q(forget=True)),
            models.Index(fields=["mailed_at"], name="pledge_unconfirmed", condition=Q(confirmed_at=None)),
        ]

    @property
    def is_counted(self) -> bool:
        return self.confirmed_at is not None and self.removed_at is None


class SealedAddress(models.Model):
    """The address sealed to the rally key, in a table of its own: the public database role has no right on it."""

    pledge = models.OneToOneField(
        Pledge, models.DO_NOTHING, primary_key=True, db_constraint=False, related_name="sealed_address"
    )  # the migration adds the constraint, with ON DELETE CASCADE
    blob = models.BinaryField(max_length=400)
