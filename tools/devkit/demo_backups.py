"""The part of `./dev demo` about backups: Norrvik works on between two points, and its test copy sends nothing."""

import json

from . import customer, odoo, paths, postgres, services
from .errors import DevError

COPIES = "http://{database}.localhost:%d"
PHONE = "060-99 88 77"
# The customer's production: what waits is sent, a supplier moves, a drawing is filed.
WORK = """
env['mail.mail'].process_email_queue()
partner = env['res.partner'].search([('name', '=', 'Bygghandeln i Sundsvall')])
partner.phone = %r
env['ir.attachment'].create({'name': 'Ritning plan 2', 'raw': b'plan 2' * 5000, 'res_model': 'res.partner',
                             'res_id': partner.id})
env.cr.commit()
"""
# The test copy: every scheduled action that is due, the queue of e-mails, and somebody who writes one.
LOOK = """
import json
from odoo.addons.base.models.ir_cron import ir_cron
ir_cron._acquire_job(env.cr.dbname)
env['mail.mail'].process_email_queue()
mail = env['mail.mail'].create({'subject': 'Prov', 'email_from': 'a@norrvik.example', 'email_to': 'kund@example.com',
                                'body_html': '<p>Prov</p>', 'auto_delete': False})
mail.send()
env.cr.commit()
partner = env['res.partner'].search([('name', '=', 'Bygghandeln i Sundsvall')])
print('ANSWER ' + json.dumps({'phone': partner.phone, 'crons': env['ir.cron'].search_count([]), 'mail': mail.state}))
"""


def choose_port():
    """A port for test copies, the usual one when it is free."""
    return next((port for port in (8079, 8078) if odoo.is_free(port)), 0) or odoo.free_port()


def tell(root, play, port):
    """Two points with work between them, drills, a test copy of the first; what there is to say.

    :param play: ``play(chapter)`` tells a chapter in Linserv's Odoo
    :param port: where the test copy is opened
    """
    start_mailbox(root)
    print("backups: connecting three hosts, taking the first point …", flush=True)
    lines = play("backup")["lines"]
    if not is_changed(root):
        print("the customer works on: two e-mails leave, a telephone number changes …", flush=True)
        customer.ask(root, customer.DATABASE, WORK % PHONE)
    sent = count_mails(root)
    print("taking the second point, restoring both to prove them …", flush=True)
    lines += play("backup-again")["lines"]
    print("a test copy of the first point, opened in Odoo …", flush=True)
    copy = play("copy")
    lines += copy["lines"] + [look(root, copy["database"], sent)]
    services.stop(root, "demo-mail")
    return {"lines": lines, "files": [], **open_copy(root, copy, port)}


def is_changed(root):
    """Whether the customer has done its work already."""
    sql = "SELECT phone FROM res_partner WHERE name = 'Bygghandeln i Sundsvall'"
    return postgres.query(root, sql, customer.DATABASE) == [[PHONE]]


def start_mailbox(root):
    """A real mail server, which the customer's production is told to use."""
    port, folder = odoo.free_port(), root.state / "demo-mail"
    services.stop(root, "demo-mail")
    services.start(root, "demo-mail", ["python", root.suite / "tools" / "demo" / "mailbox.py", port, folder])
    sql = "UPDATE ir_mail_server SET smtp_port = %d WHERE name = 'Norrviks post'" % port
    postgres.query(root, sql, customer.DATABASE)


def count_mails(root):
    """How many e-mails the mail server has taken."""
    return len(list((paths.state_folder() / "demo-mail").glob("*.eml")))


def look(root, database, sent):
    """Let the copy do what it would by itself, and say what came of it; DevError when an e-mail left."""
    found = json.loads(customer.ask(root, database, LOOK)[0])
    left = count_mails(root) - sent
    if left or not sent:
        raise DevError("production sent %d e-mails and the test copy %d" % (sent, left))
    text = "production sent %d e-mails, the copy %d: %d scheduled actions there, its own e-mail: %s; phone %s, now %s"
    return text % (sent, left, found["crons"], found["mail"], found["phone"], PHONE)


def open_copy(root, copy, port):
    """Serve the copy with the customer's own Odoo; DevError when it does not answer or says not what it is."""
    services.stop(root, "demo-copy")
    words = ["-d", copy["database"], "--db-filter=^%s$" % copy["database"], "--http-port", port]
    services.start(root, "demo-copy", customer.command(root, *words, "--max-cron-threads=1"))
    page = "http://127.0.0.1:%d/web/login" % port
    if not services.wait_for_page(page) or not services.has_words(page, "o_linserv_copy"):
        raise DevError("the copy does not answer; its log is %s" % (paths.state_folder() / "log" / "demo-copy.log"))
    return {"copy": COPIES.format(database=copy["database"]) % port}
