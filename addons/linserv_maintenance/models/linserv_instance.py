import logging

import psycopg2

from odoo import _, api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

from ..domain import due, price
from .linserv_code_snapshot import STATES

_logger = logging.getLogger(__name__)
METER = "loc"
MANAGERS = "linserv_maintenance.linserv_code_snapshot_group_manager"


class LinservInstance(models.Model):
    """Counting the code of an instance."""

    _inherit = "linserv.instance"

    code_snapshot_ids = fields.One2many(
        "linserv.code.snapshot", "instance_id", string="Line counts", groups="base.group_user"
    )
    code_snapshot_count = fields.Integer(compute="_compute_code_snapshots", groups="base.group_user")
    code_last_id = fields.Many2one(
        "linserv.code.snapshot", compute="_compute_code_snapshots", string="Last count", groups="base.group_user"
    )
    code_last_state = fields.Selection(
        STATES, compute="_compute_code_snapshots", string="State of the last count", groups="base.group_user"
    )
    code_error = fields.Text(compute="_compute_code_snapshots", groups="base.group_user")
    code_approved_id = fields.Many2one(
        "linserv.code.snapshot", compute="_compute_code_snapshots", string="Last approved", groups="base.group_user"
    )
    code_lines = fields.Integer(compute="_compute_code_snapshots", string="Lines of code", groups="base.group_user")
    code_date = fields.Date(compute="_compute_code_snapshots", string="Counted as of", groups="base.group_user")
    code_band = fields.Float(
        string="Approval band (%)",
        groups="base.group_user",
        help="A count that departs from the last approved one by at most this much is approved automatically. "
        "0: as the company has it.",
    )
    code_agreed_lines = fields.Integer(
        string="Lines in the agreement",
        groups="base.group_user",
        help="Where the quotation names a number of lines, a first count near it needs no person. 0: none named.",
    )

    @api.constrains("code_band", "code_agreed_lines")
    def _check_code_settings(self):
        for instance in self:
            if not 0 <= instance.code_band <= 100 or instance.code_agreed_lines < 0:
                raise ValidationError(_("The approval band is a percentage from 0 to 100, and lines are not negative."))

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._check_may_steer(vals)
        return super().create(vals_list)

    def write(self, vals):
        self._check_may_steer(vals)
        return super().write(vals)

    @api.model
    def _check_may_steer(self, vals):
        """What decides whether a count needs a person is for those who approve counts, not for who runs the hosts."""
        steers = any(vals.get(name) for name in ("code_band", "code_agreed_lines"))
        if steers and not self.env.su and not self.env.user.has_group(MANAGERS):
            raise AccessError(_("Only managers of line counts set the approval band and the lines in the agreement."))

    def _compute_code_snapshots(self):
        # sudo: whoever sees an instance may see how much code it has, but the counts only with their own right.
        counts, last_ids, approved_ids = self._find_code_snapshots()
        snapshots = self.env["linserv.code.snapshot"].sudo()
        for instance in self:
            last = snapshots.browse(last_ids.get(instance.id)).with_prefetch(list(last_ids.values()))
            approved = snapshots.browse(approved_ids.get(instance.id)).with_prefetch(list(approved_ids.values()))
            instance.code_snapshot_count = counts.get(instance.id, 0)
            instance.code_last_id = last
            instance.code_last_state = last.state
            instance.code_error = last.error
            instance.code_approved_id = approved
            instance.code_lines = approved.code_lines
            instance.code_date = approved.date

    def _find_code_snapshots(self):
        """Return how many counts each instance has, its last one and its last approved one (ids by instance)."""
        self.env["linserv.code.snapshot"].flush(["instance_id", "date", "state"])
        self.env.cr.execute(
            """
            SELECT instance_id, count(*), (array_agg(id ORDER BY date DESC, id DESC))[1],
                   (array_agg(id ORDER BY date DESC, id DESC) FILTER (WHERE state = 'approved'))[1]
              FROM linserv_code_snapshot WHERE instance_id = ANY(%s) GROUP BY instance_id
            """,
            [self.ids],
        )
        rows = self.env.cr.fetchall()
        approved = {instance: approved for instance, _count, _last, approved in rows if approved}
        return {row[0]: row[1] for row in rows}, {row[0]: row[2] for row in rows}, approved

    def action_count_code(self):
        """Count the code of the instances as of today, and show the counts.

        Asking twice on one day gives the same count.
        """
        snapshots = self.env["linserv.code.snapshot"]
        for instance in self:
            snapshots |= instance._count_code(fields.Date.context_today(instance))
        return snapshots._get_action()

    def action_view_code_snapshots(self):
        """Show the instance's counts over time."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("linserv_maintenance.linserv_code_snapshot_action")
        context = {"default_instance_id": self.id}
        return dict(action, domain=[("instance_id", "=", self.id)], context=context, display_name=self.name)

    def _count_code(self, date):
        """Order a count as of `date` and return it; an existing live count of that day is returned instead."""
        self.ensure_one()
        snapshots = self.env["linserv.code.snapshot"]
        snapshots._check_may_count()
        self.check_access_rule("read")
        # sudo: staff order counts through this method only; nobody has a right to write one.
        snapshot = snapshots.sudo()._start(self.sudo(), date)
        return snapshots.browse(snapshot.id)

    @api.model
    def _cron_count_code(self):
        """Count every instance whose month has come; one that cannot be ordered does not stop the others."""
        today = fields.Date.context_today(self)
        self.env["linserv.code.snapshot"]._fail_abandoned()
        for instance in self._get_instances_to_count(today):
            try:
                with self.env.cr.savepoint():
                    instance._count_code(today)
            except (UserError, psycopg2.Error):
                _logger.exception("The count of instance %s could not be ordered", instance.id)

    @api.model
    def _get_instances_to_count(self, today):
        """Return the production instances under maintenance that are due to be counted on `today`."""
        counted = self.search(self._get_counted_domain(today))
        return counted.filtered(lambda instance: instance._is_code_due(today))

    @api.model
    def _get_counted_domain(self, today):
        """Test copies are not counted: their code is that of the production instance."""
        subscriptions = self.env["linserv.subscription"].search(
            [
                ("state", "=", "active"),
                ("service_id.meter", "=", METER),
                ("instance_id", "!=", False),
                "|",
                ("date_end", "=", False),
                ("date_end", ">=", today),
            ]
        )
        return [("kind", "=", "production"), ("id", "in", subscriptions.instance_id.ids)]

    def _is_code_due(self, today):
        self.ensure_one()
        counts = [(snapshot.date, snapshot.state) for snapshot in self.code_snapshot_ids]
        return due.is_due(today, self.company_id.linserv_code_count_day, counts)

    def _get_code_band(self):
        """Return the band in percent within which a count approves itself."""
        self.ensure_one()
        return self.code_band or self.company_id.linserv_code_band

    def _get_agreed_code_lines(self, date):
        """Return the number of lines that the agreement names, 0 where it names none."""
        self.ensure_one()
        return self.code_agreed_lines

    def _find_code_subscription(self, date):
        """Return the subscription that the instance's lines are billed on, as of `date`; maybe none."""
        self.ensure_one()
        found = self.env["linserv.subscription"].search(
            [("instance_id", "=", self.id), ("service_id.meter", "=", METER), ("state", "=", "active")]
        )
        running = found.filtered(lambda sub: not sub.date_end or sub.date_end >= date)
        return running[:1]

    def _get_code_terms(self, date):
        """Return the price that lines of this instance have on `date`: its subscription's, else the service's."""
        self.ensure_one()
        subscription = self._find_code_subscription(date)
        service = subscription.service_id or self._find_code_service()
        unit = subscription.price_ids._in_force(date).price_unit if subscription else service.price_unit
        return price.Price(price.as_decimal(unit), max(int(service.block_size), 1))

    @api.model
    def _find_code_service(self):
        return self.env["linserv.service"].search([("meter", "=", METER)], limit=1)

    def _get_reading_days(self, date):
        """Return how many days a count may be billed on."""
        self.ensure_one()
        service = self._find_code_subscription(date).service_id or self._find_code_service()
        return service.max_reading_age_days
