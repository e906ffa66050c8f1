"""The colours of static/css/site.css, for what is drawn where no style sheet reaches; a test compares the two."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Palette:
    """Each is the custom property of the same name; `_` stands for `-`."""

    paper: str
    ink: str
    quiet: str
    line: str
    accent: str
    on_accent: str
    sea: str
    land: str
    coast: str
    border: str
    region: str
    halo: str


LIGHT = Palette(
    paper="#ffffff",
    ink="#14181b",
    quiet="#5a656b",
    line="#e1e5e7",
    accent="#e0452b",
    on_accent="#ffffff",
    sea="#e9eef0",
    land="#fbfaf7",
    coast="#cfd6d8",
    border="#b9c0c2",
    region="#e6e5e0",
    halo="#fbfaf7",
)
DARK = Palette(
    paper="#141a1f",
    ink="#eef2f3",
    quiet="#a0abb0",
    line="#2a343a",
    accent="#ff8a4c",
    on_accent="#16100c",
    sea="#0d1216",
    land="#1a2228",
    coast="#323e45",
    border="#45525a",
    region="#263037",
    halo="#141a1f",
)
SCHEMES = {"light": LIGHT, "dark": DARK}
