from pledges.models.announcement import Announcement, AnnouncementLetter
from pledges.models.letter import Letter, Suppression
from pledges.models.pledge import Pledge, SealedAddress
from pledges.models.rally import Rally, RallySite
from pledges.models.record import Record
from pledges.models.removal import Removal
from pledges.models.staff import Staff
from pledges.models.tally import Change, CityTally, LedgerRow, PublishedTally, Snapshot

__all__ = [
    "Announcement",
    "AnnouncementLetter",
    "Change",
    "CityTally",
    "LedgerRow",
    "Letter",
    "Pledge",
    "PublishedTally",
    "Rally",
    "RallySite",
    "Record",
    "Removal",
    "SealedAddress",
    "Snapshot",
    "Staff",
    "Suppression",
]
