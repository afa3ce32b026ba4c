from contextlib import contextmanager
from types import SimpleNamespace
from unittest.mock import patch

from werkzeug.exceptions import NotFound

from odoo.tests import new_test_user, tagged

from ..controllers import portal
from .common import HostingCase


@tagged("post_install", "-at_install")
class TestPortal(HostingCase):
    """The helper that every portal page of the suite finds its records with."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        contact = cls.env["res.partner"].create([{"name": "Anna", "parent_id": cls.customer.id}])
        cls.user = new_test_user(cls.env, "anna", groups="base.group_portal", partner_id=contact.id)
        cls.stranger = new_test_user(cls.env, "stranger", groups="base.group_portal")
        cls.instance = cls.make_instance(cls.make_host())

    @contextmanager
    def request_of(self, user):
        """The part of a web request that the helper looks at."""
        with patch.object(portal, "request", SimpleNamespace(env=self.env(user=user))):
            yield portal.LinservPortalMixin()

    def test_a_customer_finds_an_own_instance(self):
        with self.request_of(self.user) as page:
            found = page._linserv_browse("linserv.instance", self.instance.id)
            self.assertEqual((found, found.env.uid, found.env.su), (self.instance, self.user.id, False))
            self.assertEqual(page._linserv_customer(), self.customer)

    def test_a_foreign_and_a_missing_instance_give_the_same_answer(self):
        answers = []
        with self.request_of(self.stranger) as page:
            for record_id in (self.instance.id, self.instance.id + 1000000, 0, -1, 2**40, None, "1"):
                with self.assertRaises(NotFound) as caught:
                    page._linserv_browse("linserv.instance", record_id)
                answers.append(str(caught.exception))
        self.assertEqual(len(set(answers)), 1)
