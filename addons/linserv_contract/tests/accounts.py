"""Builders for the accountant's tests: what stands in the books."""

from collections import defaultdict

from .common import ContractCase, day


class AccountsCase(ContractCase):
    """Norrvik in the Swedish chart of accounts, and the trial balance."""

    def account(self, code):
        return self.env["account.account"].search([("code", "=", code), ("company_id", "=", self.company.id)])

    def balances(self, upto, first=None):
        """Return {account code: balance} of posted lines up to a day, as a trial balance shows them."""
        domain = [("parent_state", "=", "posted"), ("company_id", "=", self.company.id), ("date", "<=", day(upto))]
        if first:
            domain.append(("date", ">=", day(first)))
        balances = defaultdict(float)
        for line in self.env["account.move.line"].search(domain):
            balances[line.account_id.code] += line.balance
        return {code: round(amount, 2) for code, amount in balances.items() if round(amount, 2)}

    def change(self, before, after):
        """Return {account code: change} between two trial balances."""
        codes = {*before, *after}
        changes = {code: round(after.get(code, 0.0) - before.get(code, 0.0), 2) for code in codes}
        return {code: amount for code, amount in sorted(changes.items()) if amount}

    def accrual(self, month_end):
        return self.env["linserv.accrual"].create({"date": day(month_end)})

    def amounts(self, accrual):
        """Return ["prepaid 2026-11-01/2026-12-31 1790.22"] of a list."""
        return ["%s %s/%s %.2f" % (r.kind, r.date_from, r.date_to, r.amount) for r in accrual.line_ids]
