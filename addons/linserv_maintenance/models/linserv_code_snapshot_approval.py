import json
from dataclasses import replace

from odoo import _, api, fields, models
from odoo.exceptions import AccessError, UserError

from ..adapters import ed25519
from ..domain import approval, merkle, price
from ..domain.evidence import Signed
from ..domain.statement import Facts, Rule, statement_text
from ..domain.value_check import TreeRefusedError

ACTIVITY = "linserv_maintenance.linserv_code_snapshot_activity_type"
MANAGERS = "linserv_maintenance.linserv_code_snapshot_group_manager"


class LinservCodeSnapshot(models.Model):
    """Deciding on a count, signing it and handing its number to the billing."""

    _inherit = "linserv.code.snapshot"

    @api.depends("decision", "change_percent", "signing_error", "state")
    def _compute_approval_text(self):
        for snapshot in self:
            snapshot.approval_text = snapshot._get_approval_text()

    def _get_approval_text(self):
        """Return why the count was approved or waits, in words."""
        self.ensure_one()
        if self.signing_error:
            return _("The count could not be signed: %s", self.signing_error)
        band = self._format_number("%g", self.instance_id._get_code_band())
        return self._get_decision_texts(self.change_percent, band).get(self.decision, "")

    @api.model
    def _get_decision_texts(self, percent, band):
        size = self._format_number("%.1f", abs(percent))
        values = {"percent": self._format_number("%+.1f", percent), "size": size, "band": band}
        return {
            approval.FIRST_COUNT: _(
                "This is the first count of the instance. A person looks at it before it is billed."
            ),
            approval.WITHIN_BAND: _("Changed by %(percent)s %%, within the band of %(band)s %%.", **values),
            approval.ABOVE_BAND: _(
                "Grew by %(size)s %%, more than the band of %(band)s %%. "
                "Look at the modules below before the customer pays for it.",
                **values,
            ),
            approval.BELOW_BAND: _(
                "Shrank by %(size)s %%, more than the band of %(band)s %%. "
                "Were modules uninstalled, or is a folder missing on the host?",
                **values,
            ),
            approval.WITHIN_AGREED: _(
                "First count, near the number of lines in the agreement (%(percent)s %%).", **values
            ),
            approval.OUTSIDE_AGREED: _(
                "First count, %(percent)s %% from the number of lines in the agreement.", **values
            ),
            approval.EMPTY_COUNT: _("The host found no own code at all. Is the path of its modules right?"),
        }

    def _decide(self):
        """Approve the count where the rules may, otherwise ask the managers."""
        self.ensure_one()
        agreed = self.instance_id._get_agreed_code_lines(self.date) or None
        previous = self.previous_id.code_lines if self.previous_id else None
        band = price.as_decimal(self.instance_id._get_code_band())
        decision = approval.decide(self.code_lines, previous, agreed, band)
        self.write({"decision": decision.reason, "change_percent": float(decision.change_percent)})
        if not (decision.automatic and self._try_to_approve()):
            self._move("draft")
            self._ask_managers()

    def _try_to_approve(self):
        """Approve by rule; where signing or the chain refuses, a person decides and is told why."""
        try:
            with self.env.cr.savepoint():
                self._approve()
        except UserError as error:
            self.invalidate_cache()
            self.signing_error = str(error)
            return False
        return True

    def action_approve(self):
        """A person has looked at the count: sign it and let it be billed."""
        self._check_may_settle()
        for snapshot in self.sudo():
            snapshot._approve(approved_by_id=self.env.uid)
            snapshot.activity_feedback([ACTIVITY])

    def _reject(self, reason):
        """A person has looked at the count and does not believe it: nothing is billed on it."""
        self._check_may_settle()
        if not (reason or "").strip():
            raise UserError(_("Say why the count is rejected: the reason is kept with it."))
        for snapshot in self.sudo():
            snapshot._move("rejected", rejection_reason=reason, **self._prepare_settled_vals(self.env.uid))
            snapshot.activity_unlink([ACTIVITY])

    def _check_may_settle(self):
        """Managers settle the counts that they see; they cannot write them, hence the sudo that follows.

        :raise AccessError: the user is no manager, or may not see these counts
        """
        if not self.env.su and not self.env.user.has_group(MANAGERS):
            raise AccessError(_("Only managers of line counts can approve or reject one."))
        self.check_access_rule("read")

    @api.model
    def _prepare_settled_vals(self, user_id):
        return {"approved_by_id": user_id, "approved_date": fields.Datetime.now()}

    def _approve(self, approved_by_id=False):
        """Compare with the latest approved count, sign, chain, and write the meter reading."""
        self.ensure_one()
        self.env.cr.execute("SELECT id FROM linserv_instance WHERE id = %s FOR UPDATE", [self.instance_id.id])
        previous = self._find_last_approved()
        self._check_follows(previous)
        if previous != self.previous_id:
            self._compare(previous)
        vals = dict(self._prepare_signature_vals(previous), **self._prepare_settled_vals(approved_by_id))
        reading = self.env["linserv.meter.reading"].create([self._prepare_reading_vals()])
        self._move("approved", reading_id=reading.id, signing_error=False, **vals)

    def _check_follows(self, previous):
        if self.state not in ("running", "draft"):
            self._move("approved")
        if self.instance_id.commercial_partner_id != self.commercial_partner_id:
            raise UserError(_("The instance has another customer now. Reject this count and count again."))
        if previous and previous.date >= self.date:
            raise UserError(
                _(
                    "The count of %(date)s is approved already. Reject this older one.",
                    date=fields.Date.to_string(previous.date),
                )
            )

    def _prepare_signature_vals(self, previous):
        self.ensure_one()
        secret = self.company_id._get_code_signing_secret()
        before = previous._get_signed() if previous else None
        statement = statement_text(
            self._get_facts(merkle.chain_hash(before.statement, before.signature) if before else None)
        )
        return {
            "statement": statement,
            "signature": secret._sign(statement.encode("utf-8")).hex(),
            "public_key": secret.public_value,
            "signing_secret_id": secret.id,
        }

    def _get_facts(self, previous_hash):
        """Return what the statement says about this count."""
        self.ensure_one()
        return Facts(
            instance=self.instance_id.technical_name,
            customer=self.commercial_partner_id.name or "",
            date=self.date,
            rule=Rule(self.rule_profile, self.rule_cloc_sha256 or None, self.rule_python),
            root=self.root,
            code=self.code_lines,
            total=self.total_lines,
            previous=previous_hash,
        )

    def _get_signed(self):
        self.ensure_one()
        return Signed(self.statement or "", bytes.fromhex(self.signature or ""))

    def _prepare_reading_vals(self):
        self.ensure_one()
        return {
            "instance_id": self.instance_id.id,
            "company_id": self.company_id.id,
            "meter": "loc",
            "date": self.date,
            "quantity": self.code_lines,
            "evidence_model": self._name,
            "evidence_res_id": self.id,
        }

    def _ask_managers(self):
        """Give each manager of the company an activity: the count waits for one of them."""
        self.ensure_one()
        managers = self.env.ref(MANAGERS).users.filtered(
            lambda user: user.active and self.company_id in user.company_ids
        )
        for manager in managers:
            self.activity_schedule(ACTIVITY, user_id=manager.id, note=self._get_approval_text())

    def _get_faults(self):
        """Return in words what does not fit together in an approved count: nothing, unless it was tampered with."""
        self.ensure_one()
        signed = self._get_signed()
        faults = []
        if not ed25519.is_signed(bytes.fromhex(self.public_key or ""), signed.statement.encode(), signed.signature):
            faults.append(_("The signature does not belong to the statement."))
        if signed.statement != statement_text(self._get_signed_facts()):
            faults.append(_("The count is not what was signed."))
        return faults + self._get_tree_faults()

    def _get_signed_facts(self):
        """Return the facts as they are now, under the names that instance and customer had when it was signed."""
        self.ensure_one()
        facts = self._get_facts(self._get_previous_hash())
        try:
            told = json.loads(self.statement or "{}")
        except ValueError:
            return facts
        return replace(facts, instance=told.get("instance"), customer=told.get("customer"))

    def _get_previous_hash(self):
        if not self.previous_id:
            return None
        before = self.previous_id._get_signed()
        return merkle.chain_hash(before.statement, before.signature)

    def _get_tree_faults(self):
        try:
            tree = self.tree_id._get_tree()
        except TreeRefusedError as error:
            return [_("The list of files is damaged: %s", error.detail)]
        faults = []
        for fault in merkle.tree_faults(tree.as_dict(), self.root, self.code_lines, self.total_lines):
            faults.append(_("The list of files does not give what was signed: %s", fault))
        kept = {module.name: module.code_lines for module in self.module_ids if module.kind != "removed"}
        if kept != tree.lines_by_module():
            faults.append(_("The lines per module are not those of the list of files."))
        return faults

    def action_verify(self):
        """Recompute root, signature and chain, and tell what was found."""
        self.ensure_one()
        if self.state != "approved":
            raise UserError(_("Only an approved count is signed and can be verified."))
        faults = self.sudo()._get_faults()
        message = "\n".join(faults) or _("Root, lines, signature and chain fit together.")
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "title": _("Verification of %s", self.display_name),
                "message": message,
                "type": "danger" if faults else "success",
                "sticky": bool(faults),
            },
        }
