"""Drills end to end: points restored on a backup host and on a DR host, compared, thrown away, and evidence of it."""

import base64
import json
import os
import signal
import subprocess
import time

import pytest
from backup_world import BackupWorld
from support import PYTHON, SUITE

VERIFIER = SUITE / "addons" / "linserv_backup" / "static" / "verify_drill.py"
SLOT = time.strftime("%Y%m%dT%H0000Z", time.gmtime())
PHASES = ["files", "hash", "rebuild", "registry", "restore", "rows", "total"]

SIGN = """
facts = {facts!r}
customer = env['res.partner'].create({{'name': 'Norrvik Bygg AB', 'is_company': True}})
host, backup, dr = env['linserv.host'].create([
    {{'name': 'vm7', 'address': 'vm7.invalid'}},
    {{'name': 'backup1', 'address': 'backup1.invalid', 'backup_role': 'backup'}},
    {{'name': 'dr1', 'address': 'dr1.invalid', 'backup_role': 'dr'}}])
instance = env['linserv.instance'].create({{
    'name': 'Norrvik', 'technical_name': 'norrvik', 'partner_id': customer.id, 'host_id': host.id,
    'database': 'norrvik'}})
repository = env['linserv.backup.repository'].create({{
    'instance_id': instance.id, 'host_id': backup.id, 'dr_host_id': dr.id, 'name': 'norrvik'}})
points, drills, company = env['linserv.backup.point'], env['linserv.backup.drill'], env.company

def hold(zone, found):
    fact = facts['points'][found['name']]
    point = points.search([('name', '=', found['name'])]) or points.create({{
        'repository_id': repository.id, 'kind': 'dr' if zone == 'dr' else 'db', 'slot': facts['slot'],
        'state': 'proved', 'name': found['name'], 'dump_bytes': fact['dump']['bytes'],
        'sha256': fact['dump']['sha256'], 'rows': fact['rows']}})
    drill = drills._order_drill(repository, point, zone)
    drill._on_run_done(drill.run_id, found)
    return drill

held = hold('backup', facts['backup'])
keys = [company._get_backup_signing_secret().public_value]
renewed = env['linserv.secret'].create(company._prepare_backup_signing_secret_vals())
renewed._generate_signing_key()
company.linserv_backup_signing_secret_id = renewed
keys.append(company._get_backup_signing_secret().public_value)
held |= hold('dr', facts['dr']) | hold('backup', facts['damaged'])
held.flush()
answer({{
    'keys': keys, 'states': held.mapped('state'), 'reasons': held.mapped('reason'),
    'faults': [held_one._get_faults() for held_one in held], 'evidence': held[-1]._get_evidence_file().decode()}})
"""


@pytest.fixture(scope="module")
def world(tmp_path_factory, database):
    with BackupWorld(tmp_path_factory.mktemp("drill"), database) as made:
        made.connect()
        made.connect_dr()
        made.found = {"slot": time.strftime("%Y-%m-%d %H:00:00", time.gmtime()), "points": {}}
        yield made


def drill(world, host, name):
    """Hold a drill; the host's answer."""
    return host.work("drill.run", {"repository": world.repository, "name": name, "samples": 5})


def left_over(world):
    """Scratch databases and folders that are still there."""
    names = world.database.query("SELECT datname FROM pg_database WHERE datname LIKE 'drill\\_%'")
    folders = [path for endpoint in world.endpoints for path in endpoint.state_directory.glob("drills/drill_*")]
    return [name for (name,) in names] + folders


def wait(condition, seconds=60):
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        if condition():
            return True
        time.sleep(0.05)
    return False


def test_1_the_backup_host_restores_a_point_and_compares_everything(world):
    point = world.take(SLOT)
    found = drill(world, world.backup, point["name"])
    assert (found["ok"], found["faults"]) == (True, [])
    assert (found["dump"], found["rows"]) == (point["dump"], point["rows"])
    assert found["rows_compared"] == found["hashes_compared"] == found["tables"] == len(point["counts"]) > 200
    assert (found["files"]["count"], found["files"]["root"]) == (point["files"]["count"], point["files"]["root"])
    assert found["registry"]["modules"] > 20 and found["registry"]["opened"] == {"asked": 5, "good": 5}
    assert sorted(found["seconds"]) == PHASES and 0 < found["usable_seconds"] < found["seconds"]["total"]
    assert left_over(world) == []
    world.found.update(backup=found, name=point["name"])
    world.found["points"][point["name"]] = {"dump": point["dump"], "rows": point["rows"]}


