"""`./dev demo`: a fresh machine becomes a running suite with its story told."""

import json
import time
from pathlib import Path

from . import customer, demo_backups, odoo, paths, postgres, services
from .errors import DevError

DATABASE = "linserv_demo"
FOLDER = paths.REPOSITORY / "tools" / "demo"
LOGINS = "admin / admin (Linserv), eva@norrvik.example / eva (customer)"


def run(words):
    """Play the demo; with ``--once`` end after the main job, else serve until Ctrl-C."""
    begun = time.monotonic()
    options = parse(words)
    root = odoo.prepare()
    if options["fresh"] or not is_made(root):
        prepare_databases(root)
    start_host(root)
    port = start_server(root, options["port"], crons=0)  # a scheduled count in between would be another story
    report = tell_story(root, port)
    print_report(root, report, time.monotonic() - begun)
    if options["once"]:
        services.stop(root, "odoo")
        services.stop(root, "demo-copy")
        return 0
    print("the test copy is open on %s" % report["backups"]["copy"], flush=True)
    return serve(root, start_server(root, port, crons=1))


def parse(words):
    """The options of `./dev demo`."""
    options = {"once": "--once" in words, "fresh": "--fresh" in words, "port": 8069}
    rest = [word for word in words if word not in ("--once", "--fresh")]
    if len(rest) == 2 and rest[0] == "--port" and rest[1].isdigit():
        options["port"] = int(rest[1])
    elif rest:
        raise DevError("./dev demo knows --once, --fresh and --port N, not: " + " ".join(rest))
    return options


def story_key():
    """What the demo's databases were made from."""
    return paths.digest_of(paths.ADDONS, FOLDER, paths.REPOSITORY / "tools" / "devkit")


def is_made(root):
    """Whether an earlier demo of the same sources left its databases; a story cut short is told on from there."""
    marker = paths.state_folder() / "out" / "demo-made"
    if not marker.exists() or marker.read_text() != story_key():
        return False
    return all(postgres.has_database(root, name) for name in (DATABASE, customer.DATABASE))


def prepare_databases(root):
    """Linserv's own database and the customer's, both fresh."""
    services.stop_all(root)
    print("making Linserv's database and the customer's …", flush=True)
    marker = root.state / "out" / "demo-made"
    hosts = [root.state / host for host in ("demo-host", "demo-backup-host", "demo-dr-host", "demo-mail")]
    root.run(["rm", "-rf", marker, *hosts, root.state / "norrvik"])
    for name in postgres.list_databases(root, customer.DATABASE + "-copy-"):
        postgres.drop(root, name)
    customer.provide(root)
    postgres.copy(root, odoo.get_suite_template(root), DATABASE)
    root.run(["sh", "-c", 'cat > "$1"', "write", marker], input=story_key().encode())


def start_host(root):
    """The customer's host: a real sshd on a loopback port, with the agent as forced command."""
    services.stop(root, "demo-host")
    facts = paths.state_folder() / "demo-host" / "endpoint.json"
    before = facts.stat().st_mtime_ns if facts.exists() else 0
    services.start(root, "demo-host", ["python", root.suite / "tools" / "demo" / "host.py"])
    for _attempt in range(150):
        if facts.exists() and facts.stat().st_mtime_ns != before:
            return
        time.sleep(0.1)
    raise DevError("the demo host does not start; its log is %s" % (paths.state_folder() / "log" / "demo-host.log"))


def start_server(root, port, crons):
    """Odoo on the demo database, with so many threads for scheduled actions; the port it answers on."""
    services.stop(root, "odoo")
    if not odoo.is_free(port):
        port = odoo.free_port()
        print("port 8069 is taken: serving on %d instead" % port)
    words = ["-d", DATABASE, "--db-filter=^%s$" % DATABASE, "--http-port", port, "--max-cron-threads=%d" % crons]
    services.start(root, "odoo", odoo.odoo_command(root, *words))
    if not services.wait_for_page("http://127.0.0.1:%d/web/login" % port):
        raise DevError("Odoo does not answer; its log is %s" % (paths.state_folder() / "log" / "odoo.log"))
    return port


def play(root, chapter, port, copies=""):
    """One chapter of the story in `odoo shell`; what it reports as a dict."""
    answer = root.state / "out" / ("demo-%s.json" % chapter)
    script = "import sys\nsys.path.insert(0, %r)\nimport story\nstory.tell(env, %r, %r, %d, %r)\n"
    text = script % (str(root.suite / "tools" / "demo"), chapter, str(answer), port, copies)
    odoo.run_script(root, DATABASE, text)
    return json.loads(root.outside(answer).read_text())


def tell_story(root, port):
    """The main job: prepare, October, the customer buys a module, November; then backups and a test copy."""
    report = {}
    for chapter in ("cast", "october"):
        print(chapter_title(chapter), flush=True)
        report[chapter] = play(root, chapter, port)
    if not customer.has_module(root, customer.LATER):
        print("the customer installs another module (%s) …" % customer.LATER, flush=True)
        customer.install(root, customer.DATABASE, [customer.LATER])
    print(chapter_title("november"), flush=True)
    report["november"] = play(root, "november", port)
    place = demo_backups.choose_port()
    copies = demo_backups.COPIES.replace("%d", str(place))
    report["backups"] = demo_backups.tell(root, lambda chapter: play(root, chapter, port, copies), place)
    return report


def chapter_title(chapter):
    """What happens now, for the person who waits."""
    titles = {
        "cast": "pinning the host's key, reading its facts, making customers and contracts …",
        "october": "October: counting the customer's code over SSH, approving, billing …",
        "november": "November: counting again, billing …",
    }
    return titles[chapter]


def print_report(root, report, seconds):
    """What the main job did, with the paths of the PDFs outside the root."""
    folder = Path("out") / "demo"
    for chapter in ("october", "november", "backups"):
        facts = report[chapter]
        for line in facts["lines"]:
            print("  " + line)
        for name in facts["files"]:
            print("  %s" % (paths.state_folder() / folder / name))
    print("the main job is done in %.0f s" % seconds, flush=True)


def serve(root, port):
    """Leave Odoo running until Ctrl-C."""
    print("serving on http://localhost:%d   %s   Ctrl-C ends" % (port, LOGINS), flush=True)
    try:
        while services.get_pid("odoo"):
            time.sleep(1)
    except KeyboardInterrupt:
        print("\nstopping …")
    services.stop_all(root)
    return 0


def take_pictures(words):
    """Screenshots of the running demo into out/pictures of the state folder; prints where they are."""
    port = words[0] if words else "8069"
    if not services.get_pid("odoo"):
        raise DevError("the demo does not run: start ./dev demo in another terminal first")
    root = odoo.prepare()
    script, target = root.suite / "tools" / "demo" / "pictures.py", root.state / "out" / "pictures"
    root.run(["python", script, target, "http://127.0.0.1:" + port])
    print(root.outside(target))
    return 0
