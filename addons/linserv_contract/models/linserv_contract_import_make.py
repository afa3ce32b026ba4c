from collections import defaultdict
from decimal import Decimal

from odoo import _, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import format_date, formatLang

from ..domain import importing
from .linserv_contract_billing import decimal

INTERVALS = {1: "monthly", 3: "quarterly", 12: "yearly"}


class _TakeBackError(Exception):
    """Raised inside a savepoint to take back what a dry run has made."""


class LinservContractImport(models.Model):
    """Making contracts of the lines; a dry run makes them too, looks at what they would bill, and takes them back."""

    _inherit = "linserv.contract.import"

    def _try_out(self):
        """Make each contract that has no problem in a savepoint, compare, and take it back."""
        for lines in self._ready_contracts():
            try:
                figures = self._figures_of(lines)
            except (UserError, ValidationError) as error:
                message = error.args[0] if error.args else str(error)
                lines._set_problem(importing.RowError("refused", message=message))
                continue
            for line, values in figures.items():
                line.write(values)

    def _figures_of(self, lines):
        """Return {line: values of the comparison} of one old contract. Writes nothing that lasts."""
        figures = {}
        try:
            with self.env.cr.savepoint():
                made = self._make_contract(lines, dry_run=True)
                figures = self._compare(made)
                raise _TakeBackError()
        except _TakeBackError:
            self.env.clear()
        return {line.browse(line.id): values for line, values in figures.items()}

    def _make_contracts(self, dry_run):
        """Make every contract that is ready and return them. Raises on the first that Odoo refuses."""
        contracts = self.env["linserv.contract"]
        for lines in self._ready_contracts():
            made = self._make_contract(lines, dry_run)
            figures = self._compare(made)
            for line, subscription in made.items():
                line.write({**figures[line], "subscription_id": subscription.id})
                contracts |= subscription.contract_id
        return contracts

    def _ready_contracts(self):
        """Return the ready lines of each old contract that has no problem, in order."""
        contracts = defaultdict(self.line_ids.browse)
        for line in self.line_ids:
            contracts[line.contract_ref] |= line
        for lines in contracts.values():
            ready = lines.filtered(lambda line: line.state == "ready")
            if ready and "problem" not in lines.mapped("state"):
                yield ready

    def _make_contract(self, lines, dry_run):
        """Make the contracts of one old contract; {line: subscription}."""
        by_source = {line._source_line(): line for line in lines}
        made = {}
        for number, group in enumerate(importing.arrange(list(by_source)), start=1):
            members = lines.browse([by_source[source].id for source in group.lines])
            vals = self._prepare_contract_vals(members, group, number)
            if dry_run:
                # A dry run uses up no contract number.
                vals["name"] = "%s (%s)" % (vals["external_ref"], self.id)
            contract = self.env["linserv.contract"].with_context(tracking_disable=True).create(vals)
            for line in members:
                made[line] = self._make_subscription(contract, line)
            contract.action_activate()
        return made

    def _prepare_contract_vals(self, lines, group, number):
        first, reference = lines[0], lines[0].contract_ref
        texts = ["%s: %s" % (line.line_ref, line._values().get("text") or line.service) for line in lines]
        invoiced = [source.date_start for source in group.lines if source.billed_to]
        return {
            "company_id": self.company_id.id,
            "partner_id": first.partner_id.id,
            "currency_id": first.currency_id.id,
            "payment_term_id": (first.payment_term_id or self._usual_payment_term(first.partner_id)).id,
            "user_id": (first.user_id or self.env.user).id,
            "date_start": group.date_start,
            "date_first_invoice": min(invoiced, default=False),
            "billing_alignment": "calendar" if group.calendar else "contract_day",
            "external_ref": reference if number == 1 else "%s/%s" % (reference, number),
            "note": _("Imported from %s:", self.name) + "\n" + "\n".join(texts),
        }

    def _usual_payment_term(self, partner):
        usual = self.env.ref("account.account_payment_term_30days", raise_if_not_found=False)
        return (
            partner.with_company(self.company_id).property_payment_term_id or usual or self.env["account.payment.term"]
        )

    def _make_subscription(self, contract, line):
        source = line._source_line()
        subscription = (
            self.env["linserv.subscription"]
            .with_context(tracking_disable=True)
            .create(self._prepare_subscription_vals(contract, line, source))
        )
        self._note_billed_elsewhere(subscription, source)
        return subscription

    def _prepare_subscription_vals(self, contract, line, source):
        digits = self.env["decimal.precision"].precision_get("Product Price")
        if round(source.price, digits) != source.price:
            raise UserError(line._describe_problem(importing.RowError("price_odd", price=source.price)))
        return {
            "contract_id": contract.id,
            "service_id": line.service_id.id,
            "instance_id": line.instance_id.id,
            "sequence": line.sequence,
            "date_start": source.date_start,
            "date_end": source.date_end,
            "billing_interval": INTERVALS[source.months],
            "billing_timing": "advance" if source.in_advance else "arrears",
            "price_unit": float(source.price),
            "quantity": float(source.quantity),
            "external_ref": line.line_ref,
            "discount_ids": self._prepare_discount_commands(source),
        }

    def _prepare_discount_commands(self, source):
        if not source.discount:
            return []
        vals = {"percent": float(source.discount), "date_from": source.date_start, "reason": self.name}
        return [(0, 0, vals)]

    def _note_billed_elsewhere(self, subscription, source):
        """Take the days that the old system has invoiced, so that they are never billed again.

        sudo: nobody has the right to write the ledger by hand.
        """
        if source.billed_to and source.billed_to >= source.date_start:
            self.env["linserv.billed.period"].sudo().create(
                {
                    "subscription_id": subscription.id,
                    "date_from": source.date_start,
                    "date_to": min(filter(None, (source.billed_to, source.date_end))),
                }
            )

    def _compare(self, made):
        """Return {line: what both systems would bill} for the months to compare."""
        contracts = next(iter(made.values())).contract_id.browse(
            list(dict.fromkeys(subscription.contract_id.id for subscription in made.values()))
        )
        plans = contracts._plan(self.date_until)
        charges, held = defaultdict(list), set()
        for plan in plans.values():
            held |= {hold.key for hold in plan.holds}
            for charge in plan.charges:
                charges[charge.key].append((charge.served, charge.amount, charge.prorated))
        return {
            line: self._comparison_vals(line, charges[subscription.id], subscription.id in held)
            for line, subscription in made.items()
        }

    def _comparison_vals(self, line, ours, held):
        theirs = list(importing.source_charges(line._source_line(), self.date_until))
        amount_theirs = sum((charge.amount for charge in theirs), Decimal(0))
        amount_ours = sum((amount for _span, amount, _part in ours), Decimal(0))
        return {
            "amount_theirs": float(amount_theirs),
            "amount_ours": float(amount_ours),
            "amount_difference": float(amount_ours - amount_theirs),
            "verdict": importing.compare(theirs, ours, held),
            "detail": self._describe_periods(line, theirs, ours),
        }

    def _describe_periods(self, line, theirs, ours):
        old = [self._describe_charge(line, charge.served, charge.amount) for charge in theirs]
        new = [self._describe_charge(line, span, amount) for span, amount, _part in ours]
        return "\n".join([_("The old system:"), *(old or ["–"]), _("We:"), *(new or ["–"])])

    def _describe_charge(self, line, span, amount):
        days = "%s – %s" % (format_date(self.env, span.date_from), format_date(self.env, span.date_to))
        return "%s: %s" % (days, formatLang(self.env, float(decimal(amount)), currency_obj=line.currency_id))
