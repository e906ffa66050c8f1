from typing import Any, ClassVar, Self

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from maps.models import City
from pledges.models.staff import Staff

RESERVED_SLUGS = {"confirm", "manage", "api", "rallies"}


def not_reserved(slug: str) -> None:
    if slug in RESERVED_SLUGS:
        raise ValidationError(_("This name is taken by the site itself."))


class Status(models.TextChoices):
    DRAFT = "draft", _("not open yet")
    COLLECTING = "collecting", _("collecting pledges")
    REACHED = "reached", _("threshold reached")
    ANNOUNCED = "announced", _("date announced")
    OVER = "over", _("over")
    CANCELLED = "cancelled", _("cancelled")


class RallyQuerySet(models.QuerySet["Rally"]):
    def taking_pledges(self) -> Self:
        return self.filter(opens_at__isnull=False, over_at=None, cancelled_at=None, shredded_at=None)

    def shown(self) -> Self:
        return self.filter(shredded_at=None)


class Rally(models.Model):
    """What people promise to come to once enough others do. Each milestone is a timestamp that stays."""

    slug = models.SlugField(max_length=60, unique=True, validators=[not_reserved, RegexValidator(r"^[a-z0-9-]+$")])
    # {"en": {"title": …, "cause": …, "asks": …, "about": …}, "ru": {…}}; may also have "rights" (its page), "contact"
    # (for the press) and "sharing" (the word of caution beside the share buttons)
    texts = models.JSONField(default=dict)
    threshold = models.PositiveIntegerField()
    home_country = models.CharField(max_length=2, default="RU")
    home_timezone = models.CharField(max_length=40, default="Europe/Moscow")
    public_key = models.BinaryField(max_length=32, null=True)  # must equal the pinned one in the settings

    opens_at = models.DateTimeField(null=True)
    reached_at = models.DateTimeField(null=True)  # the latch: set once, in the fold that crossed
    held_at = models.DateTimeField(null=True)  # somebody stopped the worker from publishing the plan
    announced_at = models.DateTimeField(null=True)
    over_at = models.DateTimeField(null=True)
    cancelled_at = models.DateTimeField(null=True)
    shred_on = models.DateField(null=True)
    shredded_at = models.DateTimeField(null=True)

    confirmed = models.PositiveIntegerField(default=0)  # folded; the tally worker alone writes these two
    removed = models.PositiveIntegerField(default=0)
    windows_at = models.DateTimeField(null=True)  # the tick up to which the publishing windows are closed

    objects = RallyQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "rallies"
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(threshold__gt=0), name="threshold_is_positive"),
            models.CheckConstraint(
                condition=Q(held_at=None) | Q(reached_at__isnull=False), name="only_a_reached_rally_is_held"
            ),
        ]

    def __str__(self) -> str:
        return self.slug

    @property
    def status(self) -> Status:
        if self.cancelled_at:
            return Status.CANCELLED
        if self.over_at:
            return Status.OVER
        if self.announced_at:
            return Status.ANNOUNCED
        if self.reached_at:
            return Status.REACHED
        return Status.COLLECTING if self.opens_at else Status.DRAFT

    def is_taking_pledges(self) -> bool:
        return self.shredded_at is None and self.status in {Status.COLLECTING, Status.REACHED, Status.ANNOUNCED}

    def text(self, name: str, language: str | None = None) -> str:
        return in_language(self.texts, name, language)

    @property
    def title(self) -> str:
        return self.text("title")


def in_language(texts: dict[str, Any], name: str, language: str | None = None) -> str:
    """A text in the wished (or active) language, else in whichever has it."""
    wished = (language or translation.get_language() or "en")[:2]
    if found := texts.get(wished, {}).get(name):
        return str(found)
    return next((str(text[name]) for text in texts.values() if text.get(name)), "")


class SiteStatus(models.TextChoices):
    PLANNED = "planned", _("planned")
    NOTIFIED = "notified", _("authorities notified")
    REFUSED = "refused", _("refused")
    MOVED = "moved", _("moved")


class RallySite(models.Model):
    """Where one city gathers, while it is being planned; announcing copies it into the announcement's content."""

    rally = models.ForeignKey(Rally, models.CASCADE, related_name="sites")
    city = models.ForeignKey(City, models.PROTECT, related_name="+")
    place = models.JSONField(default=dict)  # {"en": …, "ru": …}
    note = models.JSONField(default=dict)
    latitude = models.FloatField(null=True)
    longitude = models.FloatField(null=True)
    starts = models.TimeField(null=True)  # local time, where it differs from the rally's
    status = models.CharField(max_length=10, choices=SiteStatus.choices, default=SiteStatus.PLANNED)
    fallback = models.JSONField(null=True)  # hidden until switched to: the same keys as the site itself
    reveal_at = models.DateTimeField(null=True)
    proposed_by = models.ForeignKey(Staff, models.SET_NULL, null=True, related_name="+")

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["rally", "city"], name="one_site_per_city")]
