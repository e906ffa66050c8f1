import getpass
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from pledges import staffing
from pledges.models import Staff
from pledges.models.staff import Role


class Command(BaseCommand):
    help = "Make a console account, or give a known e-mail address a new password; a known one keeps its role."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--email", required=True)
        parser.add_argument("--role", required=True, choices=Role.values)
        source = parser.add_mutually_exclusive_group()
        source.add_argument(
            "--password-stdin", action="store_true", help="read the password's line from standard input"
        )
        source.add_argument(
            "--print-password", action="store_true", help="make one and print it, alone on the last line"
        )

    def handle(self, *args: Any, email: str, role: str, **options: Any) -> None:
        known = Staff.objects.filter(email__iexact=email).exists()
        if options["print_password"]:
            password: str | None = staffing.random_password()
        elif options["password_stdin"]:
            password = sys.stdin.readline().rstrip("\r\n")
        else:
            # Asked again and again by scripts that only want the account to be there, so a known one is left alone.
            password = None if known else asked()
        try:
            enrolled = staffing.enrol(email=email, role=role, password=password, now=timezone.now())
        except ValidationError as error:
            raise CommandError("\n".join(error.messages)) from error
        self.report(enrolled, role, password)
        if options["print_password"]:
            self.stdout.write(str(password))

    def report(self, enrolled: staffing.Enrolled, role: str, password: str | None) -> None:
        staff = enrolled.staff
        if enrolled.is_new:
            self.stdout.write(f"{staff.email} is now {staff.role}.")
            return
        kept = f", not {role}" if staff.role != role else ""
        changed = "has a new password" if password is not None else "is there already"
        self.stdout.write(f"{staff.email} {changed} and stays {staff.role}{kept}.")


def asked() -> str:
    first = getpass.getpass("Password: ")
    if first != getpass.getpass("Once more: "):
        raise CommandError("The two differ.")
    return first
