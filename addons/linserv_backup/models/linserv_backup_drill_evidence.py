import base64
import json

from odoo import _, api, fields, models
from odoo.exceptions import UserError

from ..adapters import ed25519
from ..domain import drill_evidence, drills
from ..domain.drill_evidence import Signed, Subject

KEPT_IN_FILE = 1000


class LinservBackupDrill(models.Model):
    """The signed statement of what a drill showed, chained to the instance's statement before it."""

    _inherit = "linserv.backup.drill"

    sequence = fields.Integer("Number in the chain", readonly=True, group_operator=False)
    previous_id = fields.Many2one("linserv.backup.drill", "Chained to", readonly=True, ondelete="restrict")
    statement = fields.Text("Signed statement", readonly=True)
    signature = fields.Char(readonly=True, help="Ed25519 signature of the statement, hexadecimal.")
    public_key = fields.Char(readonly=True, help="Ed25519 public key, hexadecimal.")
    signing_error = fields.Char(readonly=True, groups="base.group_user")

    def init(self):
        result = super().init()
        # One chain without forks; drills that were never held have no place in it.
        self.env.cr.execute(
            """
            CREATE UNIQUE INDEX IF NOT EXISTS linserv_backup_drill_chain_unique
                ON linserv_backup_drill (instance_id, coalesce(previous_id, 0)) WHERE statement IS NOT NULL;
            """
        )
        return result

    def write(self, vals):
        self._check_not_signed()
        return super().write(vals)

    def unlink(self):
        self._check_not_signed()
        return super().unlink()

    def _check_not_signed(self):
        """:raise UserError: what was signed is kept as it was"""
        signed = self.filtered("statement")
        if signed:
            raise UserError(_("%s is signed and is kept as it was.", signed[0].display_name))

    def _try_to_sign(self, finding, verdict):
        """Sign what the drill showed; where that is not possible now, keep why: it is tried again every day."""
        try:
            with self.env.cr.savepoint():
                self._sign(finding, verdict)
        except UserError as error:
            self.invalidate_cache()
            self.signing_error = str(error)

    @api.model
    def _sign_pending(self):
        """Sign the drills that could not be signed when they were held, the oldest first."""
        domain = [("state", "in", drills.HELD), ("statement", "=", False), ("run_id", "!=", False)]
        for drill in self.search(domain, order="date_held, id", limit=100):
            verdict = drills.Verdict(drill.state, tuple(drills.Fault(code) for code in drill._get_codes()))
            drill._try_to_sign(drills.parse(drill.run_id._get_result()), verdict)

    def _sign(self, finding, verdict):
        """Write the statement, its signature and its place in the chain."""
        self.ensure_one()
        self.flush()
        self.env.cr.execute("SELECT id FROM linserv_instance WHERE id = %s FOR UPDATE", [self.instance_id.id])
        previous = self._find_last_signed()
        sequence = (previous.sequence or 0) + 1
        before = drill_evidence.chain_hash(previous._get_signed()) if previous else None
        statement = drill_evidence.statement_text(self._get_subject(), finding, verdict, sequence, before)
        secret = self.company_id._get_backup_signing_secret()
        self.write(
            {
                "sequence": sequence,
                "previous_id": previous.id,
                "statement": statement,
                "signature": secret._sign(statement.encode("ascii")).hex(),
                "public_key": secret.public_value,
                "signing_error": False,
            }
        )

    def _find_last_signed(self):
        domain = [("instance_id", "=", self.instance_id.id), ("statement", "!=", False)]
        return self.search(domain, order="sequence desc", limit=1)

    def _get_subject(self):
        self.ensure_one()
        return Subject(
            seller=self.company_id.name,
            customer=self.commercial_partner_id.name or "",
            instance=self.instance_id.technical_name,
            repository=self.repository_id.name,
            zone=self.zone,
            host=self.host_id.name,
            kind=self.point_id.kind or ("dr" if self.zone == "dr" else "db"),
            slot=self.slot,
            run=self.run_id.name or "",
        )

    def _get_signed(self):
        self.ensure_one()
        parts = (self.signature or "", self.public_key or "")
        return Signed(self.statement or "", *(bytes.fromhex(part) for part in parts))

    def _get_chain(self):
        """Return the signed drills of the instance up to this one that belong to the same customer, oldest first.

        An earlier owner's statements stay closed; their hash keeps the chain.
        """
        self.ensure_one()
        domain = [
            ("instance_id", "=", self.instance_id.id),
            ("sequence", "<=", self.sequence),
            ("sequence", ">", self.sequence - KEPT_IN_FILE),
            ("statement", "!=", False),
            ("commercial_partner_id", "=", self.commercial_partner_id.id),
        ]
        return self.search(domain, order="sequence")

    def _get_evidence_file(self):
        """Return the bytes of the file that static/verify_drill.py checks: the chain up to this drill."""
        self.ensure_one()
        if not self.statement:
            raise UserError(_("Only a drill that was held and signed has evidence."))
        return drill_evidence.evidence_file([drill._get_signed() for drill in self._get_chain()])

    def _get_evidence_name(self):
        self.ensure_one()
        day = fields.Datetime.to_string(self.date_held)[:10]
        return "%s-%s-restore-evidence.json" % (self.instance_id.technical_name, day)

    def _get_faults(self):
        """Return in words what does not fit together in a signed drill: nothing, unless it was tampered with."""
        self.ensure_one()
        signed, faults = self._get_signed(), []
        if not ed25519.is_signed(signed.public_key, signed.statement.encode(), signed.signature):
            faults.append(_("The signature does not belong to the statement of the drill."))
        before = self.previous_id and drill_evidence.chain_hash(self.previous_id._get_signed()) or None
        told = self._get_told()
        if told.get("previous") != before:
            faults.append(_("The chain is broken before this drill."))
        if not self._fits(told):
            faults.append(_("The drill is not what was signed."))
        return faults

    def _get_told(self):
        try:
            return json.loads(self.statement or "{}")
        except ValueError:
            return {}

    def _fits(self, told):
        """Tell whether the columns that people read are those of the statement."""
        rows, files = told.get("rows") or {}, told.get("files") or {}
        pairs = [
            (told.get("sequence"), self.sequence),
            (told.get("result"), self.state),
            (told.get("faults"), self._get_codes()),
            (told.get("usable_seconds"), "%.3f" % self.usable_seconds),
            (rows.get("rows") or 0, self.row_count),
            (files.get("count") or 0, self.file_count),
        ]
        return all(signed == kept for signed, kept in pairs)

    def action_verify(self):
        """Check signature and chain, and tell what was found."""
        self.ensure_one()
        if not self.statement:
            raise UserError(_("Only a drill that was held and signed has evidence."))
        faults = self.sudo()._get_faults()
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "title": _("Verification of the drill: %s", self.display_name),
                "message": "\n".join(faults) or _("Figures, signature and chain fit together."),
                "type": "danger" if faults else "success",
                "sticky": bool(faults),
            },
        }

    def action_download(self):
        """Download the evidence."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_url",
            "url": "/my/backups/drills/%d/evidence" % self.id,
            "target": "self",
        }

    def _get_public_key_base64(self):
        """Return the public key as it is published and as the verifier takes it."""
        self.ensure_one()
        return base64.b64encode(bytes.fromhex(self.public_key or "")).decode("ascii")

    @api.model
    def _get_portal_keys(self, instance):
        """Return the public keys that the instance's drills were signed for, the newest first: for the portal."""
        signed = self.search([("instance_id", "=", instance.id), ("statement", "!=", False)], order="sequence desc")
        keys = {drill.public_key: drill._get_public_key_base64() for drill in signed}
        return list(keys.values())

    @api.model
    def _get_held_states(self):
        return list(drills.HELD)
