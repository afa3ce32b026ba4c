from .common import ContractCase, day


class SaleCase(ContractCase):
    """Builders of quotations; prices as in a price list of the customer's own."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.norrvik.email = "ekonomi@norrvik.example"
        cls.env["res.lang"]._activate_lang("sv_SE")

    @classmethod
    def make_order(cls, *codes, partner=None, state="sent", start="10-01", **values):
        """Return a quotation with a line for each code (or values with one), for Norrvik's instance."""
        partner = partner or cls.norrvik
        instance = cls.env["linserv.instance"].search(
            [("commercial_partner_id", "=", partner.commercial_partner_id.id)], limit=1
        )
        vals = {
            "partner_id": partner.id,
            "linserv_date_start": day(start),
            "linserv_instance_id": instance.id,
            **values,
        }
        order = cls.env["sale.order"].create({**vals, "require_signature": True, "require_payment": False})
        for code in codes:
            cls.make_line(order, **(code if isinstance(code, dict) else {"code": code}))
        if state == "sent":
            order.action_quotation_sent()
        return order

    @classmethod
    def make_line(cls, order, code="bas", **values):
        product = cls.service(code).product_id
        vals = {"order_id": order.id, "product_id": product.id, "name": product.name, "product_uom_qty": 1.0}
        return cls.env["sale.order.line"].create({**vals, "price_unit": 900.0, **values})
