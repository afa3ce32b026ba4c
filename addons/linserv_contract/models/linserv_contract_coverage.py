from odoo import _, api, fields, models

from ..domain import states
from ..domain.hours import format_minutes
from .coverage_desk import CoverageDesk
from .linserv_work_type import CATEGORIES


class LinservContract(models.Model):
    """What a contract includes: the one question asked by tickets, restarts, restores, patches and upgrades."""

    _inherit = "linserv.contract"

    deviation_ids = fields.One2many(
        "linserv.coverage.deviation", "contract_id", string="Own agreements", groups="base.group_user"
    )
    coverage_html = fields.Html(compute="_compute_coverage_html", sanitize=False, groups="base.group_user")

    def _compute_coverage_html(self):
        for contract in self:
            contract.coverage_html = contract._render_coverage()

    def _render_coverage(self):
        """Return the matrix of the contract as staff sees it on the form, one for each instance that differs."""
        if not isinstance(self.id, int):
            return ""
        values = {"sections": self._prepare_coverage_sections(planned=self.state == "draft")}
        return self.env["ir.qweb"]._render("linserv_contract.coverage_staff", values)

    def coverage(self, work_type_code, instance=None, date=None, minutes=0):
        """Return the CoverageAnswer: is the work included in this contract, and if not, what does it cost?

        :param work_type_code: code of a linserv.work.type
        :param instance: the linserv.instance that the work is on; without it the contract as a whole is asked
        :param date: the day of the work, by default today
        :param minutes: how long the work is known to take; above what a ticket authorises it needs approval
        :raise UserError: there is no such work type
        """
        self.ensure_one()
        self.check_access_rights("read")
        self.check_access_rule("read")
        work_type = self.env["linserv.work.type"].sudo()._get(work_type_code)
        return self._coverage_desk(instance, date).answer(work_type, minutes)

    def _coverage_desk(self, instance=None, day=None, planned=False):
        """Return the desk that answers for this contract.

        sudo: a customer or technician who may read the contract has no right on its services, rules and quotas.
        """
        contract = self.sudo()
        instance = instance.sudo() if instance else self.env["linserv.instance"].sudo()
        day = fields.Date.to_date(day) or fields.Date.context_today(self)
        return CoverageDesk(contract, instance, day, planned, self.env.su)

    def _covering_services(self, day, planned=False):
        """Return the recurring services that run on ``day``; with ``planned`` those of a draft contract too."""
        allowed = states.BILLABLE | {"draft"} if planned else states.BILLABLE
        day = max(day, self.date_start) if planned and self else day
        contracts = self.filtered(lambda each: each.state in allowed and each._is_on(day))
        recurring = contracts.subscription_ids.filtered(lambda sub: sub.billing_interval != "once")
        return recurring.filtered(lambda sub: sub.state in allowed and sub._is_on(day))

    def _is_on(self, day):
        """Tell whether ``day`` lies between first and last day."""
        return self.date_start <= day and (not self.date_end or day <= self.date_end)

    @api.model
    def _best_coverage(self, partner, work_type_code, instance=None, date=None, minutes=0):
        """Return the best answer of all contracts of the customer; of none when the customer has none.

        sudo: who handles a ticket or a restart need not have rights on contracts.
        """
        day = fields.Date.to_date(date) or fields.Date.context_today(self)
        work_type = self.env["linserv.work.type"].sudo()._get(work_type_code)
        contracts = self._in_force_of(partner, instance, day) or [self.browse()]
        desks = [contract._coverage_desk(instance, day) for contract in contracts]
        # Of equal answers the contract with the instance's own services speaks.
        desks.sort(key=lambda desk: instance not in desk.services.instance_id if instance else False)
        return min((desk.answer(work_type, minutes) for desk in desks), key=lambda answer: answer.rank)

    @api.model
    def _in_force_of(self, partner, instance, day):
        """Return the contracts of the customer that run on ``day``, in the instance's company when there is one."""
        domain = [
            ("commercial_partner_id", "=", partner.commercial_partner_id.id),
            ("state", "in", tuple(states.BILLABLE)),
            ("date_start", "<=", day),
            "|",
            ("date_end", "=", False),
            ("date_end", ">=", day),
        ]
        if instance:
            domain.append(("company_id", "=", instance.company_id.id))
        return self.sudo().search(domain, order="date_start, id").sudo(self.env.su)

    def _prepare_coverage_sections(self, planned=False, date=None):
        """Return the matrix: for each instance of the contract its categories with one row for each work type.

        Instances to which exactly the same applies share a section.
        """
        self.ensure_one()
        contract = self.sudo()
        day = fields.Date.to_date(date) or fields.Date.context_today(self)
        instances = contract._covering_services(day, planned).instance_id.sorted("name")
        sections = []
        for instance in instances or [instances]:
            groups = self._prepare_coverage_groups(contract._coverage_desk(instance, day, planned))
            same = [section for section in sections if section["groups"] == groups]
            if same:
                same[0]["instances"].append(instance.name)
            else:
                sections.append({"key": instance.id or 0, "instances": [instance.name], "groups": groups})
        for section in sections:
            section["name"] = ", ".join(filter(None, section["instances"])) or _("The contract")
        return sections

    def _prepare_coverage_groups(self, desk):
        labels = dict(self.env["linserv.work.type"]._fields["category"]._description_selection(self.env))
        work_types = self.env["linserv.work.type"].sudo().search([("active", "=", True)])
        groups = []
        for category, _label in CATEGORIES:
            rows = [
                self._prepare_coverage_row(desk.answer(work_type))
                for work_type in work_types
                if work_type.category == category
            ]
            if rows:
                groups.append({"category": category, "name": labels[category], "rows": rows})
        return groups

    @api.model
    def _prepare_coverage_row(self, answer):
        """Return one row of the matrix as plain values."""
        return {
            "code": answer.work_type.code,
            "name": answer.work_type.name,
            "description": answer.work_type.description or "",
            "outcome": answer.outcome,
            "is_free": answer.reason_code == "is_free",
            "why": answer.why,
            "payment": answer.payment,
            "left": _("%s left", answer.quota_left),
            "quota_used": answer.quota_used,
            "quota_limit": answer.quota_limit if answer.outcome == "quota" or answer.quota_used else 0,
            "quota_percent": min(100, 100 * answer.quota_used // answer.quota_limit) if answer.quota_limit else 0,
        }

    def _prepare_portal_coverage_values(self, section_key=None):
        """Return the values of the customer's page; an unknown section is the first.

        sudo: see ``_coverage_desk``; only this contract's own values leave this method.
        """
        self.ensure_one()
        sections = self._prepare_coverage_sections()
        chosen = [section for section in sections if str(section["key"]) == section_key] or sections
        return {
            "sections": sections,
            "section": chosen[0],
            "packs": self.sudo()._prepare_portal_packs(),
            "intro": self._say_portal_intro(),
        }

    def _say_portal_intro(self):
        limit = format_minutes(self.sudo().company_id.linserv_ticket_minutes)
        return _(
            "This is what holds today. All prices exclude VAT. When you send a ticket you authorise up to %s "
            "chargeable hours; before it takes longer we ask you.",
            limit,
        )
