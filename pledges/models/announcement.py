from datetime import date, datetime, time
from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from pledges.models.pledge import Pledge
from pledges.models.rally import Rally, in_language
from pledges.models.staff import Staff


class Kind(models.TextChoices):
    DATE = "date", _("date and sites")
    EARLY = "early", _("called early")
    CHANGED = "changed", _("date changed")
    MOVED = "moved", _("site moved")
    CANCELLED = "cancelled", _("cancelled")
    NEWS = "news", _("news, without letters")


class AnnouncementQuerySet(models.QuerySet["Announcement"]):
    def published(self) -> Self:
        return self.filter(published_at__isnull=False)

    def current_id(self, rally: Rally) -> int | None:
        """Which one says what the rally's date and sites are now; without its content, which may be long."""
        published = self.published().filter(rally=rally).exclude(kind=Kind.NEWS).order_by("-number")
        return published.values_list("pk", flat=True).first()

    def told(self, rally: Rally) -> list[dict[str, Any]]:
        """What was published about date and sites, newest first, without the long texts."""
        published = self.published().filter(rally=rally).exclude(kind=Kind.NEWS).order_by("-number")
        return [{**row} for row in published.values("pk", "kind", "published_at", "content__date", "content__time")]

    def ready(self, rally: Rally) -> Self:
        """Approved and waiting to be published."""
        return self.filter(rally=rally, approved_at__isnull=False, voided_at=None, published_at=None)


class Announcement(models.Model):
    """A text with date and sites, frozen when drafted: what a colleague approves is what is published."""

    rally = models.ForeignKey(Rally, models.PROTECT, related_name="announcements")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    content = models.JSONField()  # announcing.py describes it
    content_hash = models.CharField(max_length=64)

    drafted_by = models.ForeignKey(Staff, models.PROTECT, related_name="+")
    drafted_at = models.DateTimeField()
    approved_by = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="+")
    approved_at = models.DateTimeField(null=True)
    publish_after = models.DateTimeField(null=True)
    published_at = models.DateTimeField(null=True)
    published_by = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="+")  # null: the worker
    number = models.PositiveIntegerField(null=True)  # 1, 2, … as published; the ICS's SEQUENCE follows it
    voided_at = models.DateTimeField(null=True)
    letters_written_at = models.DateTimeField(null=True)
    letters_stopped_at = models.DateTimeField(null=True)  # superseded, or stopped by hand

    objects = AnnouncementQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(approved_by=None) | ~Q(approved_by=F("drafted_by")), name="nobody_approves_their_own"
            ),
            models.CheckConstraint(
                condition=Q(published_at=None) | Q(approved_at__isnull=False), name="published_means_approved"
            ),
            models.UniqueConstraint(fields=["rally", "number"], name="announcements_are_numbered"),
        ]

    @property
    def subject(self) -> str:
        return self.text("subject")

    @property
    def body(self) -> str:
        return self.text("body")

    @property
    def reason(self) -> str:
        return self.text("reason")

    @property
    def format(self) -> str:
        return str(self.content.get("format", ""))

    @property
    def date(self) -> "date | None":
        return date.fromisoformat(self.content["date"]) if self.content.get("date") else None

    @property
    def time(self) -> "time | None":
        return time.fromisoformat(self.content["time"]) if self.content.get("time") else None

    def text(self, name: str, language: str | None = None) -> str:
        return in_language(self.content["texts"], name, language)

    def site(self, city_id: int | None) -> dict[str, Any] | None:
        found: dict[str, Any] | None = self.content["sites"].get(str(city_id))
        return found

    def is_open_for_approval(self) -> bool:
        return self.approved_at is None and self.voided_at is None and self.published_at is None

    def may_be_published(self, *, now: datetime) -> bool:
        return (
            self.approved_at is not None
            and self.voided_at is None
            and self.published_at is None
            and (self.publish_after is None or self.publish_after <= now)
        )


class LetterState(models.IntegerChoices):
    WAITING = 0
    SENT = 1
    REFUSED = 2  # by the provider, for good
    UNREADABLE = 3  # does not open: a junk row
    SUPERSEDED = 4


class AnnouncementLetter(models.Model):
    """One announcement to one pledge, once; goes with the pledge by ON DELETE CASCADE."""

    announcement = models.ForeignKey(Announcement, models.CASCADE, related_name="letters", db_index=False)
    pledge = models.ForeignKey(Pledge, models.DO_NOTHING, db_constraint=False, related_name="announcement_letters")
    state = models.PositiveSmallIntegerField(choices=LetterState.choices, default=LetterState.WAITING)
    claimed_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)  # null: at once; else after a temporary refusal
    tries = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["announcement", "pledge"], name="one_letter_per_announcement_and_pledge")
        ]
        indexes: ClassVar = [
            models.Index(fields=["announcement", "id"], name="letters_waiting", condition=Q(state=0)),
        ]
