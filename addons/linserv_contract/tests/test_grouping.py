from .common import ContractCase, day


class TestGrouping(ContractCase):
    """Rules 41 and 42: which contracts share an invoice, its headings, and totals below zero."""

    def lines_of(self, move):
        """Return the invoice's lines in order: a heading's text, or the amount of a line."""
        rows = move.invoice_line_ids.sorted("sequence")
        return [row.name if row.display_type else row.price_subtotal for row in rows]

    def test_rule_41_by_default_each_contract_has_its_own_invoice(self):
        contracts = self.make_contract("bas") | self.make_contract("backup")
        self.assertEqual(len(self.bill("10-01", contracts)), 2)

    def test_rule_41_contracts_of_one_customer_share_an_invoice_where_that_is_agreed(self):
        first = self.make_contract("bas", invoice_grouping="customer")
        second = self.make_contract({"code": "backup", "price_unit": 500.0}, invoice_grouping="customer")
        run = self.make_run("10-01", first | second, mode="post")
        run.action_bill()
        move = run.move_ids
        self.assertEqual((len(move), move.amount_untaxed, move.state), (1, 1400.0, "posted"))
        self.assertEqual((move.linserv_contract_ids, move.linserv_contract_id.ids), (first | second, []))
        self.assertEqual(move.invoice_origin, "%s, %s" % (first.name, second.name))
        self.assertEqual(run.line_ids.move_id, move)
        self.assertEqual((first.move_count, second.move_ids), (1, move))

    def test_rule_41_the_companys_setting_is_the_default(self):
        self.company.linserv_invoice_grouping = "customer"
        self.assertEqual(self.make_contract("bas").invoice_grouping, "customer")

    def test_rule_41_not_with_other_payment_terms_or_another_customer(self):
        now = self.env.ref("account.account_payment_term_immediate")
        other = self.make_customer("Söder AB")
        self.make_instance(other, "soder")
        contracts = self.make_contract("bas", invoice_grouping="customer")
        contracts |= self.make_contract("bas", invoice_grouping="customer", payment_term_id=now.id)
        contracts |= self.make_contract("bas", invoice_grouping="customer", partner=other)
        contracts |= self.make_contract("bas")
        self.assertEqual(len(self.bill("10-01", contracts)), 4)

    def test_rule_41_several_instances_stand_under_headings(self):
        second = self.make_instance(self.norrvik, "norrvik-shop")
        contract = self.make_contract(
            "bas",
            {"code": "bas", "instance_id": second.id, "price_unit": 700.0},
            {"code": "backup", "price_unit": 500.0},
        )
        move = self.bill("10-01", contract)
        self.assertEqual(self.lines_of(move), ["norrvik-prod", 900.0, 500.0, "norrvik-shop", 700.0])

    def test_rule_41_several_contracts_stand_under_their_numbers(self):
        first = self.make_contract("bas", invoice_grouping="customer")
        second = self.make_contract(
            {"code": "epost", "price_unit": 50.0, "instance_id": False}, invoice_grouping="customer"
        )
        move = self.bill("10-01", first | second)
        headings = ["%s · norrvik-prod" % first.name, 900.0, second.name, 50.0]
        self.assertEqual(self.lines_of(move), headings)

    def test_one_instance_needs_no_heading(self):
        move = self.bill("10-01", self.make_contract("bas", "backup"))
        self.assertEqual(self.lines_of(move), [900.0, 900.0])

    def test_each_line_leads_to_its_service_and_its_days(self):
        second = self.make_instance(self.norrvik, "norrvik-shop")
        contract = self.make_contract("bas", {"code": "bas", "instance_id": second.id, "date_start": day("10-17")})
        move = self.bill("11-01", contract)
        lines = move.invoice_line_ids.filtered("linserv_subscription_id").sorted("sequence")
        self.assertEqual(
            [(row.linserv_subscription_id.instance_id.name, str(row.linserv_date_from)) for row in lines],
            [
                ("norrvik-prod", "2026-10-01"),
                ("norrvik-prod", "2026-11-01"),
                ("norrvik-shop", "2026-10-17"),
                ("norrvik-shop", "2026-11-01"),
            ],
        )
        for row in lines:
            period = row.linserv_billed_period_ids
            self.assertEqual((period.date_from, period.date_to), (row.linserv_date_from, row.linserv_date_to))
            self.assertEqual(period.subscription_id, row.linserv_subscription_id)

    def test_a_credit_note_keeps_the_service_days_and_the_contracts(self):
        contract = self.make_contract("bas")
        move = self.bill("10-01", contract, mode="post")
        credit = move._reverse_moves(cancel=True)
        row = credit.invoice_line_ids
        self.assertEqual((row.linserv_date_from, row.linserv_date_to), (day("10-01"), day("10-31")))
        self.assertEqual(row.linserv_subscription_id, contract.subscription_ids)
        self.assertEqual(contract.move_ids, move | credit)

    def make_credited(self, **values):
        """Return a contract whose service was billed for October and ended on the 15th."""
        contract = self.make_contract("bas", **values)
        self.bill("10-01", contract, mode="post")
        contract.subscription_ids.date_end = day("10-15")
        contract.subscription_ids.action_end()
        return contract

    def test_rule_42_a_total_below_zero_is_a_credit_note_with_signs_turned(self):
        contract = self.make_credited()
        run = self.make_run("11-01", contract, mode="post")
        run.action_bill()
        credit = run.move_ids
        self.assertEqual((credit.move_type, credit.state), ("out_refund", "posted"))
        self.assertEqual((credit.amount_untaxed, credit.amount_total), (464.52, 580.65))
        self.assertEqual((credit.invoice_line_ids.price_unit, run.line_ids.amount), (464.52, -464.52))
        self.assertEqual(credit.invoice_line_ids.linserv_billed_period_ids.amount, -464.52)
        self.assertFalse(self.bill("11-01", contract))

    def test_rule_42_a_credit_is_taken_off_what_else_is_invoiced(self):
        contract = self.make_credited()
        self.subscribe(contract, "backup", price_unit=800.0, date_start=day("11-01"))
        move = self.bill("11-01", contract)
        self.assertEqual((move.move_type, self.lines_of(move)), ("out_invoice", [-464.52, 800.0]))

    def test_rule_42_a_deleted_credit_note_is_made_again(self):
        contract = self.make_credited()
        self.bill("11-01", contract).unlink()
        self.assertEqual(self.bill("11-01", contract).amount_untaxed, 464.52)

    def test_rule_43_the_contracts_analytic_account(self):
        account = self.env["account.analytic.account"].create({"name": "Norrvik"})
        contract = self.make_contract("bas", analytic_account_id=account.id)
        move = self.bill("10-01", contract, mode="post")
        self.assertEqual(move.invoice_line_ids.analytic_account_id, account)
        self.assertEqual((account.line_ids.amount, account.line_ids.move_id), (900.0, move.invoice_line_ids))
        taxes = move.line_ids - move.invoice_line_ids
        self.assertFalse(taxes.analytic_account_id)

    def test_rule_43_without_one_odoos_own_rules_hold(self):
        account = self.env["account.analytic.account"].create({"name": "Hosting"})
        product = self.service("bas").product_id
        self.env["account.analytic.default"].create({"product_id": product.id, "analytic_id": account.id})
        move = self.bill("10-01", self.make_contract("bas", "backup"))
        analytic = [row.analytic_account_id for row in move.invoice_line_ids.sorted("sequence")]
        self.assertEqual(analytic, [account, account.browse()])


