import json

from odoo import _, fields, models

from ..domain import importing

STATES = [
    ("ready", "Ready"),
    ("problem", "Problem"),
    ("present", "Imported before"),
    ("over", "Nothing left to bill"),
    ("imported", "Imported"),
]
VERDICTS = [
    ("equal", "Equal"),
    ("price", "Another price"),
    ("share", "We charge only the days of a part of a period"),
    ("periods", "Other periods or invoice dates"),
    ("held", "Held back until a meter reading is approved"),
]


class LinservContractImportLine(models.Model):
    """One line of the old system: what it is understood as, and what both systems would bill."""

    _name = "linserv.contract.import.line"
    _description = "Line of a Contract Import"
    _order = "import_id, sequence, id"
    _rec_name = "line_ref"

    import_id = fields.Many2one("linserv.contract.import", required=True, ondelete="cascade", index=True)
    company_id = fields.Many2one(related="import_id.company_id", store=True, index=True)
    sequence = fields.Integer("Row")
    row = fields.Text(readonly=True)
    contract_ref = fields.Char("Old contract", readonly=True)
    line_ref = fields.Char("Old line", readonly=True)
    customer = fields.Char("Customer there", readonly=True)
    service = fields.Char("Service there", readonly=True)
    partner_id = fields.Many2one("res.partner", string="Customer", readonly=True)
    service_id = fields.Many2one("linserv.service", readonly=True)
    instance_id = fields.Many2one("linserv.instance", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    payment_term_id = fields.Many2one("account.payment.term", string="Payment terms", readonly=True)
    user_id = fields.Many2one("res.users", string="Salesperson", readonly=True)
    state = fields.Selection(STATES, default="ready", required=True, readonly=True, index=True)
    problem = fields.Char(readonly=True)
    amount_theirs = fields.Monetary("The old system bills", readonly=True)
    amount_ours = fields.Monetary("We bill", readonly=True)
    amount_difference = fields.Monetary("Difference", readonly=True)
    verdict = fields.Selection(VERDICTS, string="Comparison", readonly=True)
    detail = fields.Text("Periods", readonly=True)
    subscription_id = fields.Many2one("linserv.subscription", string="Service made", ondelete="set null", readonly=True)
    contract_id = fields.Many2one(related="subscription_id.contract_id", string="Contract made")

    def _values(self):
        """Return the row as {column: text}."""
        return json.loads(self.row)

    def _source_line(self):
        """Return the row as the domain's SourceLine."""
        return importing.read_line(self._values())

    def _set_problem(self, problem):
        self.write({"state": "problem", "problem": self._describe_problem(problem)})

    def _describe_problem(self, problem):
        """Return a sentence that says what to put right."""
        texts = {
            "not_utf8": _("The file is not UTF-8: save it as CSV UTF-8."),
            "columns_missing": _("The file has no column %(columns)s. docs/import.md describes the columns."),
            "columns_unknown": _("The file has columns that are not known: %(columns)s."),
            "value_missing": _("The column %(column)s is empty."),
            "value_unknown": _("The column %(column)s has a value that is not understood: %(value)s."),
            "ends_before_start": _("The line ends before it starts."),
            "line_twice": _("The reference %(line)s is there twice."),
            "customer_unknown": _("There is no customer %(customer)s: import the customers first."),
            "customer_several": _("There are several customers %(customer)s: give the VAT number or the reference."),
            "service_unknown": _("Choose on the page Services what %(service)s stands for."),
            "instance_unknown": _("The customer has no instance %(instance)s."),
            "instance_missing": _("%(service)s is sold per instance: give the instance."),
            "currency_unknown": _("The currency %(currency)s is not in use here."),
            "term_unknown": _("There are no payment terms %(term)s here."),
            "several_customers": _("The lines of one contract have different customers, currencies or payment terms."),
            "contract_present": _("The contract was imported before: add this service to it by hand."),
            "price_odd": _("The price has more decimals than prices have here: %(price)s."),
            "refused": "%(message)s",
        }
        values = {"value": "", **problem.values}
        return texts[problem.code] % values
