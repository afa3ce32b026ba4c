"""Payment references by the Swedish OCR rules: digits, a length digit where wanted, and a check digit.

The check digit is that of the modulus 10 method (Luhn) that Bankgirot and PlusGirot demand. Rule 44 in
docs/billing-rules.md.
"""

from __future__ import annotations

#: As many digits as Bankgirot takes.
LONGEST = 25


def check_digit(digits: str) -> str:
    """Return the digit that makes ``digits`` valid: counted from the right, every other one doubled."""
    total = 0
    for position, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if position % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return str(-total % 10)


def is_valid(reference: str) -> bool:
    """Tell whether the last digit of ``reference`` is the check digit of those before it."""
    return len(reference) > 1 and reference.isdecimal() and check_digit(reference[:-1]) == reference[-1]


def reference(number: str, with_length: bool) -> str:
    """Return the OCR reference of an invoice number: its digits, the length digit, the check digit.

    The length digit is the last digit of the length of the whole reference, itself and the check digit included.
    ValueError when ``number`` has no digit, or too many.
    """
    digits = "".join(sign for sign in number if sign.isdecimal() and sign.isascii())
    if not digits:
        raise ValueError("no digit in %r" % number)
    if with_length:
        digits += str((len(digits) + 2) % 10)
    if len(digits) >= LONGEST:
        raise ValueError("%r is longer than %d digits" % (number, LONGEST))
    return digits + check_digit(digits)
