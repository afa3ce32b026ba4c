"""The line counter against Odoo's own `cloc`: the same numbers, for less.

    ./dev bench cloc [--quick]

Compares file by file on all of Odoo's own addons and on the pinned OCA addons, then on a database with a hundred of
those installed; and measures the CPU time of both commands and of pygount, and an unchanged recount through the agent.
The addons are downloaded once into the cache, the database is made once in the cluster. `--quick` leaves pygount out.
"""

import argparse
import ast
import base64
import hashlib
import importlib.util
import json
import os
import random
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
import zlib
from pathlib import Path

SUITE = Path(os.environ.get("LINSERV_SUITE", Path(__file__).resolve().parents[2]))
STATE = Path(os.environ.get("LINSERV_STATE", tempfile.gettempdir()))
CACHE = Path(os.environ.get("LINSERV_CACHE", tempfile.gettempdir()))
ODOO = os.environ.get("LINSERV_ODOO", "/usr/bin/odoo")
CORE = Path("/usr/lib/python3/dist-packages/odoo/addons")
WHEELS = SUITE / "tests" / "bench" / "requirements-oca-wheels.txt"
ADDONS = SUITE / "addons"
ENGINE = ADDONS / "linserv_maintenance" / "agent" / "line_counter.py"
CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
INSTALLED = 100
#: How many files of each kind are broken on purpose, so that errors are compared too.
BROKEN = 1000
#: Odoo's own modules that the installed OCA modules may need; small ones, so that the database is made in minutes.
SMALL_CORE = {
    "base",
    "web",
    "mail",
    "base_setup",
    "bus",
    "contacts",
    "product",
    "uom",
    "resource",
    "portal",
    "sales_team",
}
SMALL_CORE |= {
    "http_routing",
    "web_tour",
    "utm",
    "auth_signup",
    "calendar",
    "phone_validation",
    "web_editor",
    "base_vat",
}
#: Addons that need a superuser of PostgreSQL or another module's records.
SKIP = {"base_search_fuzzy"}
CUSTOMISE = """
model = env.ref('base.model_res_partner').id
code = 'for partner in records:\\n    # a remark\\n    partner.write({\\n        "ref": partner.name\\n    })\\n'
action = {'name': 'Rätta <b>priser</b>', 'state': 'code', 'model_id': model, 'code': code}
env['ir.actions.server'].create([action, dict(action, name='broken')])
env.cr.execute("UPDATE ir_act_server SET code = 'for x in:' WHERE name = 'broken'")
compute = "for record in self:\\n    record['x_twice'] = 2 * len(record.name or '')\\n"
field = {'name': 'x_twice', 'model_id': model, 'ttype': 'integer', 'store': False, 'depends': 'name'}
env['ir.model.fields'].create(dict(field, compute=compute))
env.cr.commit()
"""
OFFICIAL_DATABASE = """
import json, odoo, sys
from odoo.tools import cloc, config
config.parse_config(sys.argv[1:])
counter = cloc.Cloc()
counter.count_database(config['db_name'])
json.dump([counter.modules, counter.errors, counter.code, counter.total], sys.stdout)
"""
PYGOUNT = """
import os, sys
os.environ['GIT_PYTHON_REFRESH'] = 'quiet'
from pygount import SourceAnalysis
for path in sys.stdin.read().split('\\0'):
    SourceAnalysis.from_file(path, 'bench', encoding='utf-8', generated_regexes=[], duplicate_pool=None)
"""


def run(command, **options):
    """Run a command; return its completed process, wall seconds and CPU seconds including its children's."""
    before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    done = subprocess.run([str(word) for word in command], check=False, stdout=subprocess.PIPE, **options)
    wall, after = time.monotonic() - begin, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return done, wall, cpu


def must(command, **options):
    """Run a command that has to succeed; return what it wrote."""
    done, _wall, _cpu = run(command, stderr=subprocess.PIPE, **options)
    if done.returncode:
        sys.exit("%s\nended with %d:\n%s" % (command, done.returncode, done.stderr.decode(errors="replace")[-4000:]))
    return done.stdout


