from odoo import _, api, models
from odoo.exceptions import UserError


class LinservCodeFrozen(models.AbstractModel):
    """What belongs to a count and is frozen with it."""

    _name = "linserv.code.frozen"
    _description = "Part of a line count"

    @api.model_create_multi
    def create(self, vals_list):
        records = super().create(vals_list)
        records._check_not_frozen()
        return records

    def write(self, vals):
        self._check_not_frozen()
        return super().write(vals)

    def unlink(self):
        self._check_not_frozen()
        return super().unlink()

    def _get_snapshots(self):
        """Return the counts that these records are part of."""
        return self.mapped("snapshot_id")

    def _check_not_frozen(self):
        frozen = self._get_snapshots().filtered(lambda snapshot: snapshot.state in ("approved", "rejected"))
        if frozen:
            raise UserError(
                _(
                    "%s is settled and is kept as it was: it may stand behind an invoice. "
                    "Count again instead of changing it.",
                    frozen[0].display_name,
                )
            )