class TestReference(ContractCase):
    """Rule 44: the payment reference is an OCR number."""

    def hours(self):
        return {"name": "Hours", "price_unit": 100.0, "product_id": self.service("bas").product_id.id}

    def test_rule_44_the_invoices_number_with_length_and_check_digit(self):
        move = self.bill("10-01", self.make_contract("bas"), mode="post")
        digits = "".join(sign for sign in move.name if sign.isdigit())
        self.assertEqual(move.payment_reference[:-2], digits)
        self.assertEqual(int(move.payment_reference[-2]), len(move.payment_reference) % 10)
        claim = move.line_ids.filtered(lambda row: row.account_internal_type == "receivable")
        self.assertEqual(claim.name, move.payment_reference)

    def test_rule_44_also_for_an_invoice_that_a_person_makes(self):
        self.company.linserv_ocr = "check"
        move = self.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": self.norrvik.id,
                "invoice_line_ids": [(0, 0, self.hours())],
            }
        )
        move.action_post()
        digits = "".join(sign for sign in move.name if sign.isdigit())
        self.assertEqual(move.payment_reference[:-1], digits)

    def test_rule_44_another_sales_journal_never_gives_the_same_reference(self):
        first = self.env["account.journal"]._linserv_first_sales_journal(self.company)
        other = first.copy({"code": "HRS", "name": "Hours"})
        values = {
            "move_type": "out_invoice",
            "partner_id": self.norrvik.id,
            "invoice_date": day("10-01"),
            "invoice_line_ids": [(0, 0, self.hours())],
        }
        moves = self.env["account.move"].create([dict(values, journal_id=each.id) for each in (first, other)])
        moves.action_post()
        numbers = ["".join(sign for sign in move.name if sign.isdigit()) for move in moves]
        self.assertEqual(numbers[0], numbers[1])
        self.assertEqual(moves[1].payment_reference[: len(str(other.id))], str(other.id))
        self.assertNotEqual(moves[0].payment_reference, moves[1].payment_reference)

    def test_rule_44_not_abroad_and_not_where_the_journal_says_otherwise(self):
        journal = self.env["account.journal"]._linserv_first_sales_journal(self.company)
        journal.invoice_reference_model = "euro"
        move = self.bill("10-01", self.make_contract("bas"), mode="post")
        self.assertEqual(move.payment_reference[:2], "RF")
        journal.invoice_reference_model = "odoo"
        self.company.linserv_ocr = "off"
        move = self.bill("10-01", self.make_contract("bas"), mode="post")
        self.assertEqual(move.payment_reference, move.name)


