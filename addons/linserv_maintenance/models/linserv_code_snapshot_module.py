from odoo import _, api, fields, models

from ..domain.tree_values import CUSTOMISATIONS, FILE_OK

KINDS = [
    ("first", "First count"),
    ("added", "New"),
    ("grown", "Grown"),
    ("shrunk", "Shrunk"),
    ("same", "Unchanged"),
    ("removed", "Removed"),
]


class LinservCodeSnapshotModule(models.Model):
    """Lines of one module in a count, and how they changed since the count before."""

    _name = "linserv.code.snapshot.module"
    _description = "Lines of a Module"
    _inherit = "linserv.code.frozen"
    _order = "snapshot_id desc, sequence, name"

    snapshot_id = fields.Many2one("linserv.code.snapshot", required=True, index=True, ondelete="cascade")
    sequence = fields.Integer(readonly=True)
    name = fields.Char(string="Module", required=True, readonly=True)
    instance_id = fields.Many2one(related="snapshot_id.instance_id", store=True, index=True)
    company_id = fields.Many2one(related="snapshot_id.company_id", store=True, index=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    commercial_partner_id = fields.Many2one(related="snapshot_id.commercial_partner_id", store=True, index=True)
    date = fields.Date(related="snapshot_id.date", store=True, index=True)
    state = fields.Selection(related="snapshot_id.state", store=True)
    file_count = fields.Integer(string="Files", readonly=True)
    error_count = fields.Integer(string="Files not counted", readonly=True)
    code_lines = fields.Integer(string="Lines of code", readonly=True, group_operator="max")
    total_lines = fields.Integer(string="Lines in all", readonly=True, group_operator=False)
    previous_code_lines = fields.Integer(string="Lines before", readonly=True)
    change_lines = fields.Integer(string="Change", readonly=True)
    change_amount = fields.Monetary(string="Change per month", readonly=True, currency_field="currency_id")
    kind = fields.Selection(KINDS, required=True, readonly=True, default="first")

    _sql_constraints = [
        ("name_unique", "unique (snapshot_id, name)", "A module stands once in a count."),
    ]

    def name_get(self):
        return [(module.id, module._get_label()) for module in self]

    def _get_label(self):
        """Return the module's name as people read it."""
        self.ensure_one()
        return _("Code in the database") if self.name == CUSTOMISATIONS else self.name

    @api.model
    def _prepare_module_vals_list(self, snapshot, found, tree, compared):
        """Return the values of all modules of a count, from the difference `found` and the counted `tree`."""
        facts = {module.name: self._prepare_file_vals(module.files, module.total) for module in tree.modules}
        own = tree.customisations
        facts[CUSTOMISATIONS] = self._prepare_file_vals(own, sum(item.total for item in own))
        return [
            dict(
                facts.get(change.name, {}),
                snapshot_id=snapshot.id,
                sequence=number,
                name=change.name,
                code_lines=change.after,
                **self._prepare_change_vals(change, compared),
            )
            for number, change in enumerate(found.changes)
        ]

    @api.model
    def _prepare_file_vals(self, items, total):
        return {
            "file_count": len(items),
            "error_count": sum(item.state != FILE_OK for item in items),
            "total_lines": total,
        }

    @api.model
    def _prepare_change_vals(self, change, compared):
        if not compared:
            return {"kind": "first"}
        return {
            "kind": change.kind,
            "previous_code_lines": change.before,
            "change_lines": change.lines,
            "change_amount": float(change.amount),
        }
