from odoo import _, api, fields, models
from odoo.exceptions import UserError

from ..domain import backup_policy
from .linserv_service_policy import read_policy


class SaleOrder(models.Model):
    """What keeps a quotation from being sent and signed; asked before, so that nobody signs in vain."""

    _inherit = "sale.order"

    linserv_problems = fields.Text(compute="_compute_linserv_problems")

    @api.depends(
        "order_line.linserv_service_id",
        "order_line.linserv_instance_id",
        "linserv_instance_id",
        "linserv_new_instance",
        "linserv_contract_id",
        "linserv_date_start",
    )
    def _compute_linserv_problems(self):
        for order in self:
            order.linserv_problems = "\n".join(order._linserv_find_problems())

    def action_quotation_send(self):
        self._linserv_check()
        return super().action_quotation_send()

    def _linserv_check(self):
        """Raise a UserError that says everything that is missing."""
        for order in self:
            problems = order._linserv_find_problems()
            if problems:
                title = _("%s cannot be sold as it is:", order.name)
                raise UserError("\n".join([title, *problems]))

    def _linserv_find_problems(self):
        """Return sentences; none when the order can become a contract.

        sudo: the customer who signs, and a salesperson, have no rights on contracts and subscriptions.
        """
        self.ensure_one()
        order = self.sudo()
        lines = order.order_line.filtered(lambda line: line.linserv_service_id and not line.linserv_subscription_ids)
        if not lines or order.state not in ("draft", "sent"):
            return []
        found = order._linserv_contract_problems() + order._linserv_instance_problems(lines)
        return found or (order._linserv_backup_problems(lines) + order._linserv_sold_problems(lines))

    def _linserv_contract_problems(self):
        contract = self.linserv_contract_id
        if not contract:
            return []
        if contract.commercial_partner_id != self.partner_id.commercial_partner_id:
            return [_("Contract %s is another customer's.", contract.name)]
        if contract.state != "active" or contract.date_end:
            return [_("Contract %s is ending or not in force: nothing can be added to it.", contract.name)]
        if contract.currency_id != self.currency_id:
            return [_("Contract %s is in another currency.", contract.name)]
        return []

    def _linserv_instance_problems(self, lines):
        problems = []
        for line in lines:
            service, instance = line.linserv_service_id, line._linserv_instance()
            if service.instance_required and not line._linserv_instance_name():
                problems.append(_("%s is sold per instance: choose the instance, or name a new one.", service.name))
            elif instance and instance.commercial_partner_id != self.partner_id.commercial_partner_id:
                problems.append(_("The instance %s is another customer's.", instance.name))
        return problems

    def _linserv_backup_problems(self, lines):
        """Rule 65: what needs a backup is not sold without it. The backup may be on the order or in force already."""
        problems = []
        start = self._linserv_start()
        for line in lines.filtered("linserv_service_id.required_policy"):
            instance = line._linserv_instance()
            same = lines.filtered(lambda other, instance=instance: other._linserv_instance() == instance)
            offers = [backup_policy.Offer(start, None, read_policy(other.linserv_service_id.policy)) for other in same]
            running = instance.subscription_ids.filtered(lambda sub: sub.state in ("active", "ended"))
            offers += [offer for each in running for offer in each._backup_offers()]
            gap = backup_policy.first_gap(read_policy(line.linserv_service_id.required_policy), start, None, offers)
            if gap:
                problems.append(
                    _(
                        "%(service)s on %(instance)s needs at least the backup %(policy)s: add BACKUP to it.",
                        service=line.linserv_service_id.name,
                        instance=line._linserv_instance_name(),
                        policy=gap[1],
                    )
                )
        return problems

    def _linserv_sold_problems(self, lines):
        """A service that runs on the instance already is not sold a second time."""
        problems = []
        start = self._linserv_start()
        for line in lines.filtered(lambda line: line.linserv_interval != "once"):
            running = line._linserv_instance().subscription_ids.filtered(
                lambda sub, line=line: (
                    sub.service_id == line.linserv_service_id
                    and sub.state == "active"
                    and not (sub._last_day() and sub._last_day() < start)
                )
            )
            for subscription in running[:1]:
                problems.append(
                    _(
                        "%(service)s is in force on %(instance)s already, by contract %(contract)s.",
                        service=line.linserv_service_id.name,
                        instance=subscription.instance_id.name,
                        contract=subscription.contract_id.name,
                    )
                )
        return problems

    def _linserv_start(self):
        """Return the day the services begin: the agreed one, or today."""
        return self.linserv_date_start or fields.Date.context_today(self)
