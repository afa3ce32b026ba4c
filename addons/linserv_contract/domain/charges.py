"""What is to be billed: a pure function from terms, prices, readings and the ledger.

``plan`` answers with charges and with holds (what is due but cannot be billed, and why).
It reads no clock and no record: the billing date, the prices and what is already billed
are arguments. Rules 5-14 in docs/billing-rules.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal
from typing import Union

from .periods import ONE_DAY, Rhythm, Span, served_periods

NO_PRICE = "no_price"
READING_MISSING = "reading_missing"
READING_TOO_OLD = "reading_too_old"


@dataclass(frozen=True)
class PriceVersion:
    """Price of one unit for one whole period, and the fixed quantity, from a day on.

    ``key`` is the caller's own reference to it.
    """

    date_from: date
    price_unit: Decimal
    quantity: Decimal = Decimal(1)
    key: int = 0


@dataclass(frozen=True)
class Reading:
    """An approved meter reading. ``key`` is the caller's own reference to it."""

    key: int
    date: date
    quantity: Decimal


@dataclass(frozen=True)
class Meter:
    """How a reading becomes a quantity: per started block, and how old it may be."""

    block_size: Decimal = Decimal(1)
    max_age_days: int = 45


@dataclass(frozen=True)
class Terms:
    """One subscription as the planner sees it. ``meter`` is None for a fixed quantity."""

    key: int
    rhythm: Rhythm
    date_start: date
    date_end: date | None = None
    versions: tuple[PriceVersion, ...] = ()
    meter: Meter | None = None
    readings: tuple[Reading, ...] = ()
    billed: tuple[Span, ...] = ()


@dataclass(frozen=True)
class Charge:
    """Days to bill at one price. ``whole`` is the period that the price is for."""

    key: int
    served: Span
    whole: Span
    quantity: Decimal
    price_unit: Decimal
    amount: Decimal
    reading: Reading | None = None
    version_key: int = 0

    @property
    def prorated(self) -> bool:
        """Whether only a part of the period is charged."""
        return self.served != self.whole

    @property
    def invoice_quantity(self) -> Decimal:
        """Quantity to write on the invoice: a prorated charge is one item."""
        return Decimal(1) if self.prorated else self.quantity

    @property
    def invoice_price(self) -> Decimal:
        """Price to write on the invoice, so that quantity times price is the amount."""
        return self.amount if self.prorated else self.price_unit


@dataclass(frozen=True)
class Hold:
    """Days that are due but not billed. ``values`` explains ``reason`` to a person."""

    key: int
    served: Span
    reason: str
    values: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Plan:
    """The answer of ``plan``: what to bill and what is held back."""

    charges: tuple[Charge, ...] = ()
    holds: tuple[Hold, ...] = ()

    @property
    def amount(self) -> Decimal:
        """Sum of the charges, without tax."""
        return sum((charge.amount for charge in self.charges), Decimal(0))


@dataclass(frozen=True)
class _Refusal:
    reason: str
    values: dict[str, object]


Measured = Union[Reading, _Refusal, None]


def plan(terms: Terms, billing_date: date, rounding: Decimal = Decimal("0.01")) -> Plan:
    """Plan every unbilled period of ``terms`` that is due on ``billing_date``.

    ``rounding`` is the smallest amount of the currency (0.01 for SEK).
    """
    measured = _measure(terms, billing_date)
    charges: list[Charge] = []
    holds: list[Hold] = []
    for whole, piece in _due_pieces(terms, billing_date):
        answer = _charge_piece(terms, whole, piece, measured, rounding)
        if isinstance(answer, Hold):
            holds.append(answer)
        else:
            charges += answer
    return Plan(tuple(charges), tuple(holds))


def plan_all(several: Iterable[Terms], billing_date: date, rounding: Decimal) -> Plan:
    """Plan every subscription of a contract: one plan for one invoice."""
    plans = [plan(terms, billing_date, rounding) for terms in several]
    return Plan(
        tuple(charge for each in plans for charge in each.charges),
        tuple(hold for each in plans for hold in each.holds),
    )


