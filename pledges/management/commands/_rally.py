"""What several commands ask first."""

from django.core.management.base import CommandError

from pledges.models import Rally


def rally_named(slug: str) -> Rally:
    rally = Rally.objects.filter(slug=slug).first()
    if rally is None:
        raise CommandError(f"There is no rally {slug}.")
    return rally
