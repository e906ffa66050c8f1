"""Who works in the console, and how they come in."""

import secrets
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from pledges import record
from pledges.models import Staff
from pledges.models.staff import Role

# Letters and digits that nobody takes for another when they are read out.
LETTERS = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
LENGTH = 16


@dataclass(frozen=True)
class Enrolled:
    staff: Staff
    is_new: bool


@transaction.atomic
def enrol(*, email: str, role: str, password: str | None, now: datetime) -> Enrolled:
    """Make an account, or give a known one a new password; a known one keeps its role. Raises ValidationError."""
    if role not in Role.values:
        raise ValidationError({"role": [_("One of: {roles}.").format(roles=", ".join(Role.values))]})
    known = Staff.objects.select_for_update().filter(email__iexact=email).first()
    if password is not None:
        validate_password(password, user=known or Staff(email=email, role=role))
    if known is None:
        # Without a password nobody can log in with it until it gets one.
        staff = Staff.objects.create_staff(email=email, role=role, password=password)
        record.write("staff made", by=None, now=now, staff=staff.pk, role=role)
        return Enrolled(staff, is_new=True)
    if password is not None:
        known.set_password(password)  # ends the sessions under the old one
        known.save(update_fields=["password"])
        record.write("staff password set", by=None, now=now, staff=known.pk)
    return Enrolled(known, is_new=False)


def random_password() -> str:
    return "".join(secrets.choice(LETTERS) for _position in range(LENGTH))
