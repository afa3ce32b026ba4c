from odoo import _, models
from odoo.exceptions import UserError


class LinservBillingInvoice(models.AbstractModel):
    """Makes ordinary customer invoices of plans, and the rows in the ledger that go with them."""

    _name = "linserv.billing.invoice"
    _description = "Maker of Invoices"

    def _prepare_invoice_vals(self, contract, plan, run):
        """Return the values of the invoice of ``plan``, in the customer's language and on the customer's terms."""
        partner = self.env["res.partner"].browse(contract.partner_id.address_get(["invoice"])["invoice"])
        company = contract.company_id
        position = self.env["account.fiscal.position"].with_company(company).get_fiscal_position(partner.id)
        position = self.env["account.fiscal.position"].browse(position and position.id)
        language = self._invoice_language(contract, partner)
        return {
            "move_type": "out_invoice",
            "linserv_contract_id": contract.id,
            "linserv_contract_ids": [(6, 0, contract.ids)],
            "linserv_billing_run_id": run.id,
            "linserv_evidence_state": "pending" if any(charge.reading for charge in plan.charges) else False,
            "company_id": company.id,
            "journal_id": self._sales_journal(company).id,
            "partner_id": partner.id,
            "currency_id": contract.currency_id.id,
            "fiscal_position_id": position.id,
            "invoice_payment_term_id": contract.payment_term_id.id,
            "invoice_user_id": contract.user_id.id,
            "invoice_date": run.invoice_date or run.date,
            "date": run.invoice_date or run.date,
            "invoice_origin": contract.name,
            "invoice_line_ids": [
                (0, 0, self._prepare_invoice_line_vals(contract, charge, number, position, language))
                for number, charge in enumerate(plan.charges, start=1)
            ],
        }

    def _prepare_invoice_line_vals(self, contract, charge, number, position, language):
        subscription = self.env["linserv.subscription"].browse(charge.key)
        product = subscription.service_id.product_id.with_company(contract.company_id)
        account = self._income_account(product, position)
        taxes = product.taxes_id.filtered_domain([("company_id", "=", contract.company_id.id)])
        taxes = taxes or contract.company_id._linserv_service_tax()
        taxes = taxes or account.tax_ids or contract.company_id.account_sale_tax_id
        return {
            "sequence": number * 10,
            "product_id": product.id,
            "product_uom_id": product.uom_id.id,
            "name": subscription.with_context(lang=language)._charge_text(charge),
            "account_id": account.id,
            "quantity": float(charge.invoice_quantity),
            "price_unit": float(charge.invoice_price),
            "analytic_account_id": contract.analytic_account_id.id,
            "linserv_subscription_id": subscription.id,
            "linserv_date_from": charge.served.date_from,
            "linserv_date_to": charge.served.date_to,
            "tax_ids": [(6, 0, position.map_tax(taxes, product, contract.partner_id).ids)],
        }

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

    def _prepare_billed_period_vals(self, charge, move_line):
        return {
            "subscription_id": charge.key,
            "date_from": charge.served.date_from,
            "date_to": charge.served.date_to,
            "move_line_id": move_line.id,
            "reading_id": charge.reading.key if charge.reading else False,
            "price_id": charge.version_key,
            "quantity": float(charge.quantity),
            "price_unit": float(charge.price_unit),
            "amount": float(charge.amount),
        }

    def _create_invoices(self, plans, run):
        """Make one draft invoice for each contract of ``plans`` and its rows in the ledger.

        Returns {contract: invoice}. Raises what Odoo raises; an overlapping period is an IntegrityError.
        sudo: nobody has the right to write the ledger by hand, only this method does.
        """
        contracts = list(plans)
        moves = (
            self.env["account.move"]
            .with_context(default_move_type="out_invoice", tracking_disable=True, mail_create_nosubscribe=True)
            .create([self._prepare_invoice_vals(contract, plans[contract], run) for contract in contracts])
            .with_context(tracking_disable=False)
        )
        rows = []
        for contract, move in zip(contracts, moves):
            lines = move.invoice_line_ids.sorted("sequence")
            for charge, line in zip(plans[contract].charges, lines):
                rows.append(self._prepare_billed_period_vals(charge, line))
            self._check_invoice(contract, plans[contract], move)
        self.env["linserv.billed.period"].sudo().create(rows).flush()
        return dict(zip(contracts, moves))

    def _check_invoice(self, contract, plan, move):
        """Refuse an invoice that is not what was planned: better no invoice than a wrong one.

        Prices are without VAT, so a tax that is included in the price is refused here too.
        """
        same_lines = len(move.invoice_line_ids) == len(plan.charges)
        if not same_lines or contract.currency_id.compare_amounts(move.amount_untaxed, float(plan.amount)):
            raise UserError(
                _(
                    "The invoice of %(contract)s came to %(amount)s and not to the planned %(planned)s.",
                    contract=contract.name,
                    amount=move.amount_untaxed,
                    planned=plan.amount,
                )
            )

    def _sales_journal(self, company):
        journal = self.env["account.journal"].search([("type", "=", "sale"), ("company_id", "=", company.id)], limit=1)
        if not journal:
            raise UserError(_("%s has no sales journal: make one in Invoicing.", company.name))
        return journal

    def _invoice_language(self, contract, partner):
        return (
            partner.lang or contract.commercial_partner_id.lang or contract.company_id.partner_id.lang or self.env.lang
        )
