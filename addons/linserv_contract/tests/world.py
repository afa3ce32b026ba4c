import contextlib
import inspect

from psycopg2 import sql

from odoo.tests import new_test_user
from odoo.tools import mute_logger

from .common import ContractCase, day

OURS = "odoo.addons.linserv_contract."
WATCHED = ("account_move", "account_move_line", "sale_order", "sale_order_line", "res_partner", "mail_mail")


class TakenBackError(Exception):
    """Carries what was found out of a transaction that is rolled back."""


class WorldCase(ContractCase):
    """One of everything: contract, invoice, run, price letter, hand-over, hours, quota, and who may look at it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.linserv_late_charge = True
        cls.norrvik.email = "eva@norrvik.example"
        cls.contract = cls.make_contract("bas", "backup", "drift", date_first_invoice=day("10-01"))
        cls.sold = cls.make_contract("bas", "epost")
        cls.invoice = cls.bill("10-01", cls.contract | cls.sold, mode="post")[:1]
        cls.subscribe(cls.contract, "epost", price_unit=50.0, date_start=day("11-01")).state = "active"
        cls.billing_run = cls.make_run("11-01", cls.contract)
        cls.billing_run.action_preview()
        cls.make_more()
        cls.reader = new_test_user(cls.env, "reader", "linserv_contract.linserv_contract_group_user")
        cls.colleague = new_test_user(cls.env, "colleague", "base.group_user")
        cls.stranger = new_test_user(cls.env, "stranger", "base.group_portal")
        cls.stranger.partner_id.parent_id = cls.make_customer("Sydvik AB")
        cls.customer = new_test_user(cls.env, "customer", "base.group_portal")
        cls.customer.partner_id.parent_id = cls.norrvik

    @classmethod
    def make_more(cls):
        cls.prices = cls.env["linserv.price.run"].create(
            {"date_effective": day("2028-01-01"), "percent": 3.0, "contract_ids": [(6, 0, cls.contract.ids)]}
        )
        cls.prices.action_preview()
        cls.prices._make_letters()
        training = cls.env["linserv.work.type"]._get("training")
        cls.contract._buy_pack(25, "order,1", price_unit=25000.0, date=day("10-01"))
        cls.entry = cls.env["linserv.hour.entry"].create(
            {
                "contract_id": cls.contract.id,
                "work_type_id": training.id,
                "date": day("10-02"),
                "minutes": 40,
                "name": "A",
            }
        )
        level = cls.env.ref("linserv_contract.linserv_hour_level_agreement")
        cls.env["linserv.hour.price"].create({"level_id": level.id, "price_unit": 1250, "date_from": "2020-01-01"})
        cls.entry.copy({"contract_id": cls.sold.id})
        cls.contract._use_quota("test_copy", cls.instance, day("10-05"), "restore,1")
        cls.env["linserv.contract.transfer"].create(
            {"contract_id": cls.sold.id, "partner_id": cls.make_customer("Nya AB").id, "date": day("2027-06-01")}
        )
        cls.env["linserv.contract.import"].create(
            {"date": day("10-01"), "line_ids": [(0, 0, {"sequence": 1})], "service_ids": [(0, 0, {"name": "BAS"})]}
        )
        some = {"subscription_id": cls.contract.subscription_ids[:1].id, "date_from": day("2028-01-01")}
        cls.env["linserv.subscription.discount"].create({**some, "percent": 10.0})
        cls.env["linserv.subscription.pause"].create(some)
        draft = cls.make_contract("bas", state="draft").subscription_ids.price_ids
        draft.tier_ids.create({"price_id": draft.id, "quantity_above": 0.0, "price_unit": 900.0})
        cls.make_reading(1000, "10-01")
        cls.env["linserv.accrual"].create({"date": day("10-31")})
        cls.make_deviation(training)
        cls.env["linserv.reference.rate"].create({"date_from": "2026-07-01", "percent": 2.0})
        cls.invoice._linserv_make_late_invoice(cls.invoice._linserv_propose_late(day("11-30")))
        cls.env["linserv.terms"].create({"name": "Villkor", "company_id": cls.company.id, "text": "<p>Villkor</p>"})

    @classmethod
    def make_deviation(cls, work_type):
        cls.env["linserv.coverage.deviation"].create(
            {
                "contract_id": cls.contract.id,
                "work_type_id": work_type.id,
                "date_from": day("2026-12-01"),
                "note": "Avtalat",
            }
        )

    def own_models(self):
        """Return the stored models of the addon."""
        found = (self.env[name] for name in self.env.registry.models)
        return [model for model in found if model._original_module == "linserv_contract" and model._auto]

    def fingerprint(self):
        """Return {table: a number that another content would not have} of what the addon keeps."""
        self.env["base"].flush()
        tables = {model._table for model in self.own_models() if not model._transient} | set(WATCHED)
        found = {}
        for table in sorted(tables):
            query = "SELECT count(*), sum(hashtext(t::text)::bigint) FROM {table} t"
            self.env.cr.execute(sql.SQL(query).format(table=sql.Identifier(table)))
            found[table] = self.env.cr.fetchone()
        return found

    def public_methods(self, model):
        """Return the names of the methods of the addon that the external interface lets anybody call."""
        names = set()
        for part in type(model).__mro__:
            if part.__module__.startswith(OURS):
                names |= {name for name, value in vars(part).items() if inspect.isfunction(value) and name[0] != "_"}
        return sorted(names - {"create", "write", "unlink", "init", "copy_data", "name_get", "default_get"})

    def try_all(self, user, records):
        """Call every public method of these records as that person; return those that changed something."""
        guilty = []
        before = self.fingerprint()
        for name in self.public_methods(records):
            with mute_logger("odoo.models", "odoo.sql_db", "odoo.addons.base.models.ir_rule"):
                after = self.after(lambda name=name: getattr(records.with_user(user), name)())
            guilty += [(records._name, name, table) for table in before if before[table] != after[table]]
        return guilty

    def after(self, act):
        """Return the fingerprint after an act that may be refused; the act itself is taken back."""
        try:
            with self.env.cr.savepoint():
                self.act_or_not(act)
                raise TakenBackError(self.fingerprint())
        except TakenBackError as taken_back:
            return taken_back.args[0]
        finally:
            self.env.clear()

    def act_or_not(self, act):
        """Refused in whatever way: what counts is what changed."""
        with contextlib.suppress(Exception), self.env.cr.savepoint():
            act()
            self.env["base"].flush()
