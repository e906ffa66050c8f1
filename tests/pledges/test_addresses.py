import pytest
from hypothesis import given
from hypothesis import strategies as st

from pledges import addresses, sealing

LOCAL = st.text("abcdefghijklmnopqrstuvwxyzABC0123456789.+-_", min_size=1, max_size=30)
DOMAIN = st.sampled_from(
    ["gmail.com", "googlemail.com", "yandex.ru", "ya.ru", "mail.ru", "example.org", "pm.me", "xn--e1afmkfd.xn--p1ai"]
)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ada",
        "ada@",
        "@example.org",
        "ada@example",
        "ada@example.org\r\nBcc: bob@example.org",
        "ada\0@example.org",
        "ada@exam\u202eple.org",
        "ada@example.org,bob@example.org",
        "a" * 65 + "@example.org",
        "ada@" + "e" * 250 + ".org",
        "ada@[127.0.0.1]",
        "\ud800@example.org",
    ],
)
def test_what_no_letter_could_reach_is_refused_without_being_quoted(text):
    with pytest.raises(addresses.BadAddress) as refusal:
        addresses.deliverable(text)

    assert not refusal.value.args


def test_an_internationalised_domain_is_written_in_ascii():
    assert addresses.deliverable(" ada@пример.рф ") == "ada@xn--e1afmkfd.xn--p1ai"


@pytest.mark.parametrize(
    ("spellings", "same"),
    [
        (["a.d.a@gmail.com", "ADA+x@googlemail.com"], True),
        (["ada.b@yandex.ru", "ada-b@ya.ru", "ADA.B+news@yandex.com"], True),
        (["ada@pm.me", "a.d.a@protonmail.com"], True),
        (["a.b@example.org", "ab@example.org"], False),
        (["ada@mail.ru", "ada+x@mail.ru"], False),
        (["ada@gmail.com", "ada@yandex.ru"], False),
    ],
)
def test_spellings_are_one_mailbox_only_where_their_provider_says_so(spellings, same):
    assert (len({addresses.canonical(spelling) for spelling in spellings}) == 1) is same


@given(LOCAL, DOMAIN)
def test_the_canonical_spelling_is_its_own_and_keeps_the_provider(local, domain):
    canonical = addresses.canonical(f"{local}@{domain}")

    assert addresses.canonical(canonical) == canonical
    assert addresses.domain_of(canonical) == addresses.canonical(f"x@{domain}").partition("@")[2]


def test_disposable_mailboxes_are_known_and_privacy_relays_are_welcome():
    assert addresses.is_disposable("x@mailinator.com")
    assert addresses.is_disposable("x@sub.mailinator.com")
    for relay in ["duck.com", "simplelogin.com", "privaterelay.appleid.com", "mozmail.com"]:
        assert not addresses.is_disposable(f"x@{relay}")


@given(st.integers(1, 242))
def test_a_sealed_address_has_one_length(letters):
    address = ("a" * letters)[-64:] + "@" + ("b" * 60 + ".") * (letters // 70) + "example.org"

    assert len(sealing.seal_to_mailroom(address[:254], slug="x")) == sealing.MAILROOM_SEALED == 307
