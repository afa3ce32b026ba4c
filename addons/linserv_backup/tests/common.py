"""Builders for the tests of backups."""

from datetime import timedelta

from odoo import fields

from odoo.addons.linserv_hosting.tests.common import HostingCase

from ..domain import slots

MORNING = fields.Datetime.to_datetime("2026-11-02 10:00:30")


def epoch(moment):
    """Return a Datetime of Odoo as seconds since 1970."""
    return int((moment - fields.Datetime.to_datetime("1970-01-01")).total_seconds())


def manifest(repository, kind, slot, **changes):
    """Return an honest manifest of a point; slot is an epoch."""
    text = slots.to_text(slot)
    document = {
        "format": 1,
        "repository": repository.name,
        "instance": repository.instance_id.technical_name,
        "kind": kind,
        "name": "%s-%s" % (kind, text),
        "slot": text,
        "generation": 1,
        "form": "patch" if kind == "db" else "files",
        "taken_from": slot + 5.0,
        "taken_to": slot + 9.0,
        "dump": {"bytes": 250000, "sha256": "2" * 64},
        "counts": {"res_partner": 1200, "res_users": 50},
        "rows": 1250,
        "files": {"count": 30, "bytes": 9000, "new": 2, "root": "3" * 64, "missing": []},
        "tools": {"borg": "1.4.2"},
        "judged": "good",
        "reasons": [],
        "clock_skew": 0,
        "bytes_stored": 480,
    }
    if kind == "fs":
        for name in ("dump", "counts", "rows"):
            document.pop(name)
    document.update(changes)
    return document


class BackupCase(HostingCase):
    """One customer with an instance on a host, a backup host and a DR host; none is called unless a test says so."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.host = cls.make_host()
        cls.backup_host = cls.make_host(name="backup1", address="backup.invalid", backup_role="backup")
        cls.dr_host = cls.make_host(name="dr1", address="dr.invalid", backup_role="dr")
        cls.instance = cls.make_instance(cls.host, technical_name="norrvik-prod")
        cls.repository = cls.make_repository(state="ready")

    @classmethod
    def make_repository(cls, instance=None, **vals):
        """Create the repository of an instance on the backup host and the DR host."""
        defaults = {"host_id": cls.backup_host.id, "dr_host_id": cls.dr_host.id}
        instance = instance or cls.instance
        return cls.env["linserv.backup.repository"].create([dict(defaults, instance_id=instance.id, **vals)])

    @classmethod
    def make_plan(cls, repository=None, **vals):
        """Create a plan, DB 90/48 of the repository unless something else is said, that begins at MORNING's hour."""
        defaults = {
            "repository_id": (repository or cls.repository).id,
            "kind": "db",
            "days": 90,
            "points": 48,
            "date_from": "2026-11-01",
            "date_begun": "2026-11-02 09:59:00",
            "jitter_seconds": 0,
        }
        return cls.env["linserv.backup.plan"].create([dict(defaults, **vals)])

    @classmethod
    def make_subscription(cls, instance=None, policy="DB 90/48, FS 90/4, DR 14/1", start="2026-06-01", **vals):
        """Create a contract with a backup of the instance in force."""
        instance = instance or cls.instance
        contract = cls.env["linserv.contract"].create([{"partner_id": instance.partner_id.id, "date_start": start}])
        service = cls.env["linserv.service"].search([("code", "=", "backup")])
        return cls.env["linserv.subscription"].create(
            [
                dict(
                    {
                        "contract_id": contract.id,
                        "service_id": service.id,
                        "instance_id": instance.id,
                        "date_start": start,
                        "state": "active",
                        "policy": policy,
                    },
                    **vals,
                )
            ]
        )

    @classmethod
    def make_user(cls, login, *groups, **vals):
        """Create a user of the staff with these groups."""
        refs = [(4, cls.env.ref(group).id) for group in ("base.group_user",) + groups]
        defaults = {"name": login, "login": login, "email": login + "@example.com", "groups_id": refs, "lang": "en_US"}
        return cls.env["res.users"].with_context(no_reset_password=True).create([dict(defaults, **vals)])

    @classmethod
    def make_points(cls, plan, count, until, state="proved", **vals):
        """Create `count` points of a plan of half hours, the newest at `until` (Datetime)."""
        points = cls.env["linserv.backup.point"].create(
            [
                dict(
                    {
                        "repository_id": plan.repository_id.id,
                        "plan_id": plan.id,
                        "kind": plan.kind,
                        "slot": until - timedelta(minutes=30 * number),
                        "name": slots.point_name(plan.kind, epoch(until) - 1800 * number),
                        "state": state,
                        "date_proved": until,
                        "rows": 1250,
                        "dump_bytes": 250000,
                    },
                    **vals,
                )
                for number in range(count)
            ]
        )
        if state == "proved":
            points[:1]._become_last()
        return points

    def answer(self, point, **changes):
        """Let the host answer the point's run with an honest manifest, or one that is changed."""
        result = manifest(point.repository_id, point.kind, epoch(point.slot), **changes)
        point._on_run_done(point.run_id, result)
        return point

    def refuse(self, point, code, retryable=False, message="no"):
        """Let the point's run fail."""
        point._on_run_failed(point.run_id, {"code": code, "message": message, "retryable": retryable})
        return point

    def listing(self, points, **changes):
        """Return a repository's list of these points at the present moment."""
        rows = [
            {"name": point.name, "kind": point.kind, "form": point.form or "patch", "bytes": 480, "judged": "good"}
            for point in points
        ]
        document = {
            "points": rows,
            "clock": epoch(fields.Datetime.now()),
            "free_bytes": 5 * 10**9,
            "total_bytes": 9 * 10**9,
            "repository_bytes": 10**9,
            "held": {},
            "trash": [],
            "damaged": [],
        }
        return dict(document, **changes)

    def list_now(self, points, occasion="now", **changes):
        """Let the repository be listed, and return its newest proof of the database."""
        repository = self.repository
        run = repository._order_run(repository.host_id, "repo.list", {}, "backup.list:test:%s" % occasion)
        repository._on_run_done(run, self.listing(points, **changes))
        return self.env["linserv.backup.proof"].search(
            [("repository_id", "=", repository.id), ("kind", "=", "db")], limit=1
        )