def test_2_the_dr_host_restores_its_own_copy_to_the_same_rows(world):
    order = {"repository": world.repository, "slot": SLOT, "now": int(time.time())}
    copy = world.dr.work("dr.pull", order)
    found, before = drill(world, world.dr, copy["name"]), world.found["backup"]
    assert (found["ok"], found["faults"]) == (True, [])
    assert (found["dump"], found["rows_root"]) == (before["dump"], before["rows_root"])
    assert (found["files"], found["hashes_compared"]) == (before["files"], before["hashes_compared"])
    assert found["registry"]["modules"] == before["registry"]["modules"]
    world.found["dr"] = found
    world.found["points"][copy["name"]] = {"dump": copy["dump"], "rows": copy["rows"]}


def test_3_a_drill_killed_in_mid_restore_leaves_no_database_and_the_next_one_sweeps(world):
    dead = "drill_" + "0d" * 16
    world.database.query('CREATE DATABASE "%s" OWNER odoo TEMPLATE template0' % dead)
    (world.endpoints[1].state_directory / "drills" / dead).mkdir()
    run = world.backup.start("drill.run", {"repository": world.repository, "name": world.found["name"]})
    scratch = "drill_" + run.replace("-", "")
    assert wait(lambda: scratch in left_over(world))
    assert dead not in left_over(world)
    kill(world.endpoints[1], run)
    assert wait(lambda: left_over(world) == [])


def kill(endpoint, run):
    """`kill -9` of the run's whole session, as the kernel does when memory is short."""
    status = json.loads((endpoint.state_directory / "runs" / run / "status.json").read_text())
    os.killpg(status["group"], signal.SIGKILL)


def test_4_a_byte_that_changed_in_the_repository_is_a_finding(world):
    segments = sorted(
        (world.folder / "backup" / "repositories" / world.repository / "borg.1" / "data").glob("*/*"),
        key=lambda path: path.stat().st_size,
    )
    with segments[-1].open("r+b") as stream:
        stream.seek(segments[-1].stat().st_size // 2)
        byte = stream.read(1)
        stream.seek(-1, os.SEEK_CUR)
        stream.write(bytes([byte[0] ^ 1]))
    found = drill(world, world.backup, world.found["name"])
    assert (found["ok"], [fault["code"] for fault in found["faults"]]) == (False, ["point_damaged"])
    assert left_over(world) == []
    world.found["damaged"] = found


def verify(path, keys):
    """The verifier for outsiders, as an outsider runs it; its exit status and what it said."""
    words = [part for key in keys for part in ("--key", base64.b64encode(bytes.fromhex(key)).decode())]
    done = subprocess.run([PYTHON, VERIFIER, path, *words], check=False, capture_output=True, text=True)
    assert not done.stderr
    return done.returncode, [line for line in done.stdout.splitlines() if line.startswith("BAD")]


def test_5_the_evidence_is_verified_without_odoo_also_after_a_change_of_keys(world, database, tmp_path):
    told = database.shell(SIGN.format(facts=world.found))
    assert told["states"] == ["proved", "proved", "faulty"]
    assert told["reasons"] == [False, False, "point_damaged"]
    assert told["faults"] == [[], [], []]
    path = tmp_path / "evidence.json"
    path.write_text(told["evidence"])
    assert verify(path, told["keys"]) == (0, [])
    assert verify(path, told["keys"][:1])[0] == verify(path, told["keys"][1:])[0] == 1
    for old, new in (('\\"rows\\":%d' % world.found["backup"]["rows"], '\\"rows\\":1'), ("faulty", "proved")):
        assert old in told["evidence"]
        path.write_text(told["evidence"].replace(old, new))
        assert verify(path, told["keys"])[0] == 1
    out = json.loads(told["evidence"])
    del out["chain"][1]
    path.write_text(json.dumps(out))
    status, bad = verify(path, told["keys"])
    assert (status, [line.split(": ")[-1] for line in bad]) == (1, ["chain"])
