import logging
from datetime import timedelta

import psycopg2

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..domain import drill_schedule, drills

_logger = logging.getLogger(__name__)
ZONE_FIELDS = {"backup": ("host_id", "db", "linserv_drill_days"), "dr": ("dr_host_id", "dr", "linserv_dr_drill_days")}


class LinservBackupDrill(models.Model):
    """Weekly for every instance on its backup host, monthly on the DR host; one drill at a time on a host."""

    _inherit = "linserv.backup.drill"

    @api.model
    def _cron_order_drills(self):
        """Order the drills that are due, each on its own, and sign those that could not be signed."""
        for company in self.env["linserv.backup.repository"].search([("state", "=", "ready")]).company_id:
            for zone in ("backup", "dr"):
                self._order_due(company, zone)
        self._sign_pending()

    @api.model
    def _order_due(self, company, zone):
        days = timedelta(days=company[ZONE_FIELDS[zone][2]])
        places = self._get_places(company, zone)
        busy = {drill.host_id.id for drill in self.search([("state", "=", "ordered")])}
        for place in drill_schedule.choose(places, days, fields.Datetime.now(), busy):
            self._try_to_order(self.env["linserv.backup.repository"].browse(place.key), zone)

    @api.model
    def _try_to_order(self, repository, zone):
        """Order one drill; what keeps it from being ordered is logged and keeps no other from it."""
        try:
            with self.env.cr.savepoint():
                number = self.search_count([("repository_id", "=", repository.id), ("zone", "=", zone)]) + 1
                return self._order_drill(repository, repository._choose_drill_point(zone, number), zone)
        except (UserError, psycopg2.IntegrityError) as error:
            _logger.warning("the drill of %s on its %s host was not ordered: %s", repository.name, zone, error)
            return self.browse()

    @api.model
    def _get_places(self, company, zone):
        """Return every repository of a company that has something to restore, with what its drills were so far."""
        field, kind, _days = ZONE_FIELDS[zone]
        repositories = self.env["linserv.backup.repository"].search(
            [("company_id", "=", company.id), ("state", "=", "ready"), (field, "!=", False)]
        )
        with_points = self._get_repositories_with_points(repositories, kind)
        history = self._get_history(repositories, zone)
        return [
            drill_schedule.Place(repository.id, repository[field].id, **history.get(repository.id, {}))
            for repository in repositories
            if repository.id in with_points
        ]

    @api.model
    def _get_repositories_with_points(self, repositories, kind):
        domain = [("repository_id", "in", repositories.ids), ("kind", "=", kind), ("state", "=", "proved")]
        groups = self.env["linserv.backup.point"].read_group(domain, ["repository_id"], ["repository_id"])
        return {group["repository_id"][0] for group in groups}

    @api.model
    def _get_history(self, repositories, zone):
        """Return {repository: values of its Place} in one query."""
        self.flush()
        self.env.cr.execute(
            """
            SELECT repository_id,
                   max(date_ended) FILTER (WHERE state = ANY(%(held)s)) AS held,
                   max(date_ended) FILTER (WHERE state = 'failed') AS failed,
                   bool_or(state = 'ordered') AS is_open,
                   (array_agg(failure_class ORDER BY date_ended DESC NULLS LAST)
                       FILTER (WHERE state = 'failed'))[1] AS failure_class
              FROM linserv_backup_drill WHERE repository_id = ANY(%(ids)s) AND zone = %(zone)s
             GROUP BY repository_id
            """,
            {"held": list(drills.HELD), "ids": repositories.ids, "zone": zone},
        )
        return {row.pop("repository_id"): row for row in self.env.cr.dictfetchall()}
