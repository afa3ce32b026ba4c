"""How a plan is made: period by period, each cut into the days on which nothing differs."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Union

from .adjustments import Credits, missing_steps
from .agreement import (
    ADJUSTMENT,
    CHANGED,
    ONCE,
    PAUSED,
    PERIOD,
    RESTORED,
    STOPPED,
    Billed,
    Charge,
    Hold,
    Plan,
    Reading,
    Terms,
)
from .periods import FOREVER, ONE_DAY, Span
from .prices import ONE, ZERO, Rate, discount_on, price_on, rate, share, started_blocks

NO_PRICE = "no_price"
READING_MISSING = "reading_missing"
READING_TOO_OLD = "reading_too_old"


@dataclass(frozen=True)
class _Refusal:
    reason: str
    values: dict[str, object]


Measured = Union[Reading, _Refusal, None]


@dataclass(frozen=True)
class _Piece:
    """Days of one period on which nothing differs: their rows in the ledger, and what they cost now."""

    days: Span
    rows: tuple[Billed, ...]
    rate: Rate | None
    cause: str
    to_charge: bool

    def joins(self, other: _Piece) -> bool:
        mine = (self.rows, self.rate, self.cause, self.to_charge)
        return mine == (other.rows, other.rate, other.cause, other.to_charge) and (
            self.days.date_to + ONE_DAY == other.days.date_from
        )


def rate_on(terms: Terms, day: date, quantity: Decimal | None = None) -> Rate | None:
    """Return what a whole period costs at the terms of ``day``, None without a price.

    ``quantity`` is the metered one; a pause or an end is not looked at.
    """
    version = price_on(terms.versions, day)
    if version is None:
        return None
    return rate(version, version.quantity if quantity is None else quantity, discount_on(terms.discounts, day))


class Planner:
    """Goes through the periods of one subscription once, for one billing date."""

    def __init__(self, terms: Terms, billing_date: date, rounding: Decimal) -> None:
        self.terms, self.billing_date, self.rounding = terms, billing_date, rounding
        self.measured = _measure(terms, billing_date)
        self.credits = Credits(terms.billed) if any(row.credited or row.absorbed for row in terms.billed) else None
        self.elsewhere = sorted(row.span for row in terms.billed if row.value is None)
        self.rows: dict[int, list[Billed]] = defaultdict(list)
        for row in terms.billed:
            if row.value is not None:
                self.rows[terms.rhythm.number_of(row.span.date_from)].append(row)
        self.cuts = _cuts(terms)
        self.rates: dict[tuple[int, Decimal | None], Rate | None] = {}
        self.charges: list[Charge] = []
        self.holds: list[Hold] = []

    def plan(self) -> Plan:
        """Go through the periods that are due or have been billed; then look for the next."""
        rhythm = self.terms.rhythm
        number = min([rhythm.number_of(self.terms.date_start), *self.rows])
        last_billed = max(self.rows, default=number - 1)
        while True:
            whole = rhythm.period(number)
            served = whole.clipped(self.terms.date_start, self.terms.date_end)
            due = served is not None and rhythm.due(served) <= self.billing_date
            if not due and number > last_billed:
                break
            self._plan_period(whole, served if due else None, served, self.rows.get(number, []))
            number += 1
            if rhythm.once:
                break
        held = [hold.served.date_from for hold in self.holds]
        next_due = min(held) if held else self._next_due()
        return Plan(tuple(self.charges), tuple(self.holds), {self.terms.key: next_due})

    def _next_due(self) -> date:
        """Return when the first period after the billing date with days to bill is due."""
        terms, rhythm = self.terms, self.terms.rhythm
        billed = sorted(row.span for row in terms.billed if row.layer == 0)
        number = rhythm.number_of(max(self.billing_date, terms.date_start)) - 1
        end = min([terms.date_end or FOREVER, *(span.date_from - ONE_DAY for span in terms.pauses if _is_open(span))])
        while True:
            whole = rhythm.period(number)
            served = whole.clipped(terms.date_start, end)
            if whole.date_from > end:
                return FOREVER
            due = served and rhythm.due(whole.clipped(terms.date_start, terms.date_end) or served)
            if served and due and due > self.billing_date and served.without([*billed, *terms.pauses]):
                return due
            if rhythm.once:
                return FOREVER
            number += 1

    def _plan_period(self, whole: Span, due: Span | None, served: Span | None, rows: list[Billed]) -> None:
        if not (due or rows) or self._is_settled(due, rows):
            return
        merged: list[_Piece] = []
        for days in self._days(due, rows):
            piece = self._piece(days, due, served, tuple(row for row in rows if row.covers(days)))
            if merged and merged[-1].joins(piece):
                piece = _Piece(Span(merged.pop().days.date_from, days.date_to), *_rest(piece))
            merged.append(piece)
        for piece in merged:
            self._plan_piece(whole, piece)

    def _is_settled(self, due: Span | None, rows: list[Billed]) -> bool:
        """Tell at a glance that one charge covers the period at one price that has not changed."""
        if due is None or len(rows) != 1 or rows[0].span != due or rows[0].layer or self.terms.pauses:
            return False
        if bisect_right(self.cuts, due.date_from) != bisect_right(self.cuts, due.date_to):
            return False
        current = self._rate(due.date_from, rows[0].quantity if self.terms.meter else None)
        return current is not None and current.value == rows[0].value and rows[0].before == 0

    def _rate(self, day: date, quantity: Decimal | None) -> Rate | None:
        """Return what a whole period costs at the terms of ``day``: the same until the next day of ``cuts``."""
        key = (bisect_right(self.cuts, day), quantity)
        if key not in self.rates:
            self.rates[key] = rate_on(self.terms, day, quantity)
        return self.rates[key]

    def _days(self, due: Span | None, rows: list[Billed]) -> Iterator[Span]:
        """Cut the days that are due or billed wherever anything begins or ends, elsewhere left out."""
        spans = [row.span for row in rows] + ([due] if due else [])
        first, last = min(span.date_from for span in spans), max(span.date_to for span in spans)
        points = {span.date_from for span in spans} | {span.date_to + ONE_DAY for span in spans}
        points |= set(self.cuts[bisect_left(self.cuts, first) : bisect_right(self.cuts, last)])
        if self.terms.date_end and first <= self.terms.date_end < last:
            points.add(self.terms.date_end + ONE_DAY)
        ordered = sorted(points)
        for start, after in zip(ordered, ordered[1:]):
            yield from Span(start, after - ONE_DAY).without(self.elsewhere)

    def _piece(self, days: Span, due: Span | None, served: Span | None, rows: tuple[Billed, ...]) -> _Piece:
        in_service = served is not None and served.date_from <= days.date_from and days.date_to <= served.date_to
        paused = any(span.date_from <= days.date_from <= span.date_to for span in self.terms.pauses)
        base = next((row for row in rows if row.layer == 0), None)
        if not in_service or paused:
            return _Piece(days, rows, None, PAUSED if in_service else STOPPED, False)
        to_charge = base is None and due is not None and due.date_from <= days.date_from <= due.date_to
        quantity = base.quantity if base and self.terms.meter else self._quantity()
        return _Piece(days, rows, self._rate(days.date_from, quantity), CHANGED, to_charge)

    def _plan_piece(self, whole: Span, piece: _Piece) -> None:
        if piece.rows:
            self._adjust(whole, piece)
        if not piece.to_charge:
            return
        if isinstance(self.measured, _Refusal):
            self._hold(piece.days, self.measured)
        elif piece.rate is None:
            self._hold(piece.days, _Refusal(NO_PRICE, {"date": piece.days.date_from}))
        else:
            self.charges.append(self._charge(whole, piece.days, piece.rate, self.measured))

    def _hold(self, days: Span, refusal: _Refusal) -> None:
        last = self.holds[-1] if self.holds else None
        if last and last.reason == refusal.reason and last.served.date_to + ONE_DAY == days.date_from:
            days = Span(self.holds.pop().served.date_from, days.date_to)
            refusal = _Refusal(last.reason, last.values)
        self.holds.append(Hold(self.terms.key, days, refusal.reason, refusal.values))

    def _charge(self, whole: Span, days: Span, now: Rate, reading: Reading | None) -> Charge:
        return Charge(
            self.terms.key,
            days,
            whole,
            now.quantity,
            now.price_unit,
            share(now.value, days, whole, self.rounding),
            reading,
            now.version_key,
            kind=ONCE if self.terms.rhythm.once else PERIOD,
            discount=now.discount,
            value=now.value,
            simple=now.simple,
        )

    def _adjust(self, whole: Span, piece: _Piece) -> None:
        """Plan the steps from what the days stand billed at to what they cost now."""
        charged = any(row.layer == 0 for row in piece.rows)
        if charged and piece.rate is None and piece.cause == CHANGED:
            return
        target = piece.rate.value if charged and piece.rate else ZERO
        layer = max(row.layer for row in piece.rows)
        cause = piece.cause if charged else RESTORED
        for before, value in missing_steps(piece.rows, target):
            amount = share(value, piece.days, whole, self.rounding) - share(before, piece.days, whole, self.rounding)
            absorbed = self.credits.absorb(list(piece.rows), amount) if self.credits else ZERO
            if amount + absorbed:
                layer += 1
                step = (before, value, amount + absorbed, absorbed)
                self.charges.append(self._adjustment(whole, piece, layer, step, cause))

    def _adjustment(
        self, whole: Span, piece: _Piece, layer: int, step: tuple[Decimal, Decimal, Decimal, Decimal], cause: str
    ) -> Charge:
        before, value, amount, absorbed = step
        return Charge(
            self.terms.key,
            piece.days,
            whole,
            ONE,
            amount,
            amount,
            version_key=piece.rate.version_key if piece.rate else 0,
            kind=ADJUSTMENT,
            layer=layer,
            value=value,
            value_before=before,
            absorbed=absorbed,
            cause=cause,
        )

    def _quantity(self) -> Decimal | None:
        if self.terms.meter is None or not isinstance(self.measured, Reading):
            return None
        return started_blocks(self.measured.quantity, self.terms.meter.block_size)


def _rest(piece: _Piece) -> tuple[tuple[Billed, ...], Rate | None, str, bool]:
    return piece.rows, piece.rate, piece.cause, piece.to_charge


def _is_open(span: Span) -> bool:
    return span.date_to >= FOREVER


def _cuts(terms: Terms) -> list[date]:
    """Return the days on which the price of a day can change, in order."""
    spans = [discount.span for discount in terms.discounts] + list(terms.pauses)
    ends = {span.date_to + ONE_DAY for span in spans if not _is_open(span)}
    return sorted({version.date_from for version in terms.versions} | {span.date_from for span in spans} | ends)


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
