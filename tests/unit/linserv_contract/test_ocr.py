"""Rule 44: OCR references, against numbers whose check digit is published or was counted by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.linserv_contract.domain import ocr


@pytest.mark.parametrize(
    ("digits", "check"),
    [
        ("0", "0"),
        ("1", "8"),
        ("7992739871", "3"),
        ("123456789", "7"),
        ("55667788", "8"),
        ("2026100001", "0"),
    ],
)
def test_check_digit(digits, check):
    assert ocr.check_digit(digits) == check


@pytest.mark.parametrize(
    ("number", "with_length", "expected"),
    [
        ("INV/2026/10/0001", False, "20261000010"),
        ("INV/2026/10/0001", True, "202610000129"),
        ("12345678", True, "1234567806"),
        ("37 INV/2026/10/0001", False, "3720261000012"),
    ],
)
def test_reference(number, with_length, expected):
    assert ocr.reference(number, with_length) == expected


@pytest.mark.parametrize("number", ["INV", "", "9" * 25])
def test_what_cannot_be_a_reference_is_refused(number):
    with pytest.raises(ValueError, match="digit"):
        ocr.reference(number, with_length=False)


@given(st.integers(0, 10**20), st.booleans())
def test_every_reference_is_valid_and_tells_its_length(number, with_length):
    reference = ocr.reference(str(number), with_length)
    assert ocr.is_valid(reference)
    if with_length:
        assert int(reference[-2]) == len(reference) % 10


@given(st.integers(10, 10**15), st.data())
def test_one_wrong_digit_is_always_found(number, data):
    reference = ocr.reference(str(number), with_length=True)
    place = data.draw(st.integers(0, len(reference) - 1))
    other = str((int(reference[place]) + data.draw(st.integers(1, 9))) % 10)
    assert not ocr.is_valid(reference[:place] + other + reference[place + 1 :])
