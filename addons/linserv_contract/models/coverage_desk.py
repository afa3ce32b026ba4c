"""Where questions about coverage are answered: what a contract has on a day, the domain's decision, and its words."""

from collections import defaultdict

from odoo import _
from odoo.tools import format_date, formatLang

from ..domain import coverage, hours, quotas, states
from .coverage_answer import CoverageAnswer
from .linserv_contract_billing import decimal


class CoverageDesk:
    """One contract (or none) on one day, for one instance or for the contract as a whole.

    Reads everything once, so that a whole matrix costs as many queries as one answer.

    :param contract: a contract, with the rights to read all of it; empty for a customer who has none
    :param planned: count services that are agreed on but not in force yet, for a contract that is still a draft
    """

    def __init__(self, contract, instance, day, planned=False, caller_su=False):
        self.env, self.contract, self.day, self.caller_su = contract.env, contract, day, caller_su
        self.company = contract.company_id or instance.company_id or self.env.company
        self.services = contract._covering_services(day, planned)
        self.instance = instance or self._only_instance()
        self.here = self.services.filtered(lambda sub: self._is_here(sub.instance_id))
        self.year = quotas.contract_year(contract.date_start, day) if contract else None
        self.currency = contract.currency_id or self.company.currency_id
        self.used = self._count_used()
        self.level = self.env["linserv.hour.level"]._reached_by(self.services.service_id)
        self.pack_minutes = contract._pack_minutes(day)
        self.rules = defaultdict(list)
        for rule in self.env["linserv.coverage.rule"].search([("service_id.active", "=", True)]):
            self.rules[rule.work_type_id].append(rule)

    def answer(self, work_type, minutes=0):
        """Return the CoverageAnswer; ``minutes`` of work that are known to be needed decide on the approval."""
        deviation = self._deviation(work_type)
        decision = coverage.decide(self._question(work_type, deviation))
        payment = self._price(work_type, deviation, decision)
        outcome = decision.outcome
        if outcome == coverage.CHARGED and payment["price_per"] == "hour" and self.pack_minutes > 0:
            outcome = coverage.PACK
        values = dict(payment, outcome=outcome, reason_code=decision.reason, **self._quota_values(decision))
        values["needs_approval"] = self._needs_approval(decision, payment, minutes)
        values["why"] = self._say_why(work_type, decision)
        values["payment"] = "" if decision.reason == coverage.TOO_EARLY else self._say_payment(values)
        return CoverageAnswer(
            contract=self.contract.sudo(self.caller_su),
            instance=self.instance.sudo(self.caller_su),
            work_type=work_type,
            service=self._service(decision),
            currency=self.currency,
            **values,
        )

    def _needs_approval(self, decision, payment, minutes):
        if decision.outcome != coverage.CHARGED:
            return decision.needs_approval
        too_long = coverage.needs_approval(minutes, self.company.linserv_ticket_minutes)
        return decision.needs_approval or too_long or payment["price_per"] == "once"

    def _only_instance(self):
        instances = self.services.instance_id
        return instances if len(instances) == 1 else instances.browse()

    def _is_in_force(self):
        contract = self.contract
        return bool(contract) and contract.state in states.BILLABLE and contract._is_on(self.day)

    def _is_here(self, instance):
        return not instance or not self.instance or instance == self.instance

    def _count_used(self):
        if not self.contract:
            return {}
        rows = self.env["linserv.quota"].search(
            [("contract_id", "=", self.contract.id), ("date_from", "=", self.year.date_from)]
        )
        return {(row.work_type_id.id, row.instance_id.id): row.used for row in rows}

    def _deviation(self, work_type):
        """Return the contract's own word on the work, an early agreement apart."""
        found = self._deviations(work_type).filtered(lambda each: each.treatment != "agreed")
        key = coverage.latest_deviation((each.id, bool(each.instance_id), each.date_from) for each in found)
        return found.browse(key)

    def _deviations(self, work_type):
        return self.contract.deviation_ids.filtered(
            lambda each: each.work_type_id == work_type and each._speaks_on(self.instance, self.day)
        )

    def _question(self, work_type, deviation):
        cells = [self._cell(rule) for rule in self.rules[work_type] if self._subscriptions(rule)]
        if deviation:
            cells.append(self._deviation_cell(deviation))
        return coverage.Question(
            self.day,
            default=work_type.treatment,
            cells=tuple(cells),
            is_production=not self.instance or self.instance.kind == "production",
            is_agreed="agreed" in self._deviations(work_type).mapped("treatment"),
            has_elsewhere=any(rule.service_id in self.services.service_id for rule in self.rules[work_type]),
            has_contract=bool(self.services) or self._is_in_force(),
        )

    def _subscriptions(self, rule):
        return self.here.filtered(lambda sub: sub.service_id == rule.service_id)

    def _cell(self, rule):
        subscriptions = self._subscriptions(rule)
        keys = {(rule.work_type_id.id, subscription.instance_id.id) for subscription in subscriptions}
        return coverage.Cell(
            key=rule.id,
            treatment=rule.treatment,
            since=min(subscriptions.mapped("date_start")),
            limit=rule.quota_limit * len(keys),
            used=sum(self.used.get(key, 0) for key in keys),
            fee=decimal(self._in_currency(rule.fee)),
            waiting_months=rule.waiting_months,
            production_only=rule.production_only,
        )

    def _deviation_cell(self, deviation):
        return coverage.Cell(
            key=deviation.id,
            treatment=deviation.treatment,
            since=deviation.date_from,
            limit=deviation.quota_limit,
            used=self.used.get((deviation.work_type_id.id, self.instance.id), 0),
            fee=decimal(deviation.fee),
            is_deviation=True,
        )

    def _quota_values(self, decision):
        cell = decision.cell
        if not cell or cell.treatment != coverage.QUOTA:
            return {}
        return {"quota_used": cell.used, "quota_limit": cell.limit, "quota_to": self.year.date_to}

    def _service(self, decision):
        """Return the service that decided; none for the contract's own word."""
        if not decision.cell or decision.cell.is_deviation:
            return self.env["linserv.service"]
        return self.env["linserv.coverage.rule"].browse(decision.cell.key).service_id

    def _in_currency(self, amount):
        """Return an amount of the catalogue, which is in the company's currency, in the contract's."""
        return self.company.currency_id._convert(amount, self.currency, self.company, self.day)

    def _price(self, work_type, deviation, decision):
        """Return price, what it is for, and whether it is missing."""
        if decision.outcome != coverage.CHARGED:
            fee = float(decision.fee)
            return {"price": fee or None, "price_per": "once" if fee else ""}
        fixed = deviation.price_fixed or (not deviation.hour_price and self._in_currency(work_type.price_fixed))
        if fixed:
            return {"price": fixed, "price_per": "once"}
        price = deviation.hour_price or self.hour_price()
        return {
            "price": price,
            "price_per": "hour",
            "price_missing": price is None,
            "pack_minutes": max(0, self.pack_minutes),
            "minimum_minutes": self.contract.hour_minimum if self.contract else self.company.linserv_hour_minimum,
            "step_minutes": self.contract.hour_step if self.contract else self.company.linserv_hour_step,
        }

    def hour_price(self):
        """Return the price of an hour: the contract's own, else its level's; None when nobody has written one."""
        if self.contract.hour_price:
            return self.contract.hour_price
        return self.level._price(self.company, self.currency, self.day) if self.level else None

    def _say_why(self, work_type, decision):
        """Return why, in the reader's language."""
        rules = self.rules[work_type]
        service = self._service(decision).name or _("your own agreement")
        others = ", ".join(sorted({rule.service_id.name for rule in rules}))
        values = {"service": service, "others": others}
        values.update(self._say_quota(decision))
        if decision.reason == coverage.IN_SERVICE:
            rule = self.env["linserv.coverage.rule"].browse(decision.cell.key)
            values["note"] = rule.note
        return self._sentence(decision.reason, bool(others), values) % values

    def _say_quota(self, decision):
        cell, day = decision.cell, decision.date_earliest
        values = {"date": day and format_date(self.env, day)}
        if cell and cell.treatment == coverage.QUOTA:
            values.update(used=cell.used, limit=cell.limit, months=cell.waiting_months)
            values["to"] = format_date(self.env, self.year.date_to)
        return values

    def _sentence(self, reason, has_others, values):
        if reason == coverage.NOT_BOUGHT and not has_others:
            return _("Not part of any service.")
        if reason == coverage.IS_SEPARATE and has_others:
            return _("Invoiced separately, unless you have %(others)s.")
        if reason == coverage.IN_SERVICE and values.get("note"):
            return _("Included in %(service)s: %(note)s")
        return {**self._sentences_included(), **self._sentences_refused()}[reason]

    def _sentences_included(self):
        return {
            coverage.IS_FREE: _("Free of charge."),
            coverage.IN_SERVICE: _("Included in %(service)s."),
            coverage.IN_QUOTA: _("Included in %(service)s: %(used)s of %(limit)s used until %(to)s."),
            coverage.DEVIATION_COVERED: _("Included by your own agreement."),
        }

    def _sentences_refused(self):
        return {
            coverage.DEVIATION_CHARGED: _("Charged by your own agreement."),
            coverage.IS_SEPARATE: _("Always invoiced separately, whatever services you have."),
            coverage.NOT_BOUGHT: _("Included in %(others)s, which you do not have."),
            coverage.NOT_PRODUCTION: _("%(service)s includes it for production instances only."),
            coverage.OTHER_INSTANCE: _("Included in %(others)s, but not for this instance."),
            coverage.NOT_IN_FORCE: _("You have no contract in force on this day."),
            coverage.BY_AGREEMENT: _("Offered with %(service)s by separate agreement."),
            coverage.QUOTA_USED: _(
                "%(service)s includes %(limit)s in each year of the contract, and all are used until %(to)s."
            ),
            coverage.TOO_EARLY: _(
                "Included in %(service)s from %(date)s. Before that, in the first %(months)s months, it is done only "
                "after an agreement with Linserv."
            ),
        }

    def _say_payment(self, values):
        """Return what it costs, in the reader's language; empty when it costs nothing."""
        if values.get("price_missing"):
            return _("Charged by the hour. Ask us for the price.")
        if not values["price"]:
            return ""
        price = formatLang(self.env, values["price"], currency_obj=self.currency)
        if values["price_per"] == "once" and values["outcome"] == coverage.QUOTA:
            return _("Each time costs %s excluding VAT.", price)
        if values["price_per"] == "once":
            return _("Costs %s excluding VAT.", price)
        if values["outcome"] == coverage.PACK:
            left = hours.format_minutes(values["pack_minutes"])
            return _("The time is taken from your prepaid hours: %s left.", left)
        return _(
            "Charged by the hour: %(price)s excluding VAT, at least %(minimum)s minutes for each ticket and month, "
            "then each started %(step)s minutes.",
            price=price,
            minimum=values["minimum_minutes"],
            step=values["step_minutes"],
        )
