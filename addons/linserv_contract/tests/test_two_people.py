import threading
from contextlib import contextmanager
from datetime import date

import psycopg2
from psycopg2 import sql

import odoo
from odoo import SUPERUSER_ID, api
from odoo.exceptions import UserError
from odoo.tests import BaseCase, get_db_name, tagged
from odoo.tools import mute_logger

DAY = date(2026, 11, 10)


@tagged("post_install", "-at_install")
class TestTwoPeople(BaseCase):
    """Two people take the last of something at once, over connections that commit. What is made is taken away again.

    ``order`` does what Odoo does with a request: a transaction that another one overtook is begun anew.
    """

    def setUp(self):
        super().setUp()
        self.registry = odoo.registry(get_db_name())
        with self.connect() as env:
            partner = env["res.partner"].create({"name": "Två personer AB", "is_company": True})
            instance = env["linserv.instance"].create(
                {"name": "tva-prod", "technical_name": "tva-prod", "partner_id": partner.id}
            )
            services = [
                {"service_id": env.ref("linserv_contract.linserv_service_" + code).id, "instance_id": instance.id}
                for code in ("backup", "drift")
            ]
            contract = env["linserv.contract"].create(
                {
                    "partner_id": partner.id,
                    "date_start": "2026-10-01",
                    "hour_price": 1000,
                    "subscription_ids": [(0, 0, service) for service in services],
                }
            )
            contract.action_activate()
            self.contract_id, self.instance_id, self.partner_id = contract.id, instance.id, partner.id
        self.addCleanup(self.clean)

    @contextmanager
    def connect(self):
        with api.Environment.manage(), self.registry.cursor() as cr:
            context = {"lang": "en_US", "linserv_commit_in_test": True, "tracking_disable": True}
            yield api.Environment(cr, SUPERUSER_ID, context)

    def clean(self):
        with self.connect() as env:
            for table in ("hour_draw", "hour_entry", "hour_charge", "hour_month", "hour_pack", "quota_use", "quota"):
                env.cr.execute("DELETE FROM linserv_%s WHERE contract_id = %%s" % table, [self.contract_id])
            self.delete(env.cr, "linserv_contract", [self.contract_id])
            self.delete(env.cr, "linserv_instance", [self.instance_id])
            env["res.partner"].browse(self.partner_id).unlink()

    def delete(self, cr, table, ids):
        """Delete rows and whatever any installed addon has hung on them and would keep them for."""
        cr.execute(
            "SELECT c.conrelid::regclass::text, a.attname, c.confdeltype FROM pg_constraint c JOIN pg_attribute a"
            " ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]"
            " WHERE c.contype = 'f' AND c.confrelid = %s::regclass",
            [table],
        )
        for other, column, action in cr.fetchall():
            if action in ("a", "r", "c") and other != table:
                query = sql.SQL("SELECT * FROM {} WHERE {} = ANY(%s)").format(*map(sql.Identifier, (other, column)))
                cr.execute(query, [ids])
                found = [row["id"] for row in cr.dictfetchall() if row.get("id")]
                if found:
                    self.delete(cr, other, found)
        cr.execute(sql.SQL("DELETE FROM {} WHERE id = ANY(%s)").format(sql.Identifier(table)), [ids])

    def order(self, work, ready, answers):
        """Run ``work(env, contract)`` in a transaction that has begun before anybody else's ends."""
        for attempt in range(5):
            try:
                with self.connect() as env:
                    env.cr.execute("SELECT count(*) FROM linserv_contract")
                    if not attempt:
                        ready.wait(20)
                    work(env, env["linserv.contract"].browse(self.contract_id))
                    env["base"].flush()
                answers.append("done" if not attempt else "done after another")
                return
            except psycopg2.extensions.TransactionRollbackError:
                continue
            except UserError as error:
                answers.append(str(error))
                return

    def at_once(self, *works):
        """Run the works in threads of their own and return what each was answered."""
        ready, answers = threading.Barrier(len(works)), []
        threads = [threading.Thread(target=self.order, args=(work, ready, answers)) for work in works]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        self.assertEqual(len(answers), len(works), "everybody got an answer")
        return sorted(answers)

    def take_copy(self, origin):
        def work(env, contract):
            contract._use_quota("test_copy", env["linserv.instance"].browse(self.instance_id), DAY, origin)

        return work

    def write_time(self, minutes, ticket):
        def work(env, contract):
            env["linserv.hour.entry"].create(
                {
                    "contract_id": contract.id,
                    "work_type_id": env["linserv.work.type"]._get("training").id,
                    "date": DAY,
                    "minutes": minutes,
                    "name": "Utbildning",
                    "origin_name": ticket,
                }
            )

        return work

    @mute_logger("odoo.sql_db")
    def test_rule_74_the_last_copy_is_given_to_one(self):
        with self.connect() as env:
            for number in range(11):
                self.take_copy("copy,%d" % number)(env, env["linserv.contract"].browse(self.contract_id))
        answers = self.at_once(self.take_copy("copy,eva"), self.take_copy("copy,olle"))
        self.assertEqual(len([answer for answer in answers if answer.startswith("done")]), 1, answers)
        self.assertTrue([answer for answer in answers if "all are used" in answer], answers)
        with self.connect() as env:
            quota = env["linserv.quota"].search([("contract_id", "=", self.contract_id)])
            self.assertEqual((quota.used, len(quota.use_ids)), (12, 12))

    @mute_logger("odoo.sql_db")
    def test_the_first_copies_of_a_year_at_once_are_both_counted(self):
        answers = self.at_once(self.take_copy("copy,eva"), self.take_copy("copy,olle"))
        self.assertTrue(all(answer.startswith("done") for answer in answers), answers)
        with self.connect() as env:
            quota = env["linserv.quota"].search([("contract_id", "=", self.contract_id)])
            self.assertEqual((len(quota), quota.used), (1, 2))

    @mute_logger("odoo.sql_db")
    def test_the_same_order_pressed_twice_at_once_counts_once(self):
        answers = self.at_once(self.take_copy("copy,eva"), self.take_copy("copy,eva"))
        self.assertTrue(all(answer.startswith("done") for answer in answers), answers)
        with self.connect() as env:
            self.assertEqual(env["linserv.quota"].search([("contract_id", "=", self.contract_id)]).used, 1)

    def months(self, env):
        months = env["linserv.hour.month"].search([("contract_id", "=", self.contract_id)])
        return {
            month.origin_key: (month.minutes_billable, month.minutes_drawn, month.minutes_charged) for month in months
        }

    @mute_logger("odoo.sql_db")
    def test_rule_77_the_last_hours_of_a_pack_are_drawn_by_one(self):
        with self.connect() as env:
            contract = env["linserv.contract"].browse(self.contract_id)
            contract._buy_pack(25, "pack,1", price_unit=25000, date=date(2026, 11, 1))
            self.write_time(1440, "#0")(env, contract)
        answers = self.at_once(self.write_time(60, "#1"), self.write_time(60, "#2"))
        self.assertEqual(answers, ["done", "done after another"])
        with self.connect() as env:
            pack = env["linserv.hour.pack"].search([("contract_id", "=", self.contract_id)])
            self.assertEqual((pack.minutes_left, sum(pack.draw_ids.mapped("minutes"))), (0, 1500))
            months = self.months(env)
            self.assertEqual(sorted([months["#1"], months["#2"]]), [(60, 0, 60), (60, 60, 0)])

    @mute_logger("odoo.sql_db")
    def test_rule_76_time_on_one_ticket_at_once_is_all_counted(self):
        answers = self.at_once(self.write_time(20, "#1"), self.write_time(20, "#1"))
        self.assertTrue(all(answer.startswith("done") for answer in answers), answers)
        with self.connect() as env:
            self.assertEqual(self.months(env), {"#1": (60, 0, 60)})
