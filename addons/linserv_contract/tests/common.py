from datetime import date

from odoo.tests import SavepointCase, tagged


def day(text):
    """Return the date of "2026-10-01" or, in 2026, of "10-01"."""
    return date.fromisoformat(text if len(text) == 10 else "2026-" + text)


@tagged("post_install", "-at_install")
class ContractCase(SavepointCase):
    """Builders with defaults: a customer with an instance, a contract and its services."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("en_US")
        cls.env = cls.env(context=dict(cls.env.context, tracking_disable=True, lang="en_US"))
        cls.company = cls.env.company
        cls.norrvik = cls.make_customer("Norrvik Bygg AB")
        cls.instance = cls.make_instance(cls.norrvik, "norrvik-prod")

    @classmethod
    def make_customer(cls, name, **values):
        values = {"name": name, "is_company": True, "lang": "sv_SE", "country_id": cls.env.ref("base.se").id, **values}
        return cls.env["res.partner"].create(values)

    @classmethod
    def make_instance(cls, partner, name, **values):
        values = {"name": name, "technical_name": name, "partner_id": partner.id, "database": name, **values}
        return cls.env["linserv.instance"].create(values)

    @classmethod
    def service(cls, code):
        return cls.env.ref("linserv_contract.linserv_service_" + code)

    @classmethod
    def make_contract(cls, *services, partner=None, state="active", start="10-01", **values):
        """Return a contract with one subscription for each service; a service is a code or values with one."""
        partner = partner or cls.norrvik
        contract = cls.env["linserv.contract"].create({"partner_id": partner.id, "date_start": day(start), **values})
        for service in services:
            cls.subscribe(contract, **(service if isinstance(service, dict) else {"code": service}))
        if state == "active":
            contract.action_activate()
        return contract

    @classmethod
    def subscribe(cls, contract, code="bas", **values):
        service = cls.service(code)
        instance = cls.env["linserv.instance"].search(
            [("commercial_partner_id", "=", contract.commercial_partner_id.id)], limit=1
        )
        defaults = {"contract_id": contract.id, "service_id": service.id, "instance_id": instance.id}
        if not service.price_unit:
            defaults["price_unit"] = 900.0
        return cls.env["linserv.subscription"].create({**defaults, **values})

    @classmethod
    def make_reading(cls, quantity, on, instance=None, **values):
        return cls.env["linserv.meter.reading"].create(
            {
                "instance_id": (instance or cls.instance).id,
                "meter": "loc",
                "date": day(on),
                "quantity": quantity,
                **values,
            }
        )

    @classmethod
    def make_run(cls, on, contracts=None, mode="draft", **values):
        return cls.env["linserv.billing.run"].create(
            {"date": day(on), "mode": mode, "contract_ids": [(6, 0, contracts.ids if contracts else [])], **values}
        )

    @classmethod
    def bill(cls, on, contracts, mode="draft", **values):
        """Return the invoices of a billing run on that day."""
        run = cls.make_run(on, contracts, mode, **values)
        run.action_bill()
        return run.move_ids

    def billed(self, contract):
        """Return the periods in force of a contract, as text."""
        rows = self.env["linserv.billed.period"].search([("contract_id", "in", contract.ids)], order="date_from, id")
        return ["%s/%s" % (row.date_from, row.date_to) for row in rows]
