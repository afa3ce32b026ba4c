from collections import Counter, defaultdict

from odoo import models

from ..domain.importing import RowError


class LinservContractImportLine(models.Model):
    """Finding what a row of another system stands for here. Nothing is guessed: what is not certain is a problem."""

    _inherit = "linserv.contract.import.line"

    def _match(self):
        """Fill in customer, service, instance and terms, or the problem of each line."""
        present = self._present_refs()
        counts = Counter(self.mapped("line_ref"))
        for line in self:
            if line.line_ref in present:
                line.state = "present"
                continue
            try:
                if counts[line.line_ref] > 1:
                    raise RowError("line_twice", line=line.line_ref)
                line.write(line._match_vals())
            except RowError as problem:
                line._set_problem(problem)
        self._check_together()

    def _match_vals(self):
        row, source = self._values(), self._source_line()
        partner = self._find_partner(row)
        service = self._find_service()
        return {
            "partner_id": partner.id,
            "service_id": service.id,
            "instance_id": self._find_instance(row, partner, service).id,
            "currency_id": self._find_currency(row).id,
            "payment_term_id": self._find_payment_term(row).id,
            "user_id": self._find_user(row).id,
            "state": "over" if source.over else "ready",
        }

    def _check_together(self):
        """Hold back contracts whose lines do not go together."""
        contracts = defaultdict(self.browse)
        for line in self:
            contracts[line.contract_ref] |= line
        for lines in contracts.values():
            open_lines = lines.filtered(lambda line: line.state == "ready")
            kinds = {(line.partner_id, line.currency_id, line.payment_term_id) for line in open_lines}
            if lines.filtered(lambda line: line.state == "present"):
                open_lines._set_problem(RowError("contract_present"))
            elif len(kinds) > 1:
                open_lines._set_problem(RowError("several_customers"))

    def _present_refs(self):
        subscriptions = (
            self.env["linserv.subscription"]
            .with_context(active_test=False)
            .search(
                [
                    ("company_id", "in", self.company_id.ids),
                    ("external_ref", "in", [ref for ref in self.mapped("line_ref") if ref]),
                ]
            )
        )
        return set(subscriptions.mapped("external_ref"))

    def _find_partner(self, row):
        """Return the customer by id (the same database), VAT number, reference or exact name, in that order."""
        partners = self.env["res.partner"]
        if row.get("customer_id"):
            partner = partners.browse(int(row["customer_id"])).exists()
            if partner:
                return partner
        for domain in self._partner_domains(row):
            found = partners.search([*domain, ("company_id", "in", (False, self.company_id.id))])
            customers = found.commercial_partner_id & found
            if len(customers) == 1:
                return customers
            if len(customers) > 1:
                raise RowError("customer_several", customer=", ".join(customers.mapped("display_name")))
        raise RowError("customer_unknown", customer=row["customer"])

    def _partner_domains(self, row):
        if row.get("customer_vat"):
            yield [("vat", "=ilike", row["customer_vat"].replace(" ", ""))]
        if row.get("customer_ref"):
            yield [("ref", "=", row["customer_ref"])]
        yield [("name", "=", row["customer"])]

    def _find_service(self):
        mapping = self.import_id.service_ids.filtered(lambda each: each.name == self.service)
        if not mapping.service_id:
            raise RowError("service_unknown", service=self.service)
        return mapping.service_id

    def _find_instance(self, row, partner, service):
        """Return the instance named, else the customer's only production instance where the service needs one."""
        instances = self.env["linserv.instance"].search(
            [("commercial_partner_id", "=", partner.commercial_partner_id.id), ("company_id", "=", self.company_id.id)]
        )
        name = (row.get("instance") or "").lower()
        if name:
            found = instances.filtered(lambda each: name in (each.technical_name.lower(), each.name.lower()))
            if len(found) != 1:
                raise RowError("instance_unknown", instance=row["instance"])
            return found
        if not service.instance_required:
            return instances.browse()
        production = instances.filtered(lambda each: each.kind == "production")
        if len(production) != 1:
            raise RowError("instance_missing", service=service.name)
        return production

    def _find_currency(self, row):
        if not row.get("currency"):
            return self.company_id.currency_id
        currency = self.env["res.currency"].search([("name", "=", row["currency"].upper())])
        if not currency:
            raise RowError("currency_unknown", currency=row["currency"])
        return currency

    def _find_payment_term(self, row):
        name = row.get("payment_term")
        terms = self.env["account.payment.term"]
        if not name:
            return terms
        for language in (None, "sv_SE"):
            found = terms.with_context(lang=language).search(
                [("name", "=", name), ("company_id", "in", (False, self.company_id.id))], limit=1
            )
            if found:
                return found
        raise RowError("term_unknown", term=name)

    def _find_user(self, row):
        users = self.env["res.users"]
        return users.search([("login", "=", row["salesperson"])], limit=1) if row.get("salesperson") else users
