from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.utils.translation import gettext_lazy as _

from maps.models import City


class Role(models.TextChoices):
    ORGANIZER = "organizer", _("organizer")
    COORDINATOR = "coordinator", _("coordinator")
    ADMIN = "admin", _("admin")
    TRUSTEE = "trustee", _("trustee")


class StaffManager(BaseUserManager["Staff"]):
    def create_staff(self, *, email: str, role: str, password: str | None) -> "Staff":
        staff = self.model(email=self.normalize_email(email), role=role)
        staff.set_password(password)
        staff.full_clean()
        staff.save()
        return staff

    def get_by_natural_key(self, username: str | None) -> "Staff":
        return self.get(email__iexact=username or "")


class Staff(AbstractBaseUser, PermissionsMixin):
    """Someone who works in the console. Supporters have no accounts."""

    email = models.EmailField(unique=True)
    role = models.CharField(max_length=12, choices=Role.choices)
    cities: "models.ManyToManyField[City, Any]" = models.ManyToManyField(City, blank=True, related_name="+")
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["role"]
    objects = StaffManager()

    class Meta:
        verbose_name_plural = "staff"

    @property
    def is_admin(self) -> bool:
        return self.role == Role.ADMIN

    @property
    def is_staff(self) -> bool:
        """Django's admin, which serves reference data only, is for admins."""
        return self.is_admin
