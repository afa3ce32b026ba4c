import json

from odoo import _, api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import plaintext2html

from ..domain import difference, jumps, price, tree_check, tree_store
from ..domain.statement import Rule
from ..domain.tree_values import FILE_OK
from ..domain.value_check import TreeRefusedError, printable

#: Seconds that a host may count; an instance of a million lines takes a few minutes.
COUNT_DEADLINE = 3600


class LinservCodeSnapshot(models.Model):
    """Ordering a count and taking over what the host answers."""

    _inherit = "linserv.code.snapshot"

    def _check_may_count(self):
        """Counts are ordered by staff through methods: nobody may write a count, so these go through sudo.

        :raise AccessError: the user does not belong to the staff that counts, or may not see these counts
        """
        if not self.env.su and not self.env.user.has_group("linserv_maintenance.linserv_code_snapshot_group_user"):
            raise AccessError(_("Only those who work with line counts can order or cancel one."))
        self.check_access_rule("read")

    @api.model
    def _start(self, instance, date):
        """Return the count of `instance` as of `date`: the one that exists, or a new one that is ordered now.

        A failed count of the same instance is tried again on the same record; its runs keep the history.
        """
        instance.ensure_one()
        # Two people who press the button at once get the same count.
        self.env.cr.execute("SELECT id FROM linserv_instance WHERE id = %s FOR UPDATE", [instance.id])
        live = self._find_live(instance, date)
        if live:
            return live
        failed = self.search([("instance_id", "=", instance.id), ("state", "=", "failed")], limit=1)
        if failed:
            # The instance may have got another customer since: the count is the one's that has it now.
            owner = self._prepare_snapshot_vals(instance, date)
            failed._move("running", **dict(owner, **self._prepare_retry_vals(date)))
        else:
            failed = self.create([self._prepare_snapshot_vals(instance, date)])
        failed._order_count()
        return failed

    @api.model
    def _find_live(self, instance, date):
        """A count that is still running is the answer for any day; a finished one only for its own."""
        domain = [("instance_id", "=", instance.id), "|", ("state", "=", "running")]
        return self.search(domain + ["&", ("date", "=", date), ("state", "in", ("draft", "approved"))], limit=1)

    @api.model
    def _prepare_snapshot_vals(self, instance, date):
        return {
            "instance_id": instance.id,
            "company_id": instance.company_id.id,
            "partner_id": instance.partner_id.id,
            "date": date,
        }

    @api.model
    def _prepare_retry_vals(self, date):
        return {"date": date, "error": False, "error_code": False, "error_detail": False, "run_id": False}

    def _order_count(self):
        """Queue the run; a count that cannot even be ordered fails like one that failed on the host."""
        self.ensure_one()
        instance = self.instance_id
        if not instance.host_id:
            self._fail("no_host", "")
            return
        known = self._find_known_tree()
        args = {"profile": instance.series, "known_root": known.root or None}
        attempt = (
            self.env["linserv.run"].sudo().search_count([("res_model", "=", self._name), ("res_id", "=", self.id)])
        )
        self.run_id = instance.host_id.sudo()._queue_run(
            "code.count",
            args,
            instance=instance,
            origin=self,
            idempotency_key="code.count:%s:%s" % (self.id, attempt),
            deadline=COUNT_DEADLINE,
            detached=True,
        )

    def _find_known_tree(self):
        """The list of the latest believed count: the host need not send it again."""
        domain = [("instance_id", "=", self.instance_id.id), ("tree_id", "!=", False)]
        return self.search(domain + [("state", "in", ("draft", "approved"))], limit=1).tree_id

    def _on_run_done(self, run, result):
        super()._on_run_done(run, result)
        if run != self.run_id or self.state not in ("running", "failed"):
            return
        if self.state == "failed":
            # Somebody pressed "retry" on the run itself: what was counted now is no count of the day it failed.
            self._move("running", **dict(self._prepare_retry_vals(fields.Date.context_today(self)), run_id=run.id))
        try:
            count, tree_record = self._check_result(run, result)
        except TreeRefusedError as error:
            self._fail(error.code, error.detail)
            return
        self._take_count(count, tree_record)
        self._decide()

    def _on_run_failed(self, run, error):
        if run == self.run_id and self.state == "running":
            self._fail(error.get("code") or "unknown", error.get("message") or "")
        return super()._on_run_failed(run, error)

    def _check_result(self, run, result):
        """Return the checked count and the record of its list.

        :raise TreeRefusedError: nothing of the answer may be believed
        """
        self.ensure_one()
        asked = json.loads(run.args or "{}")
        count = tree_check.check_count(result, asked.get("known_root"), tree_store.root_of)
        if count.rule.profile != asked.get("profile"):
            raise TreeRefusedError("profile_differs", count.rule.profile)
        trees = self.env["linserv.code.tree"]
        if count.tree:
            return count, trees._keep(self.instance_id, count.root, count.tree)
        kept = trees.search([("instance_id", "=", self.instance_id.id), ("root", "=", count.root)])
        if not kept:
            raise TreeRefusedError("unchanged_unknown", count.root)
        return count, kept

    def _take_count(self, count, tree_record):
        """Write the checked count, its modules and notes."""
        self.ensure_one()
        tree = count.tree or tree_record._get_tree()
        self.write(self._prepare_count_vals(count.root, count.rule, tree, tree_record))
        self.note_ids.unlink()
        self._create_notes(tree.notes)
        self._compare(self._find_last_approved(), tree)

    def _prepare_count_vals(self, root, rule: Rule, tree, tree_record):
        files = [file for module in tree.modules for file in module.files]
        counted = files + list(tree.customisations)
        terms = self.instance_id._get_code_terms(self.date)
        return {
            "root": root,
            "tree_id": tree_record.id,
            "rule_profile": rule.profile,
            "rule_cloc_sha256": rule.cloc_sha256 or False,
            "rule_python": rule.python,
            "code_lines": tree.code,
            "total_lines": tree.total,
            "module_count": len(tree.modules),
            "file_count": len(files),
            "error_count": sum(item.state != FILE_OK for item in counted),
            "price_unit": float(terms.per_block),
            "block_size": terms.block_size,
            "block_count": price.blocks(tree.code, terms.block_size),
            "amount": float(price.monthly_fee(tree.code, terms)),
        }

    def _compare(self, previous, tree=None):
        """Write the difference from `previous` (an approved count, or none), per module and in all."""
        self.ensure_one()
        tree = tree or self.tree_id._get_tree()
        before = {module.name: module.code_lines for module in previous.module_ids if module.kind != "removed"}
        found = difference.compare(before, tree.lines_by_module(), self._get_price())
        modules = self.env["linserv.code.snapshot.module"]
        self.module_ids.unlink()
        modules.create(modules._prepare_module_vals_list(self, found, tree, bool(previous)))
        self.write(self._prepare_change_vals(previous, found))
        self._note_jumps(previous, found)

    @api.model
    def _prepare_change_vals(self, previous, found):
        if not previous:
            return {"previous_id": False, "change_lines": 0, "change_amount": 0, "rounding_amount": 0}
        return {
            "previous_id": previous.id,
            "change_lines": found.lines,
            "change_amount": float(found.amount),
            "rounding_amount": float(found.rounding),
        }

    def _note_jumps(self, previous, found):
        self.note_ids.filtered(lambda note: note.kind == jumps.JUMP).unlink()
        if previous:
            self._create_notes(jumps.jumps(found, price.as_decimal(self.instance_id._get_code_band())))

    def _create_notes(self, notes):
        notes_model = self.env["linserv.code.snapshot.note"]
        notes_model.create([notes_model._prepare_note_vals(self, note) for note in notes])

    def _get_price(self):
        self.ensure_one()
        return price.Price(price.as_decimal(self.price_unit), self.block_size)

    def _find_last_approved(self):
        """The approved count that this one follows; the chain has no forks."""
        self.ensure_one()
        domain = [("instance_id", "=", self.instance_id.id), ("state", "=", "approved"), ("id", "!=", self.id)]
        return self.search(domain, limit=1)

    def _fail(self, code, detail):
        """End the count without a number; nothing is billed on it."""
        self.ensure_one()
        text = self._get_failure_text(code, detail)
        self._move("failed", error_code=code, error_detail=printable(detail), error=text)
        self.message_post(body=plaintext2html(text))

    def action_cancel(self):
        """Stop a count that is still running."""
        self._check_may_count()
        for snapshot in self.sudo():
            if snapshot.state != "running":
                raise UserError(_("%s is not being counted.", snapshot.display_name))
            if snapshot.run_id.state in ("queued", "sending", "running"):
                snapshot.run_id.action_cancel()
            if snapshot.state == "running":
                snapshot._fail("cancelled", "")

    @api.model
    def _fail_abandoned(self):
        """End counts whose run ended without telling them: cancelled or removed by a person."""
        for snapshot in self.search([("state", "=", "running")]):
            if not snapshot.run_id or snapshot.run_id.state in ("cancelled", "failed"):
                snapshot._fail(snapshot.run_id.error_code or "cancelled", snapshot.run_id.error or "")

    def action_retry(self):
        """Count again, as of today."""
        self._check_may_count()
        for snapshot in self.sudo().filtered(lambda snapshot: snapshot.state == "failed"):
            snapshot.instance_id._count_code(fields.Date.context_today(snapshot))
