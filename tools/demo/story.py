"""The main job, told in chapters; each can be told twice and then finds its work done.

``tell(env, chapter, answer, port, copies)`` runs in `odoo shell`; what it has to say is JSON in the file ``answer``.
"""

import datetime
import json
import time
from pathlib import Path

import backups
import cast

from odoo.addons.linserv_hosting.adapters import ssh_install

MONTHS = {"october": datetime.date(2026, 10, 1), "november": datetime.date(2026, 11, 1)}
WAIT_SECONDS = 240


def tell(env, chapter, answer, port, copies):
    """Tell one chapter and write down what happened.

    :param port: where Odoo answers
    :param copies: address of test copies, with {database} in it
    """
    karin = env.ref("linserv_story.user_karin", raise_if_not_found=False)
    env = env(context=dict(env.context, lang="sv_SE", tz="Europe/Stockholm"))
    if chapter == "cast":
        facts = connect(env, port)
    elif chapter in MONTHS:
        facts = play_month(env, chapter, MONTHS[chapter], karin)
    else:
        facts = backups.tell(env, chapter, copies)
    env.cr.commit()
    Path(answer).write_text(json.dumps(facts, indent=1))


def connect(env, port):
    """Everybody, and the host: key pinned after a look at the fingerprint, agent installed, facts read."""
    cast.make_all(env, port)
    hosts = {place: env.ref("linserv_story." + names[0]) for place, names in cast.HOSTS.items()}
    for place, host in hosts.items():
        if host.state == "draft":
            pin(env, host, place)
            install(host, place)
            env.cr.commit()
        host._queue_facts()
    work_off(env, lambda: all(host.state == "ready" for host in hosts.values()))
    host = hosts["demo-host"]
    text = "host %s: %s, kernel %s, %d CPUs, %d MB of memory, agent %s"
    values = (host.name, host.os_name, host.kernel, host.cpu_count, host.memory_total_mb, host.agent_version[:12])
    return {"lines": [text % values], "files": []}


def pin(env, host, place):
    """What the administrator does: look at the key, type the fingerprint that the host's owner told, pin it."""
    told = cast.read_endpoint(place)["host_public_key"].split()[1]
    wizard = env["linserv.host.pin"].browse(host.action_pin_key()["res_id"])
    shown = wizard.line_ids.filtered(lambda line: told in line.public_key.split())
    wizard.typed_fingerprint = shown.fingerprint
    wizard.action_pin()


def install(host, place):
    """The first visit with the administrator's one-time key, as the wizard makes it.

    The wizard installs below /opt, /etc and /var; the demo host is an ordinary user's and has these in its folder.
    """
    facts = cast.read_endpoint(place)
    order = ssh_install.Order(
        user=facts["user"],
        public_key=host.ssh_secret_id.public_value,
        skeleton=host._prepare_agent_config(),
        agent=facts["agent"],
        config=facts["config"],
        state_directory=facts["state_directory"],
        authorized_keys=facts["authorized_keys"],
    )
    credential = ssh_install.Credential(facts["user"], private_key_pem=facts["admin_private_key"])
    keys = tuple(host._get_pinned_keys())
    ssh_install.install_agent(host.address, host.port, keys, credential, order, host._build_agent())


def work_off(env, is_done):
    """Let the scheduled action's method work until something has come about."""
    deadline = time.monotonic() + WAIT_SECONDS
    while not is_done():
        assert time.monotonic() < deadline, "the host did not answer in time"
        env["linserv.run"]._work_off(seconds=10)
        env.cr.commit()
        env.clear()
        time.sleep(0.2)


def play_month(env, chapter, day, karin):
    """Count, approve, preview, bill, post; the PDFs."""
    instance = env.ref("linserv_story.norrvik_prod")
    snapshot = count(env, instance, day)
    if snapshot.state == "draft":
        snapshot.with_user(karin).action_approve()
    env.cr.commit()
    run = bill(env, day)
    moves = env["account.move"].search(
        [("linserv_contract_id", "=", env.ref("linserv_story.contract_norrvik").id), ("invoice_date", "=", day)]
    )
    moves._linserv_attach_evidence()
    env.cr.commit()
    lines = describe_count(snapshot) + describe_run(run) + [describe_move(move) for move in moves]
    return {"lines": lines, "files": save_files(env, chapter, moves)}


def count(env, instance, day):
    """The approved or waiting count of the day; counted over SSH the first time."""
    snapshots = env["linserv.code.snapshot"]
    domain = [("instance_id", "=", instance.id), ("date", "=", day), ("state", "in", ("draft", "approved"))]
    found = snapshots.search(domain, limit=1)
    if found:
        return found
    snapshot = instance._count_code(day)
    env.cr.commit()
    work_off(env, lambda: snapshot.state != "running")
    assert snapshot.state in ("draft", "approved"), snapshot.error
    return snapshot


def bill(env, day):
    """The month's billing run, with its preview, posted."""
    runs = env["linserv.billing.run"]
    run = runs.search([("date", "=", day)], limit=1) or runs.create({"date": day, "mode": "post"})
    if run.state != "done":
        run.action_preview()
        env.cr.commit()
        run.action_bill()
    return run


def describe_count(snapshot):
    """The count in words."""
    text = "%s, %s: %d lines in %d modules, %d started hundreds, %.2f SEK a month"
    return [
        text
        % (
            snapshot.date,
            snapshot.instance_id.name,
            snapshot.code_lines,
            snapshot.module_count,
            snapshot.block_count,
            snapshot.amount,
        )
    ]


def describe_run(run):
    """What the billing run did, and what it held back."""
    lines = ["%s of %s: %d invoices, %.2f SEK excl. VAT" % (run.name, run.date, len(run.move_ids), run.amount_total)]
    for line in run.line_ids.filtered("reason"):
        lines.append("held back for %s: %s" % (line.contract_id.partner_id.name, " ".join(line.reason.split())))
    return lines


def describe_move(move):
    """The invoice in words."""
    return "invoice %s to %s: %.2f SEK, of which VAT %.2f SEK" % (
        move.name,
        move.partner_id.name,
        move.amount_total,
        move.amount_tax,
    )


def save_files(env, chapter, moves):
    """Invoice, annex and evidence as files; their names."""
    folder = cast.STATE / "out" / "demo"
    folder.mkdir(parents=True, exist_ok=True)
    names = []
    for move in moves:
        pdf, _kind = env.ref("account.account_invoices")._render_qweb_pdf(move.ids)
        names.append("%s-%s.pdf" % (chapter, move.name.replace("/", "-")))
        (folder / names[-1]).write_bytes(pdf)
        for attachment in move.linserv_evidence_ids:
            names.append(attachment.name.replace("/", "-"))
            (folder / names[-1]).write_bytes(attachment.raw)
    return sorted(names)
