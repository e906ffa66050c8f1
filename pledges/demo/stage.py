"""The rally being played, and how it grows: script → stage."""

import random
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from django.db import connection

from maps.gazetteer import gazetteer
from pledges import tally
from pledges.demo import cast, mailboxes, people
from pledges.demo.curve import Curve, curve_2021
from pledges.models import Rally, SealedAddress
from pledges.publishing import snapshot

SEED = 2021
STANDING, CALLED = 214_000, 457_680  # where --start leaves it; where the rally of 2021 was called
MAILBOXES = 300
LARGER = 100  # cities they live in; more than have a site, so that some letters name the nearest ones

# One statement sees one moment: a fold between two would count people twice or not at all.
COUNTED = """
    SELECT confirmed + (SELECT coalesce(sum(confirmed), 0) FROM pledges_change WHERE rally_id = %(rally)s)
    FROM pledges_rally WHERE id = %(rally)s
"""


@dataclass(frozen=True)
class Script:
    """The story's figures, in proportion to the threshold."""

    curve: Curve
    threshold: int
    standing: int
    called: int
    mailboxes: int  # people with an address, to whom letters go

    @classmethod
    def of(cls, threshold: int) -> Self:
        share = threshold / cast.THRESHOLD
        return cls(
            curve=curve_2021().scaled(share),
            threshold=threshold,
            standing=round(STANDING * share),
            called=round(CALLED * share),
            mailboxes=min(max(round(MAILBOXES * share), 10), MAILBOXES),
        )


class Stage:
    """A demo rally with its crowd and dice, which fall the same at the same total."""

    def __init__(self, rally: Rally) -> None:
        self.rally, self.script = rally, Script.of(rally.threshold)
        self.dice = random.Random(SEED + self.counted())
        self.crowd = people.crowd_of(gazetteer(), rally.home_country)
        self._mailing_crowd = self.crowd.larger(LARGER)
        self._with_address = SealedAddress.objects.filter(pledge__rally=rally).count()

    def counted(self) -> int:
        """All that is confirmed, folded or not yet."""
        with connection.cursor() as cursor:
            cursor.execute(COUNTED, {"rally": self.rally.pk})
            return int(cursor.fetchone()[0])

    def grow(self, more: int, *, total: int, since: datetime, now: datetime) -> None:
        """Let more people pledge between the two moments; `total` are there already."""
        wanted = round(self.script.mailboxes * min((total + more) / self.script.standing, 1))
        by_mail = min(max(wanted - self._with_address, 0), more)
        self._with_address += by_mail
        supporters = [
            mailboxes.invent(self._mailing_crowd, self.dice, name=f"supporter-{secrets.token_hex(4)}")
            for _ in range(by_mail)
        ]
        if supporters:
            mailboxes.pledge_together(self.rally, supporters, now=now)
        drawn = self.crowd.draw(more - by_mail, self.dice)
        people.pledge_together(self.rally, drawn, since=since, now=now, dice=self.dice)

    def count(self, *, now: datetime) -> None:
        """What the tally worker does each second."""
        tally.fold(self.rally.pk, now=now)
        snapshot.publish(self.rally.pk, now=now)
