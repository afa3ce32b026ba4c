from .test_restore import RestoreCase


class TestRestoreNotice(RestoreCase):
    def test_a_customer_who_cancels_in_the_portal_gets_the_written_notice(self):
        contact = self.env["res.partner"].create(
            {"name": "Eva", "parent_id": self.customer.id, "email": "eva@norrvik.se"}
        )
        values = {
            "login": "eva-n",
            "partner_id": contact.id,
            "groups_id": [(6, 0, self.env.ref("base.group_portal").ids)],
        }
        eva = self.env["res.users"].with_context(no_reset_password=True).create([values])
        restore = self.order(20)
        cancelled = (
            self.env["linserv.restore"].with_user(eva).browse(restore.id)._portal_cancel(contact, "not needed", False)
        )
        cancelled._send_confirmation()
        self.assertIn("R0", restore.notice_id.name)
        self.assertIn(restore.name.encode(), restore.notice_id.raw)