def next_billing_date(terms: Terms, today: date) -> date | None:
    """Return the first date from ``today`` on with something to bill, None if never."""
    for _whole, served in served_periods(terms.rhythm, terms.date_start, terms.date_end):
        if served.without(terms.billed):
            return max(today, terms.rhythm.due(served))
    return None


def price_on(versions: Iterable[PriceVersion], day: date) -> PriceVersion | None:
    """Return the version in force on ``day``, None before the first."""
    begun = [version for version in versions if version.date_from <= day]
    return max(begun, key=lambda version: version.date_from, default=None)


def started_blocks(quantity: Decimal, block_size: Decimal) -> Decimal:
    """Return the number of started blocks: 1,201 lines in blocks of 100 are 13."""
    return (quantity / block_size).to_integral_value(ROUND_CEILING)


def rounded(amount: Decimal, rounding: Decimal) -> Decimal:
    """Round to the currency's smallest amount, halves away from zero."""
    steps = (amount / rounding).quantize(Decimal(1), ROUND_HALF_UP)
    return steps * rounding


def _due_pieces(terms: Terms, billing_date: date) -> Iterator[tuple[Span, Span]]:
    for whole, served in served_periods(terms.rhythm, terms.date_start, terms.date_end):
        if terms.rhythm.due(served) > billing_date:
            return
        for piece in served.without(terms.billed):
            yield whole, piece


def _measure(terms: Terms, billing_date: date) -> Measured:
    """Return the reading to bill on, why to hold, or None for a fixed quantity."""
    if terms.meter is None:
        return None
    values: dict[str, object] = {"max_age_days": terms.meter.max_age_days}
    known = [reading for reading in terms.readings if reading.date <= billing_date]
    if not known:
        return _Refusal(READING_MISSING, values)
    latest = max(known, key=lambda reading: (reading.date, reading.key))
    if (billing_date - latest.date).days > terms.meter.max_age_days:
        return _Refusal(READING_TOO_OLD, {**values, "date": latest.date})
    return latest


def _charge_piece(terms: Terms, whole: Span, piece: Span, measured: Measured, rounding: Decimal) -> list[Charge] | Hold:
    if isinstance(measured, _Refusal):
        return Hold(terms.key, piece, measured.reason, measured.values)
    charges = []
    for days, version in _priced_spans(piece, terms.versions):
        if version is None:
            return Hold(terms.key, piece, NO_PRICE, {"date": days.date_from})
        charges.append(_charge(terms, whole, days, version, measured, rounding))
    return charges


def _charge(
    terms: Terms, whole: Span, days: Span, version: PriceVersion, reading: Reading | None, rounding: Decimal
) -> Charge:
    quantity = _quantity(terms, version, reading)
    amount = _share(quantity * version.price_unit, days, whole, rounding)
    return Charge(terms.key, days, whole, quantity, version.price_unit, amount, reading, version.key)


def _quantity(terms: Terms, version: PriceVersion, reading: Reading | None) -> Decimal:
    if terms.meter is None or reading is None:
        return version.quantity
    return started_blocks(reading.quantity, terms.meter.block_size)


def _priced_spans(piece: Span, versions: Iterable[PriceVersion]) -> Iterator[tuple[Span, PriceVersion | None]]:
    """Cut ``piece`` where the price changes; versions that change nothing do not cut."""
    ordered = sorted(versions, key=lambda version: version.date_from)
    start, current = piece.date_from, price_on(ordered, piece.date_from)
    for version in ordered:
        if not start < version.date_from <= piece.date_to or _same(current, version):
            continue
        yield Span(start, version.date_from - ONE_DAY), current
        start, current = version.date_from, version
    yield Span(start, piece.date_to), current


def _same(one: PriceVersion | None, other: PriceVersion) -> bool:
    return one is not None and (one.price_unit, one.quantity) == (
        other.price_unit,
        other.quantity,
    )


def _share(value: Decimal, days: Span, whole: Span, rounding: Decimal) -> Decimal:
    """Return the part of ``value`` that falls on ``days`` of the ``whole`` period.

    The difference of two rounded running totals, so that the parts of a period add up
    to the price of the period to the öre however it was cut.
    """
    before = (days.date_from - whole.date_from).days
    upto = before + days.days
    return rounded(value * upto / whole.days, rounding) - rounded(value * before / whole.days, rounding)
