"""Contracts from elsewhere: reading their rows, and what the old system would have billed.

Pure functions. A row is a line of the CSV template of docs/import.md, or of the SQL that writes the same columns from
the tables of OCA ``contract``. Rules 96-99 in docs/billing-rules.md.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from .periods import ONE_DAY, Rhythm, Span, add_months

REQUIRED = ("contract", "line", "customer", "service", "date_start", "interval", "timing", "price")
COLUMNS = (
    "contract",
    "line",
    "customer",
    "customer_id",
    "customer_vat",
    "customer_ref",
    "service",
    "instance",
    "date_start",
    "date_end",
    "interval",
    "timing",
    "alignment",
    "quantity",
    "price",
    "discount",
    "currency",
    "billed_to",
    "next_invoice",
    "payment_term",
    "salesperson",
    "text",
)
INTERVALS = {"monthly": 1, "1": 1, "quarterly": 3, "3": 3, "yearly": 12, "12": 12}
TIMINGS = {"advance": True, "pre-paid": True, "arrears": False, "post-paid": False}
ALIGNMENTS = {"": False, "contract_day": False, "calendar": True}
CENT = Decimal("0.01")


class RowError(Exception):
    """Something a person has to put right. ``code`` names it, ``values`` complete the sentence."""

    def __init__(self, code: str, **values: object) -> None:
        super().__init__(code)
        self.code = code
        self.values = values


@dataclass(frozen=True)
class SourceLine:
    """One recurring line of the old system."""

    contract: str
    line: str
    date_start: date
    price: Decimal
    months: int = 1
    in_advance: bool = True
    quantity: Decimal = Decimal(1)
    discount: Decimal = Decimal(0)
    date_end: date | None = None
    billed_to: date | None = None
    next_invoice: date | None = None
    calendar: bool = False

    @property
    def next_start(self) -> date:
        """First day that the old system has not invoiced."""
        return self.date_start if self.billed_to is None else max(self.date_start, self.billed_to + ONE_DAY)

    @property
    def over(self) -> bool:
        """Whether everything has been invoiced already."""
        return self.date_end is not None and self.next_start > self.date_end

    @property
    def amount(self) -> Decimal:
        """What the old system invoices for a period."""
        return (self.quantity * self.net_price).quantize(CENT, ROUND_HALF_UP)

    @property
    def net_price(self) -> Decimal:
        """Price after discount."""
        return self.price * (100 - self.discount) / 100


@dataclass(frozen=True)
class SourceCharge:
    """An invoice line that the old system would make."""

    due: date
    served: Span
    amount: Decimal


def read_csv(content: bytes) -> list[dict[str, str]]:
    """Return the rows of a CSV file: UTF-8, columns by name, comma or semicolon.

    :raise RowError: it cannot be read, or columns are missing or unknown
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise RowError("not_utf8") from error
    head = text.partition("\n")[0]
    reader = csv.DictReader(io.StringIO(text), delimiter=";" if head.count(";") > head.count(",") else ",")
    names = [name.strip() for name in reader.fieldnames or ()]
    missing = [name for name in REQUIRED if name not in names]
    if missing:
        raise RowError("columns_missing", columns=", ".join(missing))
    unknown = [name for name in names if name not in COLUMNS]
    if unknown:
        raise RowError("columns_unknown", columns=", ".join(unknown))
    reader.fieldnames = names
    return [{name: (row.get(name) or "").strip() for name in COLUMNS} for row in reader if any(row.values())]


def read_line(row: Mapping[str, str]) -> SourceLine:
    """Return the line that a row says.

    :raise RowError: a value is missing or cannot be understood
    """
    for name in REQUIRED:
        if not row.get(name):
            raise RowError("value_missing", column=name)
    line = SourceLine(
        contract=row["contract"],
        line=row["line"],
        date_start=_day(row, "date_start"),
        date_end=_optional_day(row, "date_end"),
        billed_to=_optional_day(row, "billed_to"),
        next_invoice=_optional_day(row, "next_invoice"),
        months=_choice(row, "interval", INTERVALS),
        in_advance=bool(_choice(row, "timing", TIMINGS)),
        calendar=bool(_choice(row, "alignment", ALIGNMENTS)),
        quantity=_number(row, "quantity", "1"),
        price=_number(row, "price"),
        discount=_number(row, "discount", "0"),
    )
    if line.date_end is not None and line.date_end < line.date_start:
        raise RowError("ends_before_start")
    if not 0 <= line.discount <= 100 or line.quantity < 0:
        raise RowError("value_unknown", column="discount" if line.quantity >= 0 else "quantity")
    return line


