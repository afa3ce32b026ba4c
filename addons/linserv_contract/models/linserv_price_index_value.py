from odoo import _, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date


class LinservPriceIndexValue(models.Model):
    """The value of an index series for a month or a quarter, named by its first day."""

    _name = "linserv.price.index.value"
    _description = "Index Value"
    _order = "index_id, date desc"
    _rec_name = "date"

    index_id = fields.Many2one("linserv.price.index", required=True, ondelete="cascade", index=True)
    date = fields.Date("Month", required=True, help="First day of the month or quarter that the value is for.")
    value = fields.Float(required=True, digits=(16, 4))

    _sql_constraints = [
        ("date_unique", "unique (index_id, date)", "The index has a value for this month already."),
        ("value_positive", "CHECK (value > 0)", "An index value is more than zero."),
    ]

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            vals["date"] = fields.Date.to_date(vals["date"]).replace(day=1)
        return super().create(vals_list)

    def write(self, vals):
        """What prices were computed from cannot change: letters name it."""
        if {"date", "value", "index_id"} & set(vals):
            self._check_not_used()
        return super().write(vals)

    def unlink(self):
        self._check_not_used()
        return super().unlink()

    def name_get(self):
        return [
            (
                value.id,
                "%s %s: %g"
                % (value.index_id.code, format_date(self.env, value.date, date_format="MMM y"), value.value),
            )
            for value in self
        ]

    def _check_not_used(self):
        if self.env["linserv.subscription.price"].sudo().search_count([("index_value_id", "in", self.ids)]):
            raise UserError(
                _("Prices have been set from this index value: it cannot change. Undo the price run first.")
            )
