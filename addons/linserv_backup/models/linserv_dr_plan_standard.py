from odoo import _, models


class LinservDrPlan(models.Model):
    """What every plan begins with, in the language of the context."""

    _inherit = "linserv.dr.plan"

    def _prepare_contacts(self):
        """Return who is called: those who lead at Linserv, then the people of the customer's contracts."""
        ours = [user.partner_id for user in (self.user_id, self.deputy_id) if user]
        contracts = self.env["linserv.contract"].sudo()
        domain = [("commercial_partner_id", "=", self.partner_id.id), ("state", "=", "active")]
        theirs = contracts.search(domain).partner_id | self.partner_id
        leads, decides = _("Leads the recovery"), _("Decides for the customer")
        rows = [(partner, "linserv", leads) for partner in ours] + [
            (partner, "customer", decides) for partner in theirs
        ]
        return [
            {"partner_id": partner.id, "side": side, "role": role, "sequence": number * 10}
            for number, (partner, side, role) in enumerate(rows, 1)
        ]

    def _prepare_standard_steps(self):
        """Return the steps that every recovery has."""
        rows = [
            self._step_what_happened(),
            self._step_stop(),
            self._step_choose(),
            self._step_host(),
            self._step_restore(),
            self._step_modules(),
            self._step_test(),
            self._step_open(),
            self._step_afterwards(),
        ]
        return [
            {"sequence": number * 10, "who": who, "minutes": minutes, "name": name, "description": text}
            for number, (who, minutes, name, text) in enumerate(rows, 1)
        ]

    def _step_what_happened(self):
        text = _(
            "The lead takes command, opens a log of times and decides whether this is a disaster: the instance "
            "cannot be brought up within the agreed time where it is. The customer is called and told."
        )
        return "lead", 15, _("Establish what has happened"), text

    def _step_stop(self):
        text = _(
            "What is damaged is disconnected, so that nothing more is written and nothing is sent. Deletion of "
            "backups is held. At a suspected intrusion nothing is switched off before traces are secured."
        )
        return "technician", 15, _("Stop what goes on"), text

    def _step_choose(self):
        text = _(
            "Lead and customer choose the point to go back to: as a rule the last proved one, at an intrusion or "
            "a mistake the last one before it. What has been entered since then is entered again."
        )
        return "customer", 15, _("Choose the point"), text

    def _step_host(self):
        text = _(
            "A host from the VM pool with Debian, PostgreSQL, Odoo and the agent; its host key is pinned in "
            "Linserv's system."
        )
        return "technician", 30, _("Prepare a host"), text

    def _step_restore(self):
        text = _(
            "The point is ordered as a restore to the new host: from the backup host, or from the disaster "
            "recovery host when the backup host is lost too. It is compared by SHA-256, its rows are counted and "
            "its files checked before anybody can see it."
        )
        return "technician", 30, _("Restore the point"), text

    def _step_modules(self):
        text = _(
            "The customer's modules and configuration come from the last file point; then the services are started."
        )
        return "technician", 15, _("Restore modules and configuration"), text

    def _step_test(self):
        text = _(
            "The customer signs in, looks at its latest orders and invoices, and approves or says what is missing."
        )
        return "customer", 30, _("Test with the customer"), text

    def _step_open(self):
        text = _("The name is pointed to the new host, mail and scheduled actions are switched on, users are told.")
        return "technician", 15, _("Open for the users"), text

    def _step_afterwards(self):
        text = _(
            "Backups of the new host are started and proved the same day. Within five working days the lead "
            "writes down what happened, what was lost and what will be changed; the plan gets a new version."
        )
        return "lead", 30, _("Follow up afterwards"), text
