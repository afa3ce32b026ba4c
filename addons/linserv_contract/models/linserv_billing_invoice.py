from collections import defaultdict

from odoo import _, models
from odoo.exceptions import UserError

from odoo.addons.account.models.partner import AccountFiscalPosition

QUIET = {
    "tracking_disable": True,
    "mail_create_nolog": True,
    "mail_create_nosubscribe": True,
    "mail_notrack": True,
}
ACCOUNTS = (
    "property_account_income_id",
    "property_account_expense_id",
    "categ_id.property_account_income_categ_id",
    "categ_id.property_account_expense_categ_id",
)
FISCAL_POSITION = AccountFiscalPosition.get_fiscal_position


class Memory:
    """What one call has found out already: the tax of a product abroad is the same for the next thousand lines."""

    def __init__(self):
        self._known = {}

    @classmethod
    def of(cls, records):
        """Return the memory that ``records`` carry along, else one that knows nothing."""
        return records.env.context.get("linserv_memory") or cls()

    def recall(self, key, find):
        """Return what ``find`` answered the first time it was asked for ``key``."""
        if key not in self._known:
            self._known[key] = find()
        return self._known[key]


class LinservBillingInvoice(models.AbstractModel):
    """Makes ordinary customer invoices of plans, and the rows in the ledger that go with them."""

    _name = "linserv.billing.invoice"
    _description = "Maker of Invoices"

    def _create_invoices(self, plans, run):
        """Make the draft invoices of ``plans`` ({contract: Plan}) and their rows in the ledger.

        Returns {contract: invoice}; contracts that are invoiced together have the same one. Raises what Odoo raises; an
        overlapping period is an IntegrityError.
        """
        maker = self._with_memory()
        self._prefetch(plans)
        groups = maker._group_contracts(plans)
        vals_list = [maker._prepare_group_vals(group, plans, run) for group in groups]
        moves = maker._write_moves(self.env["linserv.invoice.builder"]._complete(vals_list))
        rows = []
        for group, vals, move in zip(groups, vals_list, moves):
            rows += maker._prepare_ledger(group, plans, vals, move)
            self._check_invoice(group, plans, move)
        self._write_ledger(rows)
        return {contract: move for group, move in zip(groups, moves) for contract in group}

    def _prefetch(self, plans):
        """Read at once what the lines need of all subscriptions, not one by one."""
        keys = {charge.key for plan in plans.values() for charge in plan.charges}
        subscriptions = self.env["linserv.subscription"].browse(sorted(keys))
        subscriptions.mapped("instance_id.name")
        subscriptions.mapped("service_id.name")
        products = subscriptions.service_id.product_id.with_company(self.env.company)
        for name in ("taxes_id", *ACCOUNTS):
            products.product_tmpl_id.mapped(name)

    def _with_memory(self):
        return self if self.env.context.get("linserv_memory") else self.with_context(linserv_memory=Memory())

    def _recall(self, key, find):
        return Memory.of(self).recall((self.env.company.id, *key), find)

    def _group_contracts(self, plans):
        """Return the contracts of each invoice: those that share one by agreement and can, and each of the others."""
        groups = defaultdict(list)
        for contract in plans:
            groups[self._group_key(contract)].append(contract)
        empty = self.env["linserv.contract"]
        everyone = empty.concat(*plans).ids
        return [empty.concat(*group).with_prefetch(everyone) for group in groups.values()]

    def _group_key(self, contract):
        """Return what contracts on one invoice have in common. Rule 41."""
        if contract.invoice_grouping != "customer":
            return (contract.id,)
        partner, shipping, position = self._addressee(contract)
        return (
            "customer",
            contract.commercial_partner_id.id,
            partner.id,
            shipping.id,
            position.id,
            contract.company_id.id,
            contract.currency_id.id,
            contract.payment_term_id.id,
        )

    def _addressee(self, contract):
        """Return (invoice address, delivery address, fiscal position), as Odoo's invoice form finds them."""
        return self._recall(("addressee", contract.partner_id.id), lambda: self._find_addressee(contract.partner_id))

    def _find_addressee(self, customer):
        found = customer.address_get(["invoice"])["invoice"]
        partner = customer if found == customer.id else customer.browse(found)
        found = partner.address_get(["delivery"])["delivery"]
        shipping = partner if found == partner.id else partner.browse(found)
        return partner, shipping, self._fiscal_position(partner, shipping)

    def _fiscal_position(self, partner, shipping):
        """Return Odoo's answer, asked once for all customers that it cannot tell apart."""
        positions = self.env["account.fiscal.position"]
        key = (shipping.country_id.id, shipping.state_id.id, shipping.zip, bool(partner.vat))
        key += (shipping.property_account_position_id.id, partner.property_account_position_id.id)
        if type(positions).get_fiscal_position is not FISCAL_POSITION:
            key += (partner.id, shipping.id)
        find = lambda: positions.get_fiscal_position(partner.id, delivery_id=shipping.id)  # noqa: E731
        found = self._recall(("position", *key), find)
        return positions.browse(found and found.id)

    def _prepare_invoice_vals(self, contract, plan, run):
        """Return the values of the invoice of ``plan`` alone, as the preview asks for them."""
        return self._prepare_group_vals(contract, {contract: plan}, run)

    def _prepare_group_vals(self, contracts, plans, run):
        """Return the values of one invoice in the customer's language and on the customer's terms.

        A negative total makes it a credit note with every sign turned. Rule 42.
        """
        first = next(iter(contracts))  # contracts[0] would forget what to read along with it
        company = first.company_id
        partner, shipping, position = self._addressee(first)
        refund = sum(plans[contract].amount for contract in contracts) < 0
        readings = any(charge.reading for contract in contracts for charge in plans[contract].charges)
        date = run.invoice_date or run.date
        return {
            **self._prepare_company_vals(company, partner, refund),
            "linserv_contract_id": first.id if len(contracts) == 1 else False,
            "linserv_contract_ids": [(6, 0, contracts.ids)],
            "linserv_billing_run_id": run.id,
            "linserv_evidence_state": "pending" if readings else False,
            "partner_id": partner.id,
            "partner_shipping_id": shipping.id,
            "currency_id": first.currency_id.id,
            "fiscal_position_id": position.id,
            "invoice_payment_term_id": first.payment_term_id.id,
            "invoice_user_id": first.user_id.id,
            "team_id": self._sales_team(first.user_id).id,
            "invoice_date": date,
            "date": date,
            "invoice_origin": ", ".join(contracts.mapped("name")),
            "invoice_line_ids": self._prepare_lines(contracts, plans, refund),
        }

    def _prepare_company_vals(self, company, partner, refund):
        """Return what Odoo's form fills in from the company and the customer."""
        payee = partner.commercial_partner_id if refund else company.partner_id
        return {
            "move_type": "out_refund" if refund else "out_invoice",
            "company_id": company.id,
            "journal_id": self._recall(("journal",), lambda: self._sales_journal(company)).id,
            "partner_bank_id": payee.bank_ids[:1].id,
            "invoice_incoterm_id": company.incoterm_id.id,
            "narration": self._narration(company, partner, refund),
        }

    def _narration(self, company, partner, refund):
        language = partner.lang or self.env.lang
        if refund and not self.env["ir.config_parameter"].sudo().get_param("account.use_invoice_terms"):
            return False
        return self._recall(("narration", language), lambda: company.with_context(lang=language).invoice_terms)

    def _sales_team(self, user):
        """Return the salesperson's team, else the one that Odoo would propose."""
        teams = self.env["crm.team"]
        return user.sale_team_id or self._recall(("team",), lambda: teams._get_default_team_id() or teams)

    def _prepare_lines(self, contracts, plans, refund):
        """Return the commands of the invoice's lines, under a heading for each instance where there are several."""
        first = next(iter(contracts))
        partner, _shipping, position = self._addressee(first)
        language = self._invoice_language(first, partner)
        sections = self._sections(contracts, plans)
        lines = []
        for contract, instance, charges in sections:
            if len(sections) > 1:
                heading = self._section_name(contract, instance, len(contracts) > 1)
                lines.append({"display_type": "line_section", "name": heading})
            for charge in charges:
                vals = self._prepare_invoice_line_vals(contract, charge, len(lines) + 1, position, language)
                if refund:
                    vals["price_unit"] = -vals["price_unit"]
                lines.append(vals)
        return [(0, 0, {**line, "sequence": number * 10}) for number, line in enumerate(lines, start=1)]

    def _sections(self, contracts, plans):
        """Return (contract, instance, charges) in the order of the plan: what is of one instance stands together."""
        sections = defaultdict(list)
        for contract in contracts:
            for charge in plans[contract].charges:
                instance = self.env["linserv.subscription"].browse(charge.key).instance_id
                sections[contract, instance].append(charge)
        return [(contract, instance, charges) for (contract, instance), charges in sections.items()]

    def _section_name(self, contract, instance, several):
        parts = [contract.name if several or not instance else False, instance.name]
        return " · ".join(part for part in parts if part)

    def _prepare_invoice_line_vals(self, contract, charge, number, position, language):
        subscription = self.env["linserv.subscription"].browse(charge.key)
        service = subscription.service_id
        key = (service.id, position.id)
        goods = self._recall(("goods", *key), lambda: self._find_goods(contract, service, position))
        analytic = self._analytic(contract, subscription, goods)
        return {
            "sequence": number * 10,
            "name": subscription.with_context(lang=language)._charge_text(charge),
            "quantity": float(charge.invoice_quantity),
            "price_unit": float(charge.invoice_price),
            "discount": float(getattr(charge, "invoice_discount", 0)),
            "linserv_subscription_id": subscription.id,
            "linserv_date_from": charge.served.date_from,
            "linserv_date_to": charge.served.date_to,
            **goods,
            **analytic,
        }

    def _find_goods(self, contract, service, position):
        """Return product, unit, account and taxes of a service for a customer of ``position``."""
        company = contract.company_id
        product = service.product_id.with_company(company)
        account = self._income_account(product, position)
        taxes = product.taxes_id.filtered_domain([("company_id", "=", company.id)])
        taxes = taxes or company._linserv_service_tax()
        taxes = taxes or account.tax_ids or company.account_sale_tax_id
        return {
            "product_id": product.id,
            "product_uom_id": product.uom_id.id,
            "account_id": account.id,
            "tax_ids": [(6, 0, position.map_tax(taxes, product, contract.partner_id).ids)],
        }

    def _analytic(self, contract, subscription, goods):
        """Return the analytic account of the contract, else what Odoo's default rules say. Rule 43."""
        key = ("analytic", goods["product_id"], goods["account_id"], contract.commercial_partner_id.id)
        has_rules = self._recall(("analytic",), lambda: bool(self.env["account.analytic.default"].search([], limit=1)))
        rule = self._recall(key, lambda: self._analytic_rule(contract, goods)) if has_rules else False
        account = contract.analytic_account_id or (rule.analytic_id if rule else contract.analytic_account_id)
        return {
            "analytic_account_id": account.id,
            "analytic_tag_ids": [(6, 0, rule.analytic_tag_ids.ids if rule else [])],
        }

    def _analytic_rule(self, contract, goods):
        return self.env["account.analytic.default"].account_get(
            product_id=goods["product_id"],
            partner_id=contract.commercial_partner_id.id,
            account_id=goods["account_id"],
            user_id=self.env.uid,
            date=False,
            company_id=contract.company_id.id,
        )

    def _income_account(self, product, position):
        account = product.product_tmpl_id.get_product_accounts(position)["income"]
        if not account:
            raise UserError(
                _(
                    "%s has no income account: set one on the product or on its category.",
                    product.display_name,
                )
            )
        return account

    def _sales_journal(self, company):
        journal = self.env["account.journal"]._linserv_first_sales_journal(company)
        if not journal:
            raise UserError(_("%s has no sales journal: make one in Invoicing.", company.name))
        return journal

    def _invoice_language(self, contract, partner):
        return (
            partner.lang or contract.commercial_partner_id.lang or contract.company_id.partner_id.lang or self.env.lang
        )
