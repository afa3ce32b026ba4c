from datetime import datetime, timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import UserError

from .common import ContractCase, day


class TestRunClock(ContractCase):
    """The clock goes back and forth, months end: every period is billed once and on its day."""

    def at(self, text):
        """Let it be that moment, in UTC, for what asks Odoo what time it is."""
        moment = datetime.fromisoformat(text)
        return patch.object(fields.Datetime, "now", lambda *_args: moment)

    def test_the_lease_is_no_hour_longer_or_shorter_when_the_clock_changes(self):
        for change in (datetime.fromisoformat("2026-03-29 01:00"), datetime.fromisoformat("2026-10-25 01:00")):
            run = self.make_run("10-01", self.make_contract("bas"))
            with self.at(str(change - timedelta(seconds=30))):
                run._take()
            with self.at(str(change + timedelta(seconds=60))), self.assertRaises(UserError):
                run._take()
            with self.at(str(change + timedelta(seconds=91))):
                run._take()
                self.assertEqual(run.state, "running")

    def test_every_day_of_a_leap_winter_bills_each_period_once_on_its_day(self):
        starts = ("2027-12-29", "2027-12-30", "2027-12-31")
        contracts = self.env["linserv.contract"].union(*[self.make_contract("bas", start=start) for start in starts])
        billed_on = {}
        on = day("2027-12-28")
        while on < day("2028-04-02"):
            moves = self.bill(str(on), contracts)
            for line in moves.invoice_line_ids.filtered("linserv_date_from"):
                billed_on.setdefault(line.linserv_subscription_id.contract_id, []).append((line.linserv_date_from, on))
            on += timedelta(days=1)
        firsts = {each.date_start.day: [str(first)[5:] for first, _on in billed_on[each]] for each in contracts}
        self.assertEqual(
            firsts,
            {
                29: ["12-29", "01-29", "02-29", "03-29"],
                30: ["12-30", "01-30", "02-29", "03-30"],
                31: ["12-31", "01-31", "02-29", "03-31"],
            },
        )
        for rows in billed_on.values():
            self.assertTrue(all(first == when for first, when in rows))
