"""Where an instance is, and what PostgreSQL's complaints mean."""

import pytest

from odoo.addons.linserv_backup.agent import source_dump, source_faults, source_instance
from odoo.addons.linserv_backup.agent.errors import BackupError


def load(**instance):
    return source_instance.load({"database": "norrvik", **instance})


@pytest.fixture
def conf(tmp_path):
    path = tmp_path / "odoo.conf"
    path.write_text(
        "[options]\n; db_host = wrong\ndb_host = /run/postgresql\ndb_port = False\ndb_user = odoo\n"
        "db_password = secret%\ndata_dir = /srv/odoo\nadmin_passwd = hidden\n"
    )
    return str(path)


def test_odoo_conf_says_where_database_and_filestore_are(conf):
    source = load(odoo_config=conf)
    login = {name: value for name, value in source.environment.items() if name in ("PGHOST", "PGUSER", "PGPASSWORD")}
    assert login == {"PGHOST": "/run/postgresql", "PGUSER": "odoo", "PGPASSWORD": "secret%"}
    assert source.environment["PGDATABASE"] == "norrvik"
    assert "PGPORT" not in source.environment
    assert source.filestore == "/srv/odoo/filestore/norrvik"


def test_a_role_of_its_own_is_not_given_odoos_password(conf):
    source = load(odoo_config=conf, backup_user="linserv_backup")
    assert source.environment["PGUSER"] == "linserv_backup"
    assert "PGPASSWORD" not in source.environment


def test_agent_json_goes_before_odoo_conf(conf):
    source = load(odoo_config=conf, filestore="/files", db_port=5433, pg_dump="/opt/pg/bin/pg_dump")
    assert (source.filestore, source.environment["PGPORT"], source.pg_dump) == ("/files", "5433", "/opt/pg/bin/pg_dump")


def test_an_unreadable_odoo_conf_leaves_debians_defaults():
    assert load(odoo_config="/none").filestore == "/var/lib/odoo/.local/share/Odoo/filestore/norrvik"


@pytest.mark.parametrize("instance", [None, {}, {"database": ""}, {"database": 7}])
def test_an_instance_without_a_database_is_a_configuration_error(instance):
    with pytest.raises(BackupError) as refused:
        source_instance.load(instance)
    assert (refused.value.code, refused.value.kind) == ("instance_incomplete", "configuration")


@pytest.mark.parametrize("folders", [{"../x": "/"}, {"": "/"}, ["/"], {"a b": "/"}])
def test_extra_folders_have_plain_names(folders):
    with pytest.raises(BackupError):
        load(folders=folders)


def test_several_addons_folders_are_numbered():
    folders = load(addons_path=["/a", "/b"], folders={"web": "/srv/web"}).folders
    assert folders == {"addons.1": "/a", "addons.2": "/b", "web": "/srv/web"}


FAULTS = [
    ("ERROR:  55P03: canceling statement due to lock timeout\nLOCATION: x", "attachments_busy", "transient"),
    ("FEL:  55P03: avbryter sats på grund av låstimeout", "attachments_busy", "transient"),
    ('psql: error: FATAL:  database "norrvik" does not exist', "database_missing", "configuration"),
    ('psql: error: FATAL:  role "linserv_backup" does not exist', "database_refused", "configuration"),
    ('FATAL:  no pg_hba.conf entry for host "[local]"', "database_refused", "configuration"),
    ("psql: error: could not connect to server: Connection refused", "database_unreachable", "transient"),
    ("FATAL:  the database system is starting up", "database_unreachable", "transient"),
    ("FATAL:  sorry, too many clients already", "database_unreachable", "transient"),
    ("FATAL:  57P01: terminating connection due to administrator command", "database_unreachable", "transient"),
    (
        "pg_dump: error: query failed: ERROR:  permission denied for table res_users",
        "database_refused",
        "configuration",
    ),
    ('ERROR:  42P01: relation "public.ir_attachment" does not exist', "not_odoo", "configuration"),
    ("pg_dump: error: aborting because of server version mismatch", "pg_dump_old", "configuration"),
    ('ERROR:  invalid snapshot identifier: "00000003-1"', "snapshot_gone", "transient"),
    ("ERROR:  invalid page in block 7 of relation base/1/2", "database_damaged", "data"),
    ("ERROR:  canceling statement due to lock timeout", "database_busy", "transient"),
    ("something new", "dump_failed", "unknown"),
]


@pytest.mark.parametrize(("text", "code", "kind"), FAULTS)
def test_a_complaint_has_a_code_and_a_class(text, code, kind):
    error = source_faults.fault(text.encode(), "dump_failed")
    assert (error.code, error.kind, error.retryable) == (code, kind, kind == "transient")


@pytest.mark.parametrize(
    ("client", "server", "older"),
    [
        ("13.16", "13.20", False),
        ("11.22", "13.4", True),
        ("15.1", "13.4", False),
        ("9.5.2", "9.6.1", True),
        ("10.1", "9.6", False),
    ],
)
def test_only_an_older_release_is_too_old(client, server, older):
    assert (source_dump.major(client) < source_dump.major(server)) is older


def test_the_pg_dump_of_the_servers_release_is_preferred(tmp_path, monkeypatch):
    for release in ("9.6", "13", "15"):
        (tmp_path / release / "bin").mkdir(parents=True)
        (tmp_path / release / "bin" / "pg_dump").write_text("")
    monkeypatch.setattr(source_instance, "PROGRAMS", (str(tmp_path) + "/*/bin/%s",))
    find = source_instance.find_program
    assert find("pg_dump", "13") == str(tmp_path / "13" / "bin" / "pg_dump")
    assert find("pg_dump", "14") == str(tmp_path / "15" / "bin" / "pg_dump")
    assert find("psql", "13") == "/usr/bin/psql"
