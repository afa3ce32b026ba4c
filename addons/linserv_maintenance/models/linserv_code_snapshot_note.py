from odoo import api, fields, models

from ..domain.jumps import JUMP
from ..domain.price import effect
from ..domain.value_check import printable


class LinservCodeSnapshotNote(models.Model):
    """Something the counter met that a person should know, with what it means in lines and kronor."""

    _name = "linserv.code.snapshot.note"
    _description = "Note on a Line Count"
    _inherit = "linserv.code.frozen"
    _order = "snapshot_id desc, lines desc, id"
    _rec_name = "kind"

    snapshot_id = fields.Many2one("linserv.code.snapshot", required=True, index=True, ondelete="cascade")
    instance_id = fields.Many2one(related="snapshot_id.instance_id", store=True, index=True)
    company_id = fields.Many2one(related="snapshot_id.company_id", store=True, index=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    commercial_partner_id = fields.Many2one(related="snapshot_id.commercial_partner_id", store=True, index=True)
    date = fields.Date(related="snapshot_id.date", store=True)
    state = fields.Selection(related="snapshot_id.state", store=True)
    kind = fields.Char(required=True, readonly=True, index=True)
    text = fields.Char(compute="_compute_text", string="Note")
    module = fields.Char(readonly=True)
    path = fields.Char(string="File", readonly=True)
    lines = fields.Integer(readonly=True, help="Lines that the note is about; they are not part of the count.")
    amount = fields.Monetary(
        string="Worth per month",
        readonly=True,
        currency_field="currency_id",
        help="What these lines would add to the fee if they were counted.",
    )
    message = fields.Char(string="Detail", readonly=True)

    @api.depends("kind")
    @api.depends_context("lang")
    def _compute_text(self):
        texts = self._get_texts()
        for note in self:
            note.text = texts.get(note.kind) or note.message or note.kind

    @api.model
    def _prepare_note_vals(self, snapshot, note):
        """Return the values of a checked note; only what can be stored and shown is kept of its texts."""
        extra = note.lines or 0
        # A jump is counted already: its worth is what it changes, the others' what they would add.
        before = snapshot.code_lines - extra if note.kind == JUMP else snapshot.code_lines
        return {
            "snapshot_id": snapshot.id,
            "kind": note.kind,
            "module": printable(note.module),
            "path": printable(note.path),
            "lines": extra,
            "amount": float(effect(max(before, 0), extra, snapshot._get_price())),
            "message": printable(note.message),
        }
