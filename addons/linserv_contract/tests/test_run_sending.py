from unittest.mock import patch

from odoo.tools import mute_logger

from .common import ContractCase

MODULE = "odoo.addons.linserv_contract.models.account_move_sending"


class TestRunSending(ContractCase):
    """Rule 51: posted and sent, each invoice once."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.norrvik.email = "faktura@norrvik.example"
        cls.contract = cls.make_contract("bas")

    def mails(self, move):
        return self.env["mail.message"].search(
            [("model", "=", "account.move"), ("res_id", "in", move.ids), ("message_type", "=", "comment")]
        )

    def test_rule_51_the_invoice_is_posted_and_sent_with_its_pdf(self):
        run = self.make_run("10-01", self.contract, mode="post_send")
        run.action_bill()
        move = run.move_ids
        self.assertEqual((move.state, move.linserv_send_state, move.is_move_sent), ("posted", "done", True))
        mail = self.mails(move)
        self.assertEqual(mail.notified_partner_ids & self.norrvik, self.norrvik)
        self.assertEqual(len(mail.attachment_ids), 1)
        self.assertTrue(mail.attachment_ids.name.startswith(move.name.replace("/", "_")))
        self.assertEqual((run.state, run.sent_count, run.unsent_count, run.progress), ("done", 1, 0, 100.0))

    def test_rule_51_a_second_time_sends_nothing(self):
        run = self.make_run("10-01", self.contract, mode="post_send")
        run.action_bill()
        run.action_bill()
        run.move_ids._linserv_send()
        self.env["account.move"]._cron_send_linserv()
        self.assertEqual(len(self.mails(run.move_ids)), 1)

    def test_an_invoice_without_posting_is_not_sent(self):
        for mode in ("draft", "post"):
            move = self.bill("10-01" if mode == "draft" else "11-01", self.contract, mode=mode)
            self.assertFalse(move.linserv_send_state or self.mails(move))

    @mute_logger(MODULE)
    def test_a_customer_without_an_address_is_somebodys_to_act_on(self):
        self.norrvik.email = False
        run = self.make_run("10-01", self.contract, mode="post_send")
        run.action_bill()
        move = run.move_ids
        self.assertEqual((run.state, move.state, move.linserv_send_state), ("done", "posted", "failed"))
        self.assertIn("no e-mail address", move.linserv_send_error)
        self.assertEqual(move.activity_ids.user_id, self.contract.user_id)
        self.assertEqual(run.unsent_count, 1)
        self.norrvik.email = "faktura@norrvik.example"
        run.action_send_again()
        self.assertEqual((move.linserv_send_state, len(self.mails(move)), run.unsent_count), ("done", 1, 0))
        self.assertFalse(move.activity_ids)

    @mute_logger(MODULE)
    def test_the_scheduled_action_tries_five_times(self):
        self.norrvik.email = False
        run = self.make_run("10-01", self.contract, mode="post_send")
        run.action_bill()
        for _time in range(9):
            self.env["account.move"]._cron_send_linserv()
        self.assertEqual(run.move_ids.linserv_send_attempts, 5)
        self.assertEqual(len(run.move_ids.activity_ids), 1)

    @mute_logger(MODULE)
    def test_an_invoice_that_cannot_be_printed_stops_no_other(self):
        sydvik = self.make_customer("Sydvik AB", email="ap@sydvik.example")
        self.make_instance(sydvik, "sydvik-prod")
        other = self.make_contract("backup", partner=sydvik)
        render = type(self.env["account.move"])._linserv_render_pdf

        def broken(move):
            if move.partner_id == self.norrvik:
                raise ValueError("no paper")
            return render(move)

        run = self.make_run("10-01", self.contract | other, mode="post_send")
        with patch.object(type(self.env["account.move"]), "_linserv_render_pdf", broken):
            run.action_bill()
        states = {move.partner_id.name: move.linserv_send_state for move in run.move_ids}
        self.assertEqual(states, {"Norrvik Bygg AB": "failed", "Sydvik AB": "done"})
        self.assertIn("no paper", run.move_ids.filtered(lambda m: m.partner_id == self.norrvik).linserv_send_error)

    @mute_logger(MODULE)
    def test_what_the_mail_server_refuses_is_given_again_and_not_made_again(self):
        run = self.make_run("10-01", self.contract, mode="post_send")
        run.action_bill()
        move = run.move_ids
        move.linserv_send_message_id.notification_ids.write(
            {"notification_status": "exception", "failure_reason": "mailbox full"}
        )
        self.assertFalse(move._linserv_check_delivery())
        self.assertEqual((move.linserv_send_state, "mailbox full" in move.linserv_send_error), ("failed", True))
        move.linserv_send_message_id.notification_ids.write({"notification_status": "sent"})
        move.action_linserv_send()
        self.assertEqual((move.linserv_send_state, len(self.mails(move))), ("done", 1))

    def test_an_invoice_that_waits_for_its_evidence_is_sent_by_the_scheduled_action(self):
        run = self.make_run("10-01", self.contract, mode="post_send")
        with patch.object(type(run), "_send_some", lambda run, stop: False):
            run.action_bill()
        move = run.move_ids
        move.linserv_evidence_state = "pending"
        self.env["account.move"]._cron_send_linserv()
        self.assertEqual(move.linserv_send_state, "pending")
        move.write({"linserv_evidence_state": "done"})
        self.env["account.move"]._cron_send_linserv()
        self.assertEqual((move.linserv_send_state, len(self.mails(move))), ("done", 1))

    @mute_logger(MODULE)
    def test_an_invoice_whose_evidence_never_came_is_somebodys_to_act_on(self):
        run = self.make_run("10-01", self.contract, mode="post_send")
        with patch.object(type(run), "_send_some", lambda run, stop: False):
            run.action_bill()
        run.move_ids.write({"linserv_evidence_state": "failed", "linserv_evidence_attempts": 5})
        self.env["account.move"]._cron_send_linserv()
        self.assertEqual(run.move_ids.linserv_send_state, "failed")
        self.assertIn("evidence", run.move_ids.linserv_send_error)
        self.assertTrue(run.move_ids.activity_ids)
