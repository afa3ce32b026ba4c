"""Rules 96-99 of docs/billing-rules.md: rows from elsewhere, and what the old system would have billed."""

from datetime import date
from decimal import Decimal

import pytest

from odoo.addons.linserv_contract.domain import importing
from odoo.addons.linserv_contract.domain.importing import RowError, SourceLine
from odoo.addons.linserv_contract.domain.periods import Span

HEAD = "contract,line,customer,service,date_start,interval,timing,price"
ROW = dict(zip(HEAD.split(","), ["A1", "A1-1", "Norrvik Bygg AB", "bas", "2026-10-01", "monthly", "advance", "900"]))


def day(text):
    return date.fromisoformat(text)


def line(**values):
    usual = {"contract": "A1", "line": "A1-1", "date_start": day("2026-01-01"), "price": Decimal(900)}
    return SourceLine(**{**usual, **values})


def problem(call, *words):
    with pytest.raises(RowError) as caught:
        call(*words)
    return caught.value.code


def test_rule_96_a_file_of_excel_in_swedish_is_read():
    text = (
        "\ufeff"
        + HEAD.replace(",", ";")
        + "\r\nA1;A1-1;Åkerö AB;bas;2026-10-01;monthly;advance;1 234,50\r\n;;;;;;;\r\n"
    )
    rows = importing.read_csv(text.encode())
    assert [row["customer"] for row in rows] == ["Åkerö AB"]
    assert importing.read_line(rows[0]).price == Decimal("1234.50")


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"contract,line\n", "columns_missing"),
        ((HEAD + ",colour\n").encode(), "columns_unknown"),
        ("Åkerö".encode("latin-1"), "not_utf8"),
        (b"", "columns_missing"),
    ],
)
def test_rule_96_a_file_that_is_no_template_is_refused(content, code):
    assert problem(importing.read_csv, content) == code


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"customer": ""}, "value_missing"),
        ({"price": ""}, "value_missing"),
        ({"price": "nine"}, "value_unknown"),
        ({"price": "NaN"}, "value_unknown"),
        ({"date_start": "01/10/2026"}, "value_unknown"),
        ({"interval": "2"}, "value_unknown"),
        ({"interval": "1 weekly"}, "value_unknown"),
        ({"timing": "later"}, "value_unknown"),
        ({"alignment": "moon"}, "value_unknown"),
        ({"discount": "101"}, "value_unknown"),
        ({"quantity": "-1"}, "value_unknown"),
        ({"date_end": "2026-09-30"}, "ends_before_start"),
    ],
)
def test_rule_96_a_row_that_cannot_be_understood_is_refused(values, code):
    assert problem(importing.read_line, {**ROW, **values}) == code


@pytest.mark.parametrize(
    ("source", "charges"),
    [
        (line(), ["2026-01-01 2026-01-01/2026-01-31", "2026-02-01 2026-02-01/2026-02-28"]),
        (line(in_advance=False), ["2026-02-01 2026-01-01/2026-01-31"]),
        (
            line(date_start=day("2026-01-31")),
            ["2026-01-31 2026-01-31/2026-02-27", "2026-02-28 2026-02-28/2026-03-27"],
        ),
        (line(billed_to=day("2026-01-31"), months=12), ["2026-02-01 2026-02-01/2027-01-31"]),
        (line(date_end=day("2026-01-15")), ["2026-01-01 2026-01-01/2026-01-15"]),
        (line(billed_to=day("2026-01-31"), date_end=day("2026-01-31")), []),
        (line(billed_to=day("2026-01-31"), next_invoice=day("2026-02-10")), ["2026-02-10 2026-02-01/2026-03-09"]),
    ],
)
def test_rule_98_what_the_old_system_bills(source, charges):
    found = importing.source_charges(source, day("2026-02-28"))
    assert ["%s %s/%s" % (each.due, each.served.date_from, each.served.date_to) for each in found] == charges


def test_rule_98_the_old_system_rounds_the_line():
    assert line(price=Decimal("33.335"), quantity=Decimal(1)).amount == Decimal("33.34")
    assert line(price=Decimal(100), quantity=Decimal(3), discount=Decimal(15)).amount == Decimal(255)


def arranged(*lines):
    return [
        (str(group.date_start), group.calendar, [each.line for each in group.lines])
        for group in importing.arrange(lines)
    ]


def test_rule_97_lines_with_one_day_are_one_contract():
    one, two = line(line="1"), line(line="2", months=3, billed_to=day("2026-03-31"))
    assert arranged(one, two) == [("2026-01-01", False, ["1", "2"])]


def test_rule_97_a_start_in_the_month_that_went_over_to_calendar_months_keeps_them():
    one = line(line="1", date_start=day("2025-03-17"), billed_to=day("2026-01-31"))
    assert arranged(one) == [("2025-03-17", True, ["1"])]


def test_rule_97_lines_with_days_of_their_own_become_contracts_of_their_own():
    one, two = line(line="1"), line(line="2", date_start=day("2026-01-15"))
    three = line(line="3", date_start=day("2026-02-15"))
    assert arranged(one, two, three) == [("2026-01-15", False, ["2", "3"]), ("2026-01-01", False, ["1"])]


def test_rule_97_a_yearly_line_keeps_its_month():
    one = line(line="1", date_start=day("2024-05-20"), months=12, billed_to=day("2026-08-31"))
    assert arranged(one) == [("2023-09-01", False, ["1"])]


def test_rule_97_a_day_that_drifted_goes_on_from_its_start():
    one = line(line="1", date_start=day("2026-01-31"), billed_to=day("2026-02-27"))
    assert arranged(one) == [("2026-01-31", False, ["1"])]


@pytest.mark.parametrize(
    ("ours", "held", "word"),
    [
        ([("2026-01-01", "2026-01-31", 900, False), ("2026-02-01", "2026-02-28", 900, False)], False, "equal"),
        ([("2026-01-01", "2026-01-31", 900, False), ("2026-02-01", "2026-02-28", 800, False)], False, "price"),
        ([("2026-01-01", "2026-01-31", 900, False), ("2026-02-01", "2026-02-28", 800, True)], False, "share"),
        ([("2026-01-01", "2026-01-31", 900, False)], False, "periods"),
        ([], True, "held"),
    ],
)
def test_rule_98_the_difference_in_a_word(ours, held, word):
    theirs = list(importing.source_charges(line(), day("2026-02-28")))
    charges = [(Span(day(start), day(end)), Decimal(amount), part) for start, end, amount, part in ours]
    assert importing.compare(theirs, charges, held) == word
