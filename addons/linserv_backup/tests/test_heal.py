"""A damaged repository is healed from the other host, step by step, by runs."""

import json

from odoo.exceptions import AccessError, UserError

from .common import BackupCase

HOST_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl"
A, B, C = "db-20261101T003000Z", "db-20261101T010000Z", "db-20261101T013000Z"
COPY = "dr-20261101T010000Z"


class TestHeal(BackupCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.repository.write({"public_key": HOST_KEY, "dr_public_key": HOST_KEY, "generation": 1})

    def setUp(self):
        super().setUp()
        self.verbs = []

    def begin(self, side="backup"):
        action = self.repository.action_heal() if side == "backup" else self.repository.action_heal_dr()
        return self.env["linserv.backup.heal"].browse(action["res_id"])

    def answer(self, heal, **result):
        """Let the present step's host answer; the verb that was asked."""
        run = heal.run_id
        self.verbs.append(run.verb)
        heal._on_run_done(run, result)
        return json.loads(run.args)

    def fail(self, heal, code="unreachable"):
        run = heal.run_id
        self.verbs.append(run.verb)
        heal._on_run_failed(run, {"code": code, "message": code, "retryable": False})

    def damaged(self, *names, **more):
        return dict({"ok": not names, "damaged": [{"name": name, "what": "…"} for name in names]}, **more)

    def test_a_damaged_repository_gets_back_what_the_dr_host_has(self):
        heal = self.begin()
        self.answer(heal, **self.damaged(A, B, C))
        self.answer(heal, public_key=HOST_KEY, sources={COPY: A})
        self.assertEqual(self.answer(heal, generation=2)["generation"], 1)
        self.assertEqual(self.answer(heal, keys=3), {"public_key": HOST_KEY, "role": "heal"})
        pushed = self.answer(heal, healed=[{"name": A, "copy": COPY, "sha256": "0" * 64}])
        self.assertEqual((pushed["names"], pushed["target"]["address"]), ([COPY], "backup.invalid"))
        self.answer(heal, **self.damaged(C))
        self.answer(heal, keys=2)
        self.assertEqual(
            self.verbs,
            ["repo.check", "dr.offer", "repo.renew", "key.authorize", "dr.heal", "repo.verify", "key.revoke"],
        )
        self.assertEqual((heal.state, heal.healed_names.split(), heal.lost_names), ("partly", [A, B], C))
        self.assertEqual(self.repository.generation, 2)
        self.assertTrue(heal.date_ended)

    def test_the_list_is_asked_for_afterwards(self):
        heal = self.begin()
        self.answer(heal, **self.damaged())
        self.assertEqual(heal.state, "nothing")
        lists = self.env["linserv.run"].search([("verb", "=", "repo.list"), ("idempotency_key", "like", "heal-")])
        self.assertEqual(len(lists), 1)

    def test_without_a_copy_the_next_points_still_get_a_sound_repository(self):
        heal = self.begin()
        self.answer(heal, **self.damaged(A))
        self.answer(heal, public_key=HOST_KEY, sources={})
        self.answer(heal, generation=2)
        self.answer(heal, **self.damaged(A))
        self.assertEqual(self.verbs, ["repo.check", "dr.offer", "repo.renew", "repo.verify"])
        self.assertEqual((heal.state, heal.lost_names), ("partly", A))

    def test_a_push_that_fails_leaves_no_door_open(self):
        heal = self.begin()
        self.answer(heal, **self.damaged(A))
        self.answer(heal, public_key=HOST_KEY, sources={COPY: A})
        self.answer(heal, generation=2)
        self.answer(heal)
        self.fail(heal)
        self.assertEqual((heal.run_id.verb, heal.state), ("key.revoke", "running"))
        self.answer(heal)
        self.assertEqual((heal.state, heal.error), ("failed", "unreachable"))

    def test_a_second_attempt_begins_no_third_generation(self):
        heal = self.begin()
        self.fail(heal)
        self.assertEqual(heal.state, "failed")
        heal.action_retry()
        found = [{"name": A, "what": "…", "generation": 1}]
        self.answer(heal, ok=False, damaged=found, generation=2)
        self.answer(heal, public_key=HOST_KEY, sources={COPY: A})
        self.assertEqual(self.answer(heal, generation=2)["generation"], 1)

    def test_two_people_press_the_button_and_one_healing_goes_on(self):
        self.assertEqual(self.begin(), self.begin())

    def test_an_answer_that_makes_no_sense_heals_nothing(self):
        heal = self.begin()
        self.answer(heal, ok=False, damaged=[])
        self.assertEqual(heal.state, "failed")
        self.assertIn("damage_unnamed", heal.error)

    def test_damaged_copies_of_the_dr_host_are_made_again_one_by_one(self):
        plan = self.make_plan(kind="dr", days=14, points=1)
        names = [COPY, "dr-20261102T010000Z", "dr-20261103T010000Z"]
        for name, source in zip(names, (A, None, C)):
            manifest = json.dumps({"source": {"name": source}} if source else {})
            point = self.make_points(plan, 1, plan._moment(1793494800 + 86400 * names.index(name)))
            point.write({"name": name, "manifest": manifest})
        heal = self.begin("dr")
        self.answer(heal, **self.damaged(*names))
        self.answer(heal, generation=2)
        args = self.answer(heal, name=COPY)
        self.assertEqual((args["slot"], args["name"]), ("20261101T010000Z", A))
        self.fail(heal, "point_unknown")
        self.answer(heal, **self.damaged(*names[1:]))
        self.assertEqual(self.verbs, ["dr.check", "dr.renew", "dr.pull", "dr.pull", "dr.verify"])
        self.assertEqual((heal.state, heal.healed_names, heal.lost_names.split()), ("partly", COPY, names[1:]))

    def test_a_repository_without_a_dr_host_says_so(self):
        self.repository.dr_public_key = False
        with self.assertRaises(UserError):
            self.begin()

    def test_who_does_not_manage_backups_heals_nothing(self):
        user = self.make_user("reader", "linserv_backup.linserv_backup_group_user")
        with self.assertRaises(UserError):
            self.repository.with_user(user).action_heal()
        with self.assertRaises(AccessError):
            self.env["linserv.backup.heal"].with_user(user).create([{"repository_id": self.repository.id}])

    def test_a_manager_without_rights_on_the_fleet_heals(self):
        user = self.make_user("keeper", "linserv_backup.linserv_backup_group_manager")
        action = self.repository.with_user(user).action_heal()
        self.assertEqual(self.env["linserv.backup.heal"].browse(action["res_id"]).run_id.verb, "repo.check")


class TestScrub(BackupCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.repository.write({"public_key": HOST_KEY, "dr_public_key": HOST_KEY})

    def find(self, verb):
        return self.env["linserv.run"].search([("verb", "=", verb)])

    def test_every_byte_is_read_once_a_week_on_both_hosts(self):
        for _time in range(2):
            self.env["linserv.backup.repository"]._cron_scrub()
        self.assertEqual([len(self.find("repo.check")), len(self.find("dr.check"))], [1, 1])
        for verb in ("repo.check", "dr.check"):
            self.repository._on_run_done(self.find(verb), {"ok": True, "damaged": []})
        self.env["linserv.backup.repository"]._cron_scrub()
        self.assertEqual(len(self.find("repo.check")), 1)
        self.assertFalse(self.repository.scrub_text)

    def test_damage_is_noted_by_name_and_told_to_the_list_at_once(self):
        self.env["linserv.backup.repository"]._cron_scrub()
        found = {"ok": False, "damaged": [{"name": A, "what": "hash"}]}
        self.repository._on_run_done(self.find("repo.check"), found)
        self.assertEqual(self.repository.scrub_text, A)
        self.assertEqual(len(self.find("repo.list")), 1)
        self.assertFalse(self.repository.dr_scrub_text)

    def test_damage_that_nobody_can_name_is_noted_too(self):
        self.env["linserv.backup.repository"]._cron_scrub()
        self.repository._on_run_done(self.find("dr.check"), {"ok": False, "damaged": []})
        self.assertIn("no point of it could be named", self.repository.dr_scrub_text)
