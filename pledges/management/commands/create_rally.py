from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from pledges.opening import NoKey, open_rally

LANGUAGES = ("en", "ru")
TEXTS = ("title", "cause", "asks")


class Command(BaseCommand):
    help = "Make a rally; with --open it takes pledges from now on."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--slug", required=True)
        parser.add_argument("--threshold", required=True, type=int)
        for language in LANGUAGES:
            for text in TEXTS:
                parser.add_argument(f"--{text}-{language}", default="", required=text == "title")
        parser.add_argument("--open", action="store_true")
        parser.add_argument("--home-country", default="RU")
        parser.add_argument("--home-timezone", default="Europe/Moscow")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        texts = {
            language: {text: options[f"{text}_{language}"] for text in TEXTS if options[f"{text}_{language}"]}
            for language in LANGUAGES
        }
        try:
            rally = open_rally(
                slug=options["slug"],
                texts=texts,
                threshold=options["threshold"],
                now=now,
                opens_at=now if options["open"] else None,
                home_country=options["home_country"],
                home_timezone=options["home_timezone"],
            )
        except ValidationError as error:
            faults = (
                f"--{name.replace('_', '-')}: {fault}"
                for name, faults in error.message_dict.items()
                for fault in faults
            )
            raise CommandError("\n".join(faults)) from error
        except NoKey as missing:
            hint = f"Make one with make_rally_key and set RALLY_PUBLIC_KEYS={missing}:<key>."
            raise CommandError(f"No key is pinned for {missing}. {hint}") from missing
        self.stdout.write(f"{rally.slug}: {rally.status.label}, {rally.threshold} to reach.")
