from odoo import _, api, fields, models
from odoo.exceptions import UserError

from ..domain import difference


class LinservCodeDifference(models.TransientModel):
    """Compares any two counts of an instance, module by module, in lines and kronor."""

    _name = "linserv.code.difference"
    _description = "Difference between two Line Counts"

    instance_id = fields.Many2one("linserv.instance", required=True, readonly=True, ondelete="cascade")
    before_id = fields.Many2one(
        "linserv.code.snapshot",
        string="From",
        required=True,
        ondelete="cascade",
        domain="[('instance_id', '=', instance_id), ('state', 'in', ('draft', 'approved'))]",
    )
    after_id = fields.Many2one(
        "linserv.code.snapshot",
        string="To",
        required=True,
        ondelete="cascade",
        domain="[('instance_id', '=', instance_id), ('state', 'in', ('draft', 'approved'))]",
    )
    currency_id = fields.Many2one(related="instance_id.company_id.currency_id")
    line_ids = fields.One2many("linserv.code.difference.line", "wizard_id", string="Modules", readonly=True)
    change_lines = fields.Integer(string="Change", readonly=True)
    change_amount = fields.Monetary(string="Change of the fee", readonly=True, currency_field="currency_id")
    rounding_amount = fields.Monetary(string="Rounding to started blocks", readonly=True, currency_field="currency_id")

    @api.model
    def default_get(self, field_names):
        values = super().default_get(field_names)
        after = self.env["linserv.code.snapshot"].browse(self.env.context.get("active_id")).exists()
        if after and self.env.context.get("active_model") == "linserv.code.snapshot":
            values.update(instance_id=after.instance_id.id, after_id=after.id, before_id=after.previous_id.id)
            if after.previous_id:
                values.update(self._prepare_found_vals(self._find_differences(after.previous_id, after)))
        return values

    def action_compare(self):
        """Write the differences and show them."""
        self.ensure_one()
        if (self.before_id | self.after_id).instance_id != self.instance_id:
            raise UserError(_("Choose two counts of %s.", self.instance_id.display_name))
        found = self._find_differences(self.before_id, self.after_id)
        self.line_ids.unlink()
        self.write(self._prepare_found_vals(found))
        return {
            "type": "ir.actions.act_window",
            "name": _("Difference"),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
        }

    @api.model
    def _find_differences(self, before, after):
        return difference.compare(self._get_lines(before), self._get_lines(after), after._get_price())

    @api.model
    def _get_lines(self, snapshot):
        return {module.name: module.code_lines for module in snapshot.module_ids if module.kind != "removed"}

    @api.model
    def _prepare_found_vals(self, found):
        return {
            "change_lines": found.lines,
            "change_amount": float(found.amount),
            "rounding_amount": float(found.rounding),
            "line_ids": [
                (
                    0,
                    0,
                    {
                        "name": change.name,
                        "kind": change.kind,
                        "before": change.before,
                        "after": change.after,
                        "change_lines": change.lines,
                        "change_amount": float(change.amount),
                    },
                )
                for change in found.changes
                if change.kind != difference.SAME
            ],
        }


class LinservCodeDifferenceLine(models.TransientModel):
    """One module that differs."""

    _name = "linserv.code.difference.line"
    _description = "Difference of a Module"
    _order = "id"

    wizard_id = fields.Many2one("linserv.code.difference", required=True, ondelete="cascade")
    currency_id = fields.Many2one(related="wizard_id.currency_id")
    name = fields.Char(string="Module", required=True)
    kind = fields.Selection(
        [("added", "New"), ("grown", "Grown"), ("shrunk", "Shrunk"), ("removed", "Removed")], required=True
    )
    before = fields.Integer(string="Lines before")
    after = fields.Integer(string="Lines of code")
    change_lines = fields.Integer(string="Change")
    change_amount = fields.Monetary(string="Change per month", currency_field="currency_id")
