import base64
from collections import defaultdict
from decimal import Decimal

from odoo import _, fields, models
from odoo.exceptions import UserError

from ..domain.ledger import holds_period

# What Odoo makes to take back an invoice, and a credit note.
REVERSED_BY = {"out_invoice": "out_refund", "out_refund": "entry"}


class LinservBilledPeriod(models.Model):
    """The ledger of what has been billed. PostgreSQL refuses two rows in force for one day of a subscription and layer.

    Layer 0 is the charge of the days, the layers above are adjustments of it: days that cost something else now.

    A row without an invoice line is a period that was billed elsewhere. A row that is no longer in force (archived)
    belongs to a cancelled or credited invoice line and leaves its days free.
    """

    _name = "linserv.billed.period"
    _description = "Billed Period"
    _inherit = ["linserv.billable.terms"]
    _order = "date_from desc, subscription_id, id desc"
    _rec_name = "date_from"

    subscription_id = fields.Many2one("linserv.subscription", required=True, ondelete="restrict", index=True)
    contract_id = fields.Many2one(related="subscription_id.contract_id", store=True, index=True)
    service_id = fields.Many2one(related="subscription_id.service_id", store=True)
    instance_id = fields.Many2one(related="subscription_id.instance_id", store=True)
    company_id = fields.Many2one(related="subscription_id.company_id", store=True, index=True)
    currency_id = fields.Many2one(related="subscription_id.currency_id")
    date_from = fields.Date("From", required=True)
    date_to = fields.Date("To", required=True)
    active = fields.Boolean("In force", default=True)
    move_line_id = fields.Many2one("account.move.line", string="Invoice line", ondelete="cascade", index=True)
    move_id = fields.Many2one(related="move_line_id.move_id", string="Invoice")
    reading_id = fields.Many2one("linserv.meter.reading", string="Meter reading", ondelete="restrict", index=True)
    price_id = fields.Many2one("linserv.subscription.price", string="Price version", ondelete="set null", index=True)
    quantity = fields.Float(digits="Product Unit of Measure")
    price_unit = fields.Float("Price", digits="Product Price")
    amount = fields.Monetary(help="Excluding VAT.")
    layer = fields.Integer(default=0, help="0 is the charge itself, 1 and on are adjustments of it.")
    value = fields.Float(
        "Price of the period", digits=(16, 6), help="What a whole period stands billed at from this row on."
    )
    value_before = fields.Float("Price before", digits=(16, 6), help="What a whole period stood billed at before.")
    amount_credited = fields.Monetary("Credited by hand", help="What accountants took back of this row.")
    amount_absorbed = fields.Monetary(
        "Counted in", help="What had been credited by hand already and made this adjustment smaller."
    )

    _sql_constraints = [
        ("dates_ordered", "CHECK (date_to >= date_from)", "A period cannot end before it starts."),
        (
            "no_overlap",
            "EXCLUDE USING gist (subscription_id WITH =, (COALESCE(layer, 0)) WITH =, "
            "daterange(date_from, date_to, '[]') WITH &&) WHERE (active)",
            "This period has been billed already. Nothing is ever billed twice: run the billing again, it bills "
            "only what is missing.",
        ),
    ]

    def init(self):
        """Refuse to go on without the constraint: Odoo only logs one that it could not add."""
        self.env.cr.execute("SELECT 1 FROM pg_extension WHERE extname = 'btree_gist'")
        if not self.env.cr.fetchone():
            raise UserError(_("The PostgreSQL extension btree_gist is missing: CREATE EXTENSION btree_gist;"))

    def _prepare_copy_vals(self, move_line):
        """Return the values of the row when ``move_line`` replaces this row's invoice line."""
        self.ensure_one()
        return {
            "subscription_id": self.subscription_id.id,
            "date_from": self.date_from,
            "date_to": self.date_to,
            "move_line_id": move_line.id,
            "reading_id": self.reading_id.id,
            "price_id": self.price_id.id,
            "quantity": self.quantity,
            "price_unit": self.price_unit,
            "amount": self.amount,
            "layer": self.layer,
            "value": self.value,
            "value_before": self.value_before,
            "amount_absorbed": self.amount_absorbed,
        }

    def _evidence_mark(self):
        """Return what attachments say in their description that belong to this period."""
        self.ensure_one()
        return "%s,%s" % (self._name, self.id)

    def _evidence_attachment_vals(self, move):
        """Return the values of the attachments that prove this period's quantity on ``move``."""
        self.ensure_one()
        evidence = self.reading_id._evidence()
        if evidence is None or not hasattr(evidence, "_linserv_evidence_attachments"):
            return []
        return [
            {
                "name": attachment["name"],
                "description": self._evidence_mark(),
                "mimetype": attachment["mimetype"],
                "datas": base64.b64encode(attachment["datas_bytes"]),
                "res_model": "account.move",
                "res_id": move.id,
            }
            for attachment in evidence._linserv_evidence_attachments(move, self)
        ]

    def _refresh(self):
        """Put each row in or out of force after its invoice or a credit note of it changed state."""
        credited = self._credited_amounts()
        for period in self.with_context(active_test=False).filtered("move_line_id"):
            line = period.move_line_id
            holds = holds_period(line.parent_state, Decimal(str(line.price_subtotal)), credited.get(line.id))
            if period.active != holds:
                period.active = holds
            period._note_credited(credited.get(line.id))
        self.flush(["active", "amount_credited"])

    def _note_credited(self, credited):
        """Keep what was given back by hand: credit notes of a part, and a line made cheaper before it was posted."""
        billed = Decimal(str(self.amount))
        given = (credited or 0) + billed - abs(Decimal(str(self.move_line_id.price_subtotal))) if billed > 0 else 0
        amount = float(max(given, 0)) if self.active else 0.0
        if self.currency_id.compare_amounts(self.amount_credited, amount):
            self.amount_credited = amount

    def _credited_amounts(self):
        """Return what posted credit notes took back of each invoice line; of a credit note, entries that reverse it."""
        reversing = self.env["account.move.line"].search(
            [
                ("linserv_origin_line_id", "in", self.move_line_id.ids),
                ("parent_state", "=", "posted"),
                ("move_id.move_type", "in", list(REVERSED_BY.values())),
            ]
        )
        amounts = defaultdict(Decimal)
        for line in reversing:
            kind, origin = line.move_id.move_type, line.linserv_origin_line_id
            if kind == REVERSED_BY.get(origin.move_id.move_type):
                # Accountants change what an entry comes to in its debit and credit.
                amount = abs(line.amount_currency) if kind == "entry" else line.price_subtotal
                amounts[origin.id] += Decimal(str(amount))
        return dict(amounts)
