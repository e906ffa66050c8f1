import uuid

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from pledges import sealing
from pledges.sealing import DoesNotOpen, Recipient

KEY = X25519PrivateKey.from_private_bytes(bytes(range(32)))
PRIVATE, PUBLIC = KEY.private_bytes_raw(), KEY.public_key().public_bytes_raw()
ADA = Recipient("ada@example.org", "ru", sealing.to_text(b"m" * 16))


def test_the_mailroom_opens_what_was_sealed_to_it_for_this_rally_only():
    blob = sealing.seal_to_mailroom("ada@example.org", slug="clean-air")

    assert sealing.open_in_mailroom(blob, slug="clean-air") == "ada@example.org"
    with pytest.raises(DoesNotOpen):
        sealing.open_in_mailroom(blob, slug="another")


def test_two_sealings_of_one_address_have_nothing_in_common():
    one, two = (sealing.seal_to_mailroom("ada@example.org", slug="x") for _ in range(2))

    assert one[3:] != two[3:]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda blob: blob[:-1],
        lambda blob: blob + b"\0",
        lambda blob: b"\2" + blob[1:],
        lambda blob: blob[:1] + b"\xff\xff" + blob[3:],
        lambda blob: b"",
    ],
)
def test_wrong_length_suite_or_epoch_is_refused_at_the_door(spoil):
    with pytest.raises(DoesNotOpen):
        sealing.mailroom_epoch(spoil(sealing.seal_to_mailroom("ada@example.org", slug="x")))


def test_junk_of_the_right_form_does_not_open():
    blob = sealing.seal_to_mailroom("ada@example.org", slug="x")

    with pytest.raises(DoesNotOpen):
        sealing.open_in_mailroom(blob[:3] + bytes(len(blob) - 3), slug="x")
    with pytest.raises(DoesNotOpen):
        sealing.open_in_mailroom(blob[:-1] + bytes([blob[-1] ^ 1]), slug="x")


def test_the_rally_key_opens_a_row_and_rows_cannot_be_swapped():
    mine, other = uuid.uuid4(), uuid.uuid4()
    blob = sealing.seal_to_rally(ADA, public=PUBLIC, pledge_id=mine)

    assert len(blob) == sealing.RALLY_SEALED
    assert sealing.open_with_rally_key(blob, private=PRIVATE, pledge_id=mine) == ADA
    with pytest.raises(DoesNotOpen):
        sealing.open_with_rally_key(blob, private=PRIVATE, pledge_id=other)


def test_tokens_repeat_for_one_blob_and_differ_by_purpose():
    blob = sealing.seal_to_mailroom("ada@example.org", slug="x")

    assert sealing.token("confirm", blob) == sealing.token("confirm", blob) != sealing.token("manage", blob)
    assert len(sealing.from_text(sealing.token("confirm", blob))) == 16
    assert len(sealing.code(blob)) == 6


def test_a_token_has_one_spelling():
    text = sealing.to_text(bytes(16))

    with pytest.raises(ValueError):
        sealing.from_text(text[:-1] + "B")
    with pytest.raises(ValueError):
        sealing.from_text(text + "==")
