from odoo import fields, models

from ..domain.sizes import human_bytes


class LinservBackupRepository(models.Model):
    """What people are shown of a repository."""

    _inherit = "linserv.backup.repository"

    proof_ids = fields.One2many("linserv.backup.proof", "repository_id", string="Proofs")
    proof_text = fields.Char(compute="_compute_proof_text", string="Proof")
    size_text = fields.Char(compute="_compute_size_texts", string="Size")
    growth_text = fields.Char(compute="_compute_size_texts", string="Growth a day")
    free_text = fields.Char(compute="_compute_size_texts", string="Free on the backup host")

    def _compute_proof_text(self):
        """The latest proof of the database points, in one query for all."""
        self.env["linserv.backup.proof"].flush()
        self.env.cr.execute(
            "SELECT DISTINCT ON (repository_id) id, repository_id FROM linserv_backup_proof"
            " WHERE repository_id = ANY(%s) AND kind = 'db' ORDER BY repository_id, date DESC",
            [self.ids],
        )
        latest = {repository: proof for proof, repository in self.env.cr.fetchall()}
        proofs = self.env["linserv.backup.proof"].with_context(prefetch_fields=True)
        for repository in self:
            repository.proof_text = proofs.browse(latest.get(repository.id)).expected_text or False

    def _compute_size_texts(self):
        for repository in self:
            listed = bool(repository.date_listed)
            repository.size_text = human_bytes(repository.repository_bytes) if listed else False
            repository.growth_text = human_bytes(repository.growth_bytes) if listed else False
            repository.free_text = human_bytes(repository.free_bytes) if listed else False

    def action_view_points(self):
        """Show the repository's points."""
        return self._view("linserv_backup.linserv_backup_point_action")

    def action_view_proofs(self):
        """Show the repository's proofs over time."""
        return self._view("linserv_backup.linserv_backup_proof_action")

    def _view(self, action):
        self.ensure_one()
        return dict(self.env["ir.actions.act_window"]._for_xml_id(action), domain=[("repository_id", "=", self.id)])


class LinservBackupPlan(models.Model):
    _inherit = "linserv.backup.plan"

    def action_view_points(self):
        """Show the plan's points."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("linserv_backup.linserv_backup_point_action")
        return dict(action, domain=[("plan_id", "=", self.id)])


class LinservBackupPoint(models.Model):
    _inherit = "linserv.backup.point"

    stored_text = fields.Char(compute="_compute_size_texts", string="Stored")
    dump_text = fields.Char(compute="_compute_size_texts", string="Size of the dump")

    def _compute_size_texts(self):
        for point in self:
            point.stored_text = human_bytes(point.bytes_stored) if point.bytes_stored else False
            point.dump_text = human_bytes(point.dump_bytes) if point.dump_bytes else False

    def action_view_run(self):
        """Open the run that took the point."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "linserv.run",
            "res_id": self.run_id.id,
            "views": [(False, "form")],
        }
