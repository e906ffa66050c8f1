"""How names of places are compared: what people type differently for the same place is folded away."""

import re
import unicodedata

MAX_QUERY = 80  # characters; the longest name, with its region, has about 70

# Letters that Unicode does not take apart into a letter and a mark.
_WHOLE_LETTERS = str.maketrans({"ё": "е", "ø": "o", "ł": "l", "ı": "i", "đ": "d"})


# What people write before a name: "г. Тверь", "село Ивановка".
_KIND = re.compile(r"(?:город|г|село|с|деревня|дер|д|поселок|пос|п|пгт|рп|станица|ст|хутор|х|аул|city|town|village) ")


def normalise(text: str) -> str:
    """Lower case, ё as е, Latin letters without marks; all that is neither letter nor digit is one space.

    NUL, control characters, lone surrogates and the wildcards of LIKE are spaces too, so the result is always
    safe to send to PostgreSQL.
    """
    composed = unicodedata.normalize("NFKC", text).casefold()
    # Once more, because casefold takes some letters apart (İ), and й must stay one letter.
    letters = (_plain(letter) for letter in unicodedata.normalize("NFC", composed))
    return " ".join("".join(letters).translate(_WHOLE_LETTERS).split())


def query(text: str) -> str:
    """What a visitor typed, cut before anything is spent on it, normalised, without the kind of place before it."""
    short = normalise(text[:MAX_QUERY])[:MAX_QUERY]  # cut twice, because one character may become many
    return short[kind.end() :] if (kind := _KIND.match(short)) else short


def _plain(letter: str) -> str:
    if "\u0400" <= letter <= "\u04ff":  # Cyrillic keeps its marks: й is not и
        return letter
    if unicodedata.combining(letter):  # a mark that found no letter to join, as in i̇ from İ
        return ""
    base = unicodedata.normalize("NFD", letter)[0]
    return base if base.isalnum() else " "


# What stands in the same place on the keyboard, Latin and Russian layout.
_LATIN_KEYS = "`qwertyuiop[]asdfghjkl;'zxcvbnm,."
_RUSSIAN_KEYS = "ёйцукенгшщзхъфывапролджэячсмитьбю"
_OTHER_LAYOUT = str.maketrans(_LATIN_KEYS + _RUSSIAN_KEYS, _RUSSIAN_KEYS + _LATIN_KEYS)


def other_layout(text: str) -> str:
    """The same keys on the other keyboard layout, normalised: vjcrdf is москва."""
    return normalise(text[:MAX_QUERY].casefold().translate(_OTHER_LAYOUT))[:MAX_QUERY]


def edits(typed: str, name: str) -> tuple[int, int]:
    """Letters wrong, missing, too many or swapped: in what was typed as the name's beginning, and as all of it."""
    before_last: list[int] = []
    last = list(range(len(name) + 1))
    for i, letter in enumerate(typed):
        row = [i + 1]
        for j, other in enumerate(name):
            cost = min(last[j] + (letter != other), last[j + 1] + 1, row[j] + 1)
            if i and j and letter == name[j - 1] and typed[i - 1] == other:
                cost = min(cost, before_last[j - 1] + 1)
            row.append(cost)
        before_last, last = last, row
    return min(last), last[-1]
