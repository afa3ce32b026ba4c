"""A PostgreSQL of our own: a socket in the state folder, no port, one role that may make databases."""

from . import paths
from .errors import DevError

SETTINGS = """
listen_addresses = ''
unix_socket_directories = '{run}'
max_connections = 200
shared_buffers = 256MB
fsync = off
synchronous_commit = off
full_page_writes = off
log_min_messages = fatal
timezone = 'UTC'
"""
ROLES = """
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'linserv_backup') THEN
        CREATE ROLE linserv_backup LOGIN;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'linserv_restore') THEN
        CREATE ROLE linserv_restore LOGIN CREATEDB;
        GRANT odoo TO linserv_restore;
    END IF;
END
$$
"""


def get_programs(root):
    """Folder of the newest PostgreSQL server programs in the root (13 in Debian 11)."""
    listing = root.run(
        ["sh", "-c", "ls -d /usr/lib/postgresql/*/bin | sort -V | tail -n 1"], capture_output=True, text=True
    )
    return listing.stdout.strip()


def start(root):
    """Start the server unless it runs; make it first when there is none."""
    data, programs = root.state / "postgres", get_programs(root)
    if is_running(root, programs):
        return
    if not (paths.state_folder() / "postgres.complete").exists():
        make_cluster(root, data, programs)
    log = root.state / "log" / "postgres.log"
    words = ["%s/pg_ctl" % programs, "start", "--wait", "--silent", "-D", data, "-l", log]
    done = root.run(words, check=False)
    if done.returncode and not is_running(root, programs):
        raise DevError("PostgreSQL did not start; its log is %s" % root.outside(log))
    make_roles(root)


def make_cluster(root, data, programs):
    """A new cluster with the role ``odoo``: no superuser, may create databases."""
    root.run(["rm", "-rf", data, root.state / "postgres.complete"])
    initdb = ["%s/initdb" % programs, "-D", data, "-U", "postgres", "--auth=trust", "-E", "UTF8"]
    root.run([*initdb, "--locale=C.UTF-8", "--no-sync"], capture_output=True)
    script = 'cat >> "$1/postgresql.conf"'
    root.run(["sh", "-c", script, "add", data], input=SETTINGS.format(run=root.state / "run").encode())
    role = "CREATE ROLE odoo LOGIN CREATEDB;\n"
    single = ["%s/postgres" % programs, "--single", "-D", data, "postgres"]
    root.run(single, input=role.encode(), capture_output=True)
    root.run(["touch", root.state / "postgres.complete"])


def make_roles(root):
    """The roles of a customer's host that is backed up: one that reads, one that owns what is being restored."""
    root.run(["psql", "-X", "-q", "-U", "postgres", "-d", "postgres", "-c", ROLES])


def is_running(root, programs):
    """Whether the server answers."""
    words = ["%s/pg_ctl" % programs, "status", "-D", root.state / "postgres"]
    return root.run(words, check=False, capture_output=True).returncode == 0


def stop(root):
    """Stop the server, ending what is connected."""
    programs = get_programs(root)
    if is_running(root, programs):
        words = ["%s/pg_ctl" % programs, "stop", "--wait", "--silent", "-m", "fast", "-D", root.state / "postgres"]
        root.run(words)


def query(root, sql, database="postgres"):
    """Rows of one statement as lists of strings."""
    words = ["psql", "-X", "-q", "-A", "-t", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-d", database, "-c", sql]
    answer = root.run(words, capture_output=True, text=True, check=False)
    if answer.returncode:
        raise DevError("PostgreSQL refused: %s" % answer.stderr.strip())
    return [line.split("\t") for line in answer.stdout.splitlines()]


def has_database(root, name):
    """Whether a database of that name exists."""
    return bool(query(root, "SELECT 1 FROM pg_database WHERE datname = '%s'" % name))


def drop(root, name):
    """Drop a database and its filestore, if there. As superuser: autovacuum may sit in it, and is one too."""
    root.run(["dropdb", "-U", "postgres", "--if-exists", "--force", name], capture_output=True)
    root.run(["rm", "-rf", root.state / "data" / "filestore" / name])


def copy(root, source, target):
    """Copy a database with its filestore under another name; an older target goes."""
    drop(root, target)
    root.run(["createdb", "-T", source, target], capture_output=True)
    filestore = root.state / "data" / "filestore"
    script = 'if [ -d "$1" ]; then cp -al "$1" "$2"; fi'
    root.run(["sh", "-c", script, "copy", filestore / source, filestore / target])


def list_databases(root, start):
    """Names of the databases that begin so."""
    return [row[0] for row in query(root, "SELECT datname FROM pg_database") if row[0].startswith(start)]