def _optional_day(row: Mapping[str, str], name: str) -> date | None:
    return _day(row, name) if row.get(name) else None


def _day(row: Mapping[str, str], name: str) -> date:
    try:
        return date.fromisoformat(row[name])
    except ValueError as error:
        raise RowError("value_unknown", column=name, value=row[name]) from error


def _number(row: Mapping[str, str], name: str, default: str = "") -> Decimal:
    """A number with a point or a comma before its decimals, spaces between its thousands."""
    text = (row.get(name) or default).replace("\xa0", "").replace(" ", "").replace(",", ".")
    try:
        number = Decimal(text)
    except InvalidOperation as error:
        raise RowError("value_unknown", column=name, value=row.get(name)) from error
    if not number.is_finite():
        raise RowError("value_unknown", column=name, value=row.get(name))
    return number


def _choice(row: Mapping[str, str], name: str, choices: Mapping[str, int]) -> int:
    value = (row.get(name) or "").lower()
    if value not in choices:
        raise RowError("value_unknown", column=name, value=row.get(name))
    return choices[value]


def source_charges(line: SourceLine, until: date) -> Iterator[SourceCharge]:
    """Yield what the old system invoices up to ``until``, by the rules of OCA ``contract`` 14.

    A whole price for every period, counted from the end of the one before; a period that is cut by the end costs as
    much as a whole one.
    """
    start, due = line.next_start, line.next_invoice
    while line.date_end is None or start <= line.date_end:
        end = _source_end(line, start, due)
        due = due or (start if line.in_advance else end + ONE_DAY)
        if due > until:
            return
        yield SourceCharge(due, Span(start, end), line.amount)
        start, due = end + ONE_DAY, None


def _source_end(line: SourceLine, start: date, due: date | None) -> date:
    if due is None:
        end = add_months(start, line.months) - ONE_DAY
    elif line.in_advance:
        end = add_months(due, line.months) - ONE_DAY
    else:
        end = due - ONE_DAY
    end = max(end, start)
    return end if line.date_end is None else min(end, line.date_end)


@dataclass(frozen=True)
class Group:
    """Lines that fit under one contract: its first day, and how its periods are counted."""

    date_start: date
    calendar: bool
    lines: tuple[SourceLine, ...]


def arrange(lines: Sequence[SourceLine]) -> list[Group]:
    """Put the lines of one old contract under as few contracts as keep every line's next period.

    In the old system each line has days of its own; a contract here has one day that all its periods are counted from.
    """
    groups, left = [], sorted(lines, key=lambda line: (line.date_start, line.line))
    while left:
        best = max(_candidates(left), key=lambda group: len(group.lines))
        groups.append(best)
        left = [line for line in left if line not in best.lines]
    return groups


def _candidates(lines: Sequence[SourceLine]) -> Iterator[Group]:
    first = min(line.date_start for line in lines)
    anchors = [(line.date_start, False) for line in lines] + [(first, True)]
    anchors += [(_back_to(line.next_start, first), False) for line in lines]
    for anchor, calendar in anchors:
        fitting = tuple(line for line in lines if _fits(line, anchor, calendar))
        if fitting:
            yield Group(anchor, calendar, fitting)
    own = lines[0]
    yield Group(own.date_start, own.calendar, (own,))


def _back_to(day: date, first: date) -> date:
    """Return ``day`` moved back by whole years to ``first`` or before."""
    years = max(0, day.year - first.year)
    moved = add_months(day, -12 * years)
    return moved if moved <= first else add_months(day, -12 * (years + 1))


def _fits(line: SourceLine, anchor: date, calendar: bool) -> bool:
    if line.date_start < anchor or (line.calendar and not calendar):
        return False
    rhythm = Rhythm(anchor, line.months, calendar, line.in_advance)
    return rhythm.boundary(rhythm.number_of(line.next_start)) == line.next_start


EQUAL = "equal"
HELD = "held"
PERIODS = "periods"
PRICE = "price"
SHARE = "share"


def compare(theirs: Iterable[SourceCharge], ours: Sequence[tuple[Span, Decimal, bool]], held: bool) -> str:
    """Say in one word how our charges (days, amount, whether a part of a period) differ from theirs."""
    old = [(charge.served, charge.amount) for charge in theirs]
    new = [(served, amount) for served, amount, _part in ours]
    if held:
        return HELD
    if old == new:
        return EQUAL
    if [served for served, _amount in old] == [served for served, _amount in new]:
        return SHARE if any(part for _served, _amount, part in ours) else PRICE
    return PERIODS