class TestPosting(ContractCase):
    """Rule 45: posted together as Odoo posts one by one."""

    def test_rule_45_customers_follow_their_invoices_and_count_as_customers(self):
        contracts = self.make_contract("bas") | self.make_contract("backup")
        rank = self.norrvik.customer_rank
        moves = self.bill("10-01", contracts, mode="post")
        self.assertEqual([move.message_partner_ids for move in moves], [self.norrvik] * 2)
        follower = moves[0].message_follower_ids
        _default, _internal, external = self.env["mail.message.subtype"].default_subtypes("account.move")
        self.assertEqual(follower.subtype_ids, external)
        self.norrvik.invalidate_cache(["customer_rank"])
        self.assertEqual(self.norrvik.customer_rank, rank + 2)

    def test_rule_45_numbers_follow_each_other_and_every_entry_balances(self):
        contracts = self.make_contract("bas")
        for _number in range(4):
            contracts |= self.make_contract("backup")
        moves = self.bill("10-01", contracts, mode="post").sorted("name")
        numbers = moves.mapped("sequence_number")
        self.assertEqual(numbers, list(range(numbers[0], numbers[0] + 5)))
        for move in moves:
            self.assertEqual(round(sum(move.line_ids.mapped("balance")), 2), 0.0)
            self.assertEqual(move.amount_residual, move.amount_total)

    def test_a_draft_takes_no_number(self):
        self.assertEqual(self.bill("10-01", self.make_contract("bas")).name, "/")

    def test_sales_journals_write_no_facturx(self):
        facturx = self.env.ref("account_edi_facturx.edi_facturx_1_0_05", raise_if_not_found=False)
        if not facturx:
            self.skipTest("account_edi_facturx is not installed")
        journal = self.env["account.journal"]._linserv_first_sales_journal(self.company)
        self.assertNotIn(facturx, journal.edi_format_ids)
        self.assertNotIn(facturx, journal.copy({"code": "NEW"}).edi_format_ids)
        move = self.bill("10-01", self.make_contract("bas"), mode="post")
        self.assertFalse(move.edi_document_ids)
