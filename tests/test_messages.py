"""Every sentence for people is there in Russian too. Read from templates and source, so that none is forgotten."""

import ast
import re
import string
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from django.utils.translation.template import templatize

ROOT = Path(__file__).parent.parent
NAMES = {"_", "gettext", "gettext_lazy", "ngettext", "pgettext"}
LITERAL = r"('(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")"
CALL = re.compile(rf"\b(?:pgettext\(u?{LITERAL}, ?u?|(?:gettext|ngettext|_)\(u?){LITERAL}")


def in_source(path):
    """The first argument of each call of a translating function."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in NAMES:
            words = [word.value for word in node.args if isinstance(word, ast.Constant)]
            yield words[1] if node.func.id == "pgettext" else words[0] if words else None


def in_template(path):
    """What Django makes of a template for extraction is Python calls between rows of X."""
    for call in CALL.finditer(templatize(path.read_text(encoding="utf-8"))):
        yield ast.literal_eval(call[2])


def used():
    for app in ("rallyreg", "maps", "pledges"):
        for path in sorted((ROOT / app).rglob("*.py")):
            yield from ((words, path.name) for words in in_source(path) if words)
    for path in sorted((ROOT / "templates").rglob("*.*")):
        yield from ((words, path.name) for words in in_template(path))


def catalog():
    with (ROOT / "locale/ru/LC_MESSAGES/django.po").open("rb") as file:
        return read_po(file, locale="ru")


def strings(message):
    return message.string if isinstance(message.string, tuple) else (message.string,)


def test_every_sentence_has_its_russian():
    known = {}
    for message in catalog():
        known[message.id[0] if isinstance(message.id, tuple) else message.id] = all(strings(message))

    missing = sorted({f"{words!r} in {where}" for words, where in used() if not known.get(words)})

    assert missing == []


def test_no_translation_is_left_over():
    wanted = {words for words, _ in used()}

    left = [m.id for m in catalog() if m.id and (m.id[0] if isinstance(m.id, tuple) else m.id) not in wanted]

    assert left == []


def test_translations_keep_the_placeholders():
    for message in catalog():
        if not message.id:
            continue
        original = message.id if isinstance(message.id, str) else message.id[1]
        for translated in strings(message):
            assert placeholders(translated) == placeholders(original), translated


def placeholders(text):
    braces = (
        {name for _, name, _, _ in string.Formatter().parse(text.replace("%", "%%")) if name} if "{" in text else set()
    )
    return set(re.findall(r"%\((\w+)\)", text)) | braces


@pytest.mark.parametrize(
    "words", ["I’ll come", "You are counted: %(place)s", "%(places)s city", "Another person has to approve it."]
)
def test_the_readers_of_templates_and_source_find_what_is_there(words):
    assert words in {found for found, _ in used()}
