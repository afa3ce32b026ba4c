"""Builders for the tests of line counts; a real host where one is wanted."""

import json

from odoo import fields

from odoo.addons.linserv_hosting.tests.common import HostingCase

from ..domain.merkle import snapshot_root
from .tree_builders import answer, file_row, module, tree

OCTOBER = fields.Date.to_date("2026-10-20")
NOVEMBER = fields.Date.to_date("2026-11-20")


def honest(told_tree):
    """Return an honest answer: its root is the tree's."""
    return answer(told_tree, root=snapshot_root(told_tree))


def tree_of(lines, **more):
    """Return a tree of modules given as {name: lines of code}."""
    modules = [module(name, [file_row("models/a.py", code, code + 5)]) for name, code in sorted(lines.items())]
    return tree(modules, **more)


class CodeCase(HostingCase):
    """One customer with a production instance under maintenance, on a host that is never called."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("en_US")
        cls.env.user.lang = "en_US"
        cls.host = cls.make_host()
        cls.instance = cls.make_instance(cls.host, technical_name="norrvik-prod")
        cls.manager = cls.make_user("karin", "linserv_maintenance.linserv_code_snapshot_group_manager")
        cls.user = cls.make_user("olof", "linserv_maintenance.linserv_code_snapshot_group_user")
        cls.snapshots = cls.env["linserv.code.snapshot"]

    @classmethod
    def make_user(cls, login, *groups, **vals):
        """Create a user of the staff with these groups."""
        refs = [(4, cls.env.ref(group).id) for group in ("base.group_user",) + groups]
        defaults = {
            "name": login.capitalize(),
            "login": login,
            "email": login + "@example.com",
            "groups_id": refs,
            "lang": "en_US",
        }
        return cls.env["res.users"].with_context(no_reset_password=True).create([dict(defaults, **vals)])

    @classmethod
    def make_portal_user(cls, login, partner):
        """Create a portal user who belongs to `partner`."""
        person = cls.env["res.partner"].create(
            [{"name": login, "parent_id": partner.id, "email": login + "@example.com", "lang": "sv_SE"}]
        )
        refs = [(6, 0, [cls.env.ref("base.group_portal").id])]
        vals = {
            "login": login,
            "password": login + "-secret",
            "partner_id": person.id,
            "groups_id": refs,
            "lang": "sv_SE",
        }
        return cls.env["res.users"].with_context(no_reset_password=True).create([vals])

    @classmethod
    def make_maintenance(cls, instance=None, price=175.0):
        """Create a contract with maintenance of the instance in force since the summer."""
        instance = instance or cls.instance
        contract = cls.env["linserv.contract"].create(
            [{"partner_id": instance.partner_id.id, "date_start": "2026-06-01"}]
        )
        service = cls.env["linserv.service"].search([("code", "=", "maintenance")])
        subscription = cls.env["linserv.subscription"].create(
            [
                {
                    "contract_id": contract.id,
                    "service_id": service.id,
                    "instance_id": instance.id,
                    "date_start": "2026-06-01",
                    "price_unit": price,
                }
            ]
        )
        contract.action_activate()
        return subscription

    def count(self, date=OCTOBER, instance=None):
        """Order a count; nobody answers yet."""
        return (instance or self.instance)._count_code(date).sudo()

    def answered(self, told, date=OCTOBER, instance=None):
        """Order a count and let the host answer `told`."""
        snapshot = self.count(date, instance)
        snapshot._on_run_done(snapshot.run_id, told)
        return snapshot

    def counted(self, lines, date=OCTOBER, **more):
        """Order a count and let the host answer these lines per module."""
        return self.answered(honest(tree_of(lines, **more)), date)

    def approved(self, lines, date=OCTOBER, **more):
        """Return an approved count of these lines per module."""
        snapshot = self.counted(lines, date, **more)
        if snapshot.state == "draft":
            snapshot.with_user(self.manager).action_approve()
        return snapshot

    def sent_args(self, snapshot):
        """Return what the host was asked."""
        return json.loads(snapshot.run_id.args)