def load(name, path):
    """Import a file of the suite on its own."""
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def get_wheels():
    """The folder with the OCA addons, downloaded and unpacked once for this list."""
    key = hashlib.sha256(WHEELS.read_bytes()).hexdigest()[:12]
    folder = CACHE / ("oca-wheels-" + key)
    if not folder.exists():
        print("downloading the OCA addons, once …", flush=True)
        work = Path(tempfile.mkdtemp(dir=CACHE))
        environ = {"PIP_CERT": CERTIFICATES, **os.environ} if os.path.exists(CERTIFICATES) else None
        must([sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", work / "w", "-r", WHEELS], env=environ)
        for wheel in sorted((work / "w").glob("*.whl")):
            unpack(wheel, work / "addons")
        (work / "addons").rename(folder)
        shutil.rmtree(work)
    return folder


def unpack(wheel, target):
    """Put the module of an OCA wheel into the target folder."""
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            parts = name.split("/")
            if parts[:2] == ["odoo", "addons"] and len(parts) > 3:
                path = target.joinpath(*parts[2:])
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(archive.read(name))


def modules_in(folder):
    """The paths of the modules in a folder."""
    return sorted(path for path in folder.iterdir() if (path / "__manifest__.py").exists())


def compare_files(engine, paths):
    """Count each path with both; return (files compared, differences, errors among them)."""
    from odoo.tools.cloc import Cloc  # noqa: PLC0415  (only where Odoo is)

    crew = engine.Crew(sys.executable, ENGINE.read_text(), engine.PROFILES["14.0"])
    files, errors, differences = 0, 0, []
    for path, count in zip(paths, engine.count_modules([str(path) for path in paths], crew)):
        official = Cloc()
        official.count_path(str(path))
        theirs = {os.path.relpath(name, path): pair for name, pair in official.modules[path.name].items()}
        failed = {os.path.relpath(name, path) for name in official.errors.get(path.name, {})}
        ours = {row[0]: (row[2], row[3]) for row in count["files"] if row[4] == "ok"}
        names = set(theirs) | set(ours) | failed | set(count["errors"])
        differences += [
            "%s/%s" % (path.name, name)
            for name in names
            if theirs.get(name) != ours.get(name) or (name in failed) != (name in count["errors"])
        ]
        if (official.code[path.name], official.total[path.name]) != (count["code"], count["total"]):
            differences.append(path.name)
        files, errors = files + len(names), errors + len(failed)
    return files, differences, errors


def broken_copies(paths, folder):
    """A module for each kind of file with real files that were cut, doubled or had a character taken out."""
    chance = random.Random(14)
    for extension in (".py", ".js", ".xml"):
        sources = sorted(file for path in paths for file in path.rglob("*" + extension) if file.is_file())
        target = folder / ("broken_" + extension[1:])
        target.mkdir()
        for number, source in enumerate(chance.sample(sources, min(BROKEN, len(sources)))):
            text = source.read_bytes()[:60000]
            start, stop = sorted(chance.randrange(len(text) + 1) for _end in range(2))
            ways = (
                text[:stop],
                text[start:],
                text[:start] + text[stop:],
                text[:start] + text[start + 1 :],
                text[:stop] + text[start:],
            )
            (target / ("%d%s" % (number, extension))).write_bytes(chance.choice(ways))
    return sorted(folder.iterdir())


def measure(commands, rounds):
    """Run the commands in turn, several rounds; return (wall, cpu) of each: what it takes when nothing disturbs it."""
    taken = [[] for _command in commands]
    for _round in range(rounds):
        for number, (command, options) in enumerate(commands):
            done, wall, cpu = run(command, stderr=subprocess.DEVNULL, **options)
            if done.returncode:
                sys.exit("%s ended with %d" % (command[:6], done.returncode))
            taken[number].append((wall, cpu))
    return [tuple(min(column) for column in zip(*rows)) for rows in taken]


def cpu_against_odoo(paths):
    """CPU seconds of `odoo cloc -p` and of the engine's command on the same modules."""
    odoo = [sys.executable, ODOO, "cloc", *(word for path in paths for word in ("-p", path))]
    ours = [sys.executable, ENGINE, "--profile", "14.0", *paths]
    return measure([(odoo, {}), (ours, {})], 5)


def pygount_cpu(engine, paths):
    """CPU seconds of pygount on the files that the engine counts in these modules."""
    crew = engine.Crew(sys.executable, ENGINE.read_text(), engine.PROFILES["14.0"])
    counts = engine.count_modules([str(path) for path in paths], crew)
    names = [os.path.join(count["path"], row[0]) for count in counts for row in count["files"]]
    command = ([sys.executable, "-c", PYGOUNT], {"input": "\0".join(names).encode()})
    return measure([command], 2)[0][1]


def installable(wheels):
    """A hundred of the addons whose needs are met by each other and by small modules of Odoo's own."""
    manifests = {path.name: eval_manifest(path) for path in modules_in(wheels)}
    usable = {name for name, values in manifests.items() if imports(values)} - SKIP
    while True:
        kept = {name for name in usable if set(manifests[name].get("depends", [])) <= usable | SMALL_CORE}
        if kept == usable:
            break
        usable = kept
    chosen = set()
    for name in sorted(usable):
        need = closure(name, manifests)
        if len(chosen | need) <= INSTALLED:
            chosen |= need
    return sorted(chosen)


def eval_manifest(path):
    """A module's manifest."""
    return ast.literal_eval((path / "__manifest__.py").read_text())


def imports(manifest):
    """Tell whether the Python packages of a manifest are there, and no program is needed."""
    needs = manifest.get("external_dependencies", {})
    names = [re.split(r"[<>=~!\[]", name)[0].replace("-", "_") for name in needs.get("python", [])]
    return not needs.get("bin") and all(importlib.util.find_spec(name) for name in names)


def closure(name, manifests):
    """The addon and those of the list that it needs."""
    found = {name}
    for other in manifests[name].get("depends", []):
        if other in manifests:
            found |= closure(other, manifests)
    return found


def odoo_options(wheels):
    """Options that every command of Odoo gets here."""
    return ["--addons-path", "%s,%s" % (wheels, CORE), "--data-dir", STATE / "bench-data", "--log-level", "error"]


def get_database(wheels):
    """Name of the database with a hundred third-party modules and code of its own; made once."""
    key = hashlib.sha256(WHEELS.read_bytes() + CUSTOMISE.encode() + repr(sorted(SMALL_CORE)).encode()).hexdigest()[:12]
    name, options = "bench_cloc_" + key, odoo_options(wheels)
    if name not in must(["psql", "-XAtd", "postgres", "-c", "SELECT datname FROM pg_database"]).decode().split():
        print("installing %d addons, once …" % INSTALLED, flush=True)
        work = "%s_%d" % (name, os.getpid())
        program = [sys.executable, ODOO]
        modules = ["-i", ",".join(installable(wheels)), "--without-demo=all", "--stop-after-init"]
        try:
            must([*program, *options, "-d", work, *modules])
            must([*program, "shell", *options, "-d", work, "--no-http"], input=CUSTOMISE.encode())
            must(["psql", "-Xqd", "postgres", "-c", 'ALTER DATABASE "%s" RENAME TO "%s"' % (work, name)])
        finally:
            must(["psql", "-Xqd", "postgres", "-c", 'DROP DATABASE IF EXISTS "%s"' % work])
    return name


class Agent:
    """The agent's archive with an instance, asked as sshd would ask it."""

    def __init__(self, folder, database, wheels):
        builder = load("zipapp_builder", ADDONS / "linserv_hosting" / "adapters" / "zipapp_builder.py")
        addons = ("linserv_hosting", "linserv_maintenance")
        (folder / "agent.pyz").write_bytes(builder.build({name: ADDONS / name / "agent" for name in addons}))
        instance = {"database": database, "series": "14.0", "python": sys.executable, "odoo_bin": ODOO}
        instance.update(addons_path=[str(wheels)], core_addons_path=[str(CORE)])
        config = {"protocol": 1, "state_directory": str(folder / "state"), "instances": {"bench": instance}}
        (folder / "agent.json").write_text(json.dumps(config))
        self.command = ["/usr/bin/python3", "-I", folder / "agent.pyz", "--config", folder / "agent.json"]

    def request(self, args):
        """The document that asks for a count."""
        run_id = "00000000-0000-4000-8000-%012d" % (time.monotonic_ns() % 10**12)
        wanted = {"protocol": 1, "run": run_id, "verb": "code.count", "instance": "bench", "args": args}
        return json.dumps(wanted).encode() + b"\n"

    def count(self, known_root=None):
        """Return (result, bytes received)."""
        output = must(self.command, input=self.request({"profile": None, "known_root": known_root}))
        last = json.loads(output.splitlines()[-1])
        if "result" not in last:
            sys.exit("the agent answered %s" % last)
        return last["result"], len(output)


def compare_database(agent, database, wheels):
    """Count the database with both; return (differences, number of modules, lines, root)."""
    script = [sys.executable, "-c", OFFICIAL_DATABASE, "-d", database, *odoo_options(wheels)]
    modules, errors, code, total = json.loads(must(script).decode().splitlines()[-1])
    result, _size = agent.count()
    checker = load("merkle_check", ADDONS / "linserv_maintenance" / "domain" / "merkle.py")
    tree = json.loads(zlib.decompress(base64.b64decode(result["tree"])))
    ours = {module["name"]: (module["code"], module["total"]) for module in tree["modules"]}
    rows = tree["customisations"]
    ours["odoo/studio"] = (sum(row[3] for row in rows), sum(row[4] for row in rows))
    failed = {"%s/%s" % (row[0], row[1]) for row in rows if row[5] != "ok"}
    differences = [
        name for name in set(code) | set(ours) if (code.get(name), total.get(name)) != ours.get(name, (None,) * 2)
    ]
    theirs = {name for name in errors.get("odoo/studio", {})}
    differences += [name for name in {plain(name) for name in failed} ^ {plain(name) for name in theirs}]
    if checker.snapshot_root(tree) != result["root"]:
        differences.append("root")
    for module in tree["modules"]:
        files = {os.path.join(module["path"], row[0]): [row[2], row[3]] for row in module["files"] if row[4] == "ok"}
        differences += [name for name in set(files) ^ set(modules[module["name"]])]
        differences += [name for name in files if files[name] != modules[module["name"]].get(name)]
    return differences, len(tree["modules"]), result["code"], result["root"]


def plain(name):
    """A customisation's name as the official tool writes it, up to its number."""
    return name.partition(":")[0]


def recount(agent, database, wheels, root):
    """(wall, cpu) of `odoo cloc -d` and of an unchanged recount through the agent, and the bytes received."""
    result, size = agent.count(root)
    if not result["unchanged"]:
        sys.exit("the recount is not unchanged")
    time.sleep(2.5)
    agent.count(root)
    odoo = [sys.executable, ODOO, "cloc", "-d", database, *odoo_options(wheels)]
    asked = agent.request({"profile": None, "known_root": root})
    one = (agent.command, {"input": asked})
    official, _first = measure([(odoo, {}), one], 5)
    ours = measure([one], 15)[0]
    return official, ours, size


def main():
    """Measure, print a table and one JSON line; 1 when a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    engine, wheels, goals = load("line_counter", ENGINE), get_wheels(), []
    core, oca = modules_in(CORE), modules_in(wheels)

    def goal(name, figure, ok):
        goals.append({"goal": name, "figure": figure, "ok": bool(ok)})
        print("%-62s %14s  %s" % (name, figure, "ok" if ok else "MISSED"), flush=True)

    with tempfile.TemporaryDirectory(dir=STATE) as folder:
        broken = broken_copies(core + oca, Path(folder))
        files, differences, errors = compare_files(engine, core + oca + broken)
    print("%d modules of Odoo, %d of OCA, %d files, %d of them errors" % (len(core), len(oca), files, errors))
    print("\n".join(differences[:20]))
    goal("at least 100 OCA addons compared", len(oca), len(oca) >= 100)
    goal("files that differ from odoo cloc, errors included", len(differences), not differences)
    official, ours = cpu_against_odoo(core + oca)
    print("CPU on all of them: odoo cloc %.2f s, line counter %.2f s" % (official[1], ours[1]))
    goal("times less CPU than odoo cloc (at least 2)", round(official[1] / ours[1], 2), official[1] >= 2 * ours[1])
    if not options.quick:
        theirs = pygount_cpu(engine, core + oca)
        print("CPU on all of them: pygount %.2f s, line counter %.2f s" % (theirs, ours[1]))
        goal("times less CPU than pygount (at least 20)", round(theirs / ours[1], 1), theirs >= 20 * ours[1])
    database = get_database(wheels)
    with tempfile.TemporaryDirectory(dir=STATE) as folder:
        agent = Agent(Path(folder), database, wheels)
        differences, modules, code, root = compare_database(agent, database, wheels)
        print("database: %d third-party modules, %d lines; %s" % (modules, code, differences[:20]))
        goal("third-party modules in the database (at least 100)", modules, modules >= INSTALLED)
        goal("differences in database mode", len(differences), not differences)
        official, ours, size = recount(agent, database, wheels, root)
    with tempfile.TemporaryDirectory(dir=STATE) as folder:
        demo, addons = os.environ["LINSERV_DEMO_DATABASE"], Path(os.environ["LINSERV_DEMO_ADDONS"])
        differences, modules, code, _root = compare_database(Agent(Path(folder), demo, addons), demo, addons)
        print("the demo's instance: %d modules, %d lines; %s" % (modules, code, differences[:20]))
        goal("differences on the demo's instance", len(differences), not differences)
    print("recount: odoo cloc %.3f s (CPU %.3f), unchanged %.3f s (CPU %.3f)" % (*official, *ours))
    goal("times faster unchanged recount (at least 12)", round(official[0] / ours[0], 1), official[0] >= 12 * ours[0])
    goal("times less CPU of the unchanged recount", round(official[1] / ours[1], 1), True)
    goal("bytes received for an unchanged recount (at most 4096)", size, size <= 4096)
    print(json.dumps({"bench": "cloc", "goals": goals}))
    return 0 if all(one["ok"] for one in goals) else 1


if __name__ == "__main__":
    sys.exit(main())
