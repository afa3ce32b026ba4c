import base64

from odoo import api, fields, models

from ..domain import tree_store


class LinservCodeTree(models.Model):
    """The list of everything that was counted, kept once for each root of an instance.

    An unchanged month points to the same list; the list itself never changes, because its root is its name.
    """

    _name = "linserv.code.tree"
    _description = "List of counted files"
    _inherit = "linserv.code.frozen"
    _rec_name = "root"
    _order = "id desc"

    instance_id = fields.Many2one("linserv.instance", required=True, readonly=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="instance_id.company_id", store=True, index=True)
    root = fields.Char(required=True, readonly=True)
    payload = fields.Binary(attachment=True, required=True, readonly=True)
    file_count = fields.Integer(string="Files", readonly=True)
    snapshot_ids = fields.One2many("linserv.code.snapshot", "tree_id", string="Line counts")

    _sql_constraints = [
        ("root_unique", "unique (instance_id, root)", "The list of this root is kept already."),
    ]

    @api.model
    def _keep(self, instance, root, tree):
        """Return the record of a checked `tree`, a new one only where its root is new."""
        found = self.search([("instance_id", "=", instance.id), ("root", "=", root)])
        return found or self.create([self._prepare_tree_vals(instance, root, tree)])

    @api.model
    def _prepare_tree_vals(self, instance, root, tree):
        return {
            "instance_id": instance.id,
            "root": root,
            "payload": base64.b64encode(tree_store.pack(tree)),
            "file_count": sum(len(module.files) for module in tree.modules),
        }

    def _get_tree(self):
        """Return the kept tree as a checked value.

        :raise TreeRefusedError: the list was damaged since it was kept
        """
        self.ensure_one()
        # bin_size would give the size instead of the bytes.
        payload = self.with_context(bin_size=False, bin_size_payload=False).payload
        return tree_store.unpack(base64.b64decode(payload or b""))

    def _get_snapshots(self):
        return self.mapped("snapshot_ids")
