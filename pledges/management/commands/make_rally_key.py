from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from pledges import record, sealing, trustees
from pledges.models import Rally, SealedAddress


class Command(BaseCommand):
    help = "Make a rally's key: shows each trustee's share once, stores none, and prints the public half to pin."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--rally", required=True, metavar="SLUG")
        parser.add_argument("--shares", type=int, required=True, metavar="N", help="how many trustees")
        parser.add_argument("--threshold", type=int, required=True, metavar="K", help="how many of them open it")

    def handle(self, *args: Any, rally: str, shares: int, threshold: int, **options: Any) -> None:
        try:
            key = trustees.make_key(shares=shares, threshold=threshold)
        except ValueError as error:
            raise CommandError(str(error)) from None
        stored = store(rally, key.public)
        for number, share in enumerate(key.shares, start=1):
            self.stdout.write(f"Share {number} of {shares}, any {threshold} of which open the addresses:\n\n")
            self.stdout.write(f"{words(share)}\n\n")
        where = "stored with the rally" if stored else "to be stored when the rally is made"
        self.stdout.write(f"Public half, {where}. Pin it in RALLY_PUBLIC_KEYS of every process:\n")
        self.stdout.write(f"{rally}:{sealing.to_text(key.public)}")


@transaction.atomic
def store(slug: str, public: bytes) -> bool:
    """Give the rally its key; False where there is no rally yet. Never a second key to addresses sealed to a first."""
    rally = Rally.objects.select_for_update().filter(slug=slug).first()
    if rally is None:
        return False
    if SealedAddress.objects.filter(pledge__rally=rally).exists():
        raise CommandError(f"{slug} holds addresses sealed to its present key; another would never open them.")
    rally.public_key = public
    rally.save(update_fields=["public_key"])
    record.write("rally key made", by=None, now=timezone.now(), rally=slug, public_key=sealing.to_text(public))
    return True


def words(share: str) -> str:
    """Numbered, five to a line, as one would write them on paper."""
    numbered = [f"{number:2}. {word:<12}" for number, word in enumerate(share.split(), start=1)]
    return "\n".join("".join(numbered[start : start + 5]).rstrip() for start in range(0, len(numbered), 5))
