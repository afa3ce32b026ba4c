from odoo import _, models
from odoo.tools import html_escape

BILLING_TODO = "linserv_contract.mail_activity_billing"
ALIKE = 10


class LinservBillingRun(models.Model):
    """Every error has a person: a to-do on the contract, done by itself when the contract is billed."""

    _inherit = "linserv.billing.run"

    def _tell_people(self):
        """Give a to-do for each contract that was not billed in full; take back those that were put right."""
        lines = self.line_ids
        wrong = lines.filtered("reason")
        self._take_back_todos(lines - wrong)
        for alike in wrong._grouped_by_reason():
            if len(alike) > ALIKE:
                self._tell_of_many(alike)
            else:
                for line in alike:
                    line._tell_person()
        self._tell_about_unsent()

    def _take_back_todos(self, lines):
        """Done by themselves: nobody has to tick off what the run has seen to be right."""
        lines.contract_id.activity_unlink([BILLING_TODO])

    def _tell_of_many(self, lines):
        """One fault that hits many contracts is one to-do, on the run."""
        self._take_back_todos(lines)
        self.activity_unlink([BILLING_TODO])
        self.with_context(mail_activity_quick_update=True).activity_schedule(
            BILLING_TODO,
            user_id=self._person().id,
            summary=_("%s contracts were not billed, for the same reason", len(lines)),
            note=html_escape(lines[0].reason),
        )

    def _tell_about_unsent(self):
        """One to-do on each invoice that could not be sent."""
        for move in self.move_ids.filtered("linserv_send_state"):
            todo = move.activity_ids.filtered(lambda act: act.activity_type_id == self.env.ref(BILLING_TODO))
            if move.linserv_send_state == "failed" and not todo:
                person = self._person(move.linserv_contract_ids[:1].user_id)
                move.with_context(mail_activity_quick_update=True).activity_schedule(
                    BILLING_TODO,
                    user_id=person.id,
                    summary=_("Invoice %s was not sent", move.name),
                    note=html_escape(move.linserv_send_error or ""),
                )
            elif move.linserv_send_state != "failed" and todo:
                move.activity_unlink([BILLING_TODO])

    def _person(self, first=None):
        """Return who acts: the salesperson, else the billing responsible, else whoever made the run."""
        candidates = [first, self.company_id.linserv_billing_user_id, self.create_uid, self.env.user]
        for user in candidates:
            if user and user.active and self.company_id in user.company_ids:
                return user
        return self.env.user


class LinservBillingRunLine(models.Model):
    _inherit = "linserv.billing.run.line"

    def _grouped_by_reason(self):
        """Return these lines as record sets of one reason each."""
        groups = {}
        for line in self:
            groups[line.reason] = groups.get(line.reason, self.browse()) | line
        return list(groups.values())

    def _tell_person(self):
        """Give the to-do of this line to its person; the one that is there already is brought up to date."""
        contract = self.contract_id
        person = self.run_id._person(contract.user_id)
        summary = _("Not billed") if self.state == "failed" else _("Not billed in full")
        note = html_escape(self.reason).replace("\n", "<br/>")
        todo = contract.activity_reschedule([BILLING_TODO], new_user_id=person.id)
        if todo:
            todo.write({"summary": summary, "note": note})
        else:
            contract.with_context(mail_activity_quick_update=True).activity_schedule(
                BILLING_TODO, user_id=person.id, summary=summary, note=note
            )
