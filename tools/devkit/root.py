"""The Debian 11 root in which Odoo 14 runs: built once, found again by what it holds.

Three ways in, chosen by looking:
native  this machine is Debian 11 with the packages installed: no root is built and none is needed;
chroot  the caller is root;
userns  the caller is an ordinary user and the kernel gives user namespaces.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from . import paths
from .errors import DevError

SUITE, RELEASE = "deb http://deb.debian.org/debian bullseye main", "bullseye"
PACKAGES = [
    "odoo-14",
    "postgresql-13",
    "openssh-server",
    "openssh-client",
    "python3-pip",
    "python3-venv",
    "chromium",
    "fonts-dejavu-core",
    "fonts-liberation",
    "poppler-utils",
    "ca-certificates",
    "procps",
    "iproute2",
    "gettext",
    "rsync",
    "zstd",
    "restic",
    # borg is built from its source: Debian 11 has an older series.
    "gcc",
    "libc6-dev",
    "python3-dev",
    "pkg-config",
    "libacl1-dev",
    "libssl-dev",
    "liblz4-dev",
    "libzstd-dev",
    "libxxhash-dev",
]
PERSON = 1000  # the user inside the root that owns every process and file
RECIPE = "2"  # raise it when the steps below change what the root holds

ENTER = """
set -e
root=$1; suite=$2; state=$3; cache=$4; shift 4
mount --rbind /dev "$root/dev"
mount --rbind /proc "$root/proc"
mount --rbind /sys "$root/sys"
mount --bind "$suite" "$root/suite"
mount --bind "$state" "$root/state"
mount --bind "$cache" "$root/cache"
exec chroot "$@"
"""


class Root:
    """A place where Debian 11 programs run as one unprivileged user.

    ``suite``, ``state`` and ``cache`` are the folders as programs in there see them.
    """

    def __init__(self, folder):
        self.folder = folder
        self.native = folder is None
        self.suite = paths.REPOSITORY if self.native else Path("/suite")
        self.state = paths.state_folder() if self.native else Path("/state")
        self.cache = paths.cache_folder() / "shared" if self.native else Path("/cache")
        self.venv = None
        self.borg = None

    def command(self, argv, env=None, as_root=False, cwd=None):
        """The full argument list that runs ``argv`` in the root with a clean environment."""
        inner = ["env", "-i", "-C", str(cwd or self.suite)]
        inner += ["%s=%s" % item for item in sorted(self.environment(env, as_root).items())]
        inner += [str(word) for word in argv]
        if self.native:
            return inner
        who = "0:0" if as_root else "%d:%d" % (PERSON, PERSON)
        folders = [self.folder, paths.REPOSITORY, paths.state_folder(), paths.cache_folder() / "shared"]
        enter = namespace() + ["sh", "-c", ENTER, "enter"] + [str(folder) for folder in folders]
        return enter + ["--userspec=" + who, str(self.folder)] + inner

    def environment(self, env, as_root=False):
        """The variables of a program in the root: nothing of the caller's shell but what a build needs."""
        home = "/root" if as_root and not self.native else self.state / "home"
        values = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": home}
        values.update(LANG="C.UTF-8", TZ="UTC", PYTHONDONTWRITEBYTECODE="1", GIT_PYTHON_REFRESH="quiet")
        values.update(PGHOST=self.state / "run", PGUSER="odoo", LINSERV_SUITE=self.suite)
        values.update(LINSERV_STATE=self.state, LINSERV_CACHE=self.cache, LINSERV_ODOO="/usr/bin/odoo")
        values.update(HYPOTHESIS_STORAGE_DIRECTORY=self.state / "hypothesis")
        if os.environ.get("CI"):
            values["CI"] = os.environ["CI"]
        if self.venv:
            values["PATH"] = "%s/bin:%s" % (self.venv, values["PATH"])
            values["LINSERV_PYTHON"] = "%s/bin/python" % self.venv
        if self.borg:
            values["LINSERV_BORG"] = self.borg
        values.update(env or {})
        return values

    def run(self, argv, env=None, as_root=False, check=True, cwd=None, **options):
        """Run in the root and wait; CompletedProcess, or DevError when ``check`` and it failed."""
        done = subprocess.run(self.command(argv, env, as_root, cwd), check=False, **options)
        if check and done.returncode:
            words = " ".join(str(word) for word in argv[:4])
            raise DevError("`%s …` ended with status %d" % (words, done.returncode))
        return done

    def outside(self, path):
        """A path inside the root, as a person outside finds it."""
        path = Path(path)
        pairs = ((self.state, paths.state_folder()), (self.suite, paths.REPOSITORY))
        for inside, outside in pairs:
            if inside in path.parents or path == inside:
                return outside / path.relative_to(inside)
        return path


def namespace():
    """The words that give a private mount table, and the rights of root to one who is not."""
    words = ["unshare", "--mount", "--propagation", "private"]
    return words if os.geteuid() == 0 else words + ["--map-root-user", "--map-auto"]


def is_debian_11():
    """Whether the packages can be used from this machine itself."""
    try:
        version = Path("/etc/debian_version").read_text()
    except OSError:
        return False
    return version.startswith("11") and Path("/usr/bin/odoo").exists() and os.geteuid() != 0


def check_user_namespaces():
    """DevError with the way out when an ordinary user cannot enter a root on this machine."""
    probe = subprocess.run([*namespace(), "true"], capture_output=True, text=True, check=False)
    if probe.returncode:
        raise DevError(
            "this user cannot make a user namespace (%s).\nEither run ./dev as root, or as root once: "
            "apt-get install uidmap, and give the user a line in /etc/subuid and /etc/subgid "
            "(usermod --add-subuids 100000-165535 --add-subgids 100000-165535 USER), or use Debian 11 with\n"
            "apt-get install --no-install-recommends %s" % (probe.stderr.strip(), " ".join(PACKAGES))
        )


def get_builder():
    """Path of mmdebstrap; root gets it installed, others are told how."""
    found = shutil.which("mmdebstrap")
    if found:
        return found
    if os.geteuid() == 0 and shutil.which("apt-get"):
        print("installing mmdebstrap, which builds the Debian 11 root …", flush=True)
        quiet = {"stdout": subprocess.DEVNULL, "check": False}
        subprocess.run(["apt-get", "update", "-qq"], **quiet)
        subprocess.run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", "mmdebstrap"], **quiet)
        found = shutil.which("mmdebstrap")
    if not found:
        raise DevError("mmdebstrap is missing: as root, apt-get install mmdebstrap uidmap (Debian or Ubuntu)")
    return found


def get_root():
    """The root, built first if this machine has none that holds the same."""
    if is_debian_11():
        make_state_folders(None)
        return Root(None)
    if os.geteuid() != 0:
        check_user_namespaces()
    folder = paths.cache_folder() / ("root-" + paths.digest_of(RECIPE, SUITE, *PACKAGES))
    if not (folder / "complete").exists():
        build(folder)
    make_state_folders(folder)
    root = Root(folder)
    refresh_network_files(folder)
    return root


def build(folder):
    """Build under another name and rename: a root cut short is never taken for a whole one."""
    builder = get_builder()
    partial = folder.with_name(folder.name + ".partial")
    remove_tree(partial)
    partial.parent.mkdir(parents=True, exist_ok=True)
    print("building the Debian 11 root with Odoo 14, once (about two minutes) …", flush=True)
    options = ["--mode=root", "--variant=minbase", "--quiet", "--include=" + ",".join(PACKAGES)]
    options += ["--aptopt=APT::Install-Recommends false", "--aptopt=Acquire::Retries 5"]
    options += ['--customize-hook=chroot "$1" useradd --uid %d --create-home linserv' % PERSON]
    options += ['--customize-hook=mkdir -p "$1/suite" "$1/state" "$1/cache" "$1/venv"']
    log = paths.cache_folder() / "root-build.log"
    with log.open("wb") as stream:
        command = [*namespace(), builder, *options, RELEASE, str(partial), SUITE]
        done = subprocess.run(command, stdout=stream, stderr=subprocess.STDOUT, check=False)
    if done.returncode:
        sys.stderr.write(log.read_text(errors="replace")[-2000:])
        raise DevError("the Debian 11 root could not be built; the whole log is %s" % log)
    subprocess.run([*namespace(), "touch", str(partial / "complete")], check=True)
    os.rename(str(partial), str(folder))


def remove_tree(folder):
    """Remove a folder whose files may belong to the namespace's users."""
    if folder.exists():
        subprocess.run([*namespace(), "rm", "-rf", "--one-file-system", str(folder)], check=True)


def make_state_folders(folder):
    """The state and cache folders, owned by the user inside the root."""
    state, shared = paths.state_folder(), paths.cache_folder() / "shared"
    wanted = [state, shared] + [state / name for name in ("home", "run", "log", "out")]
    missing = [path for path in wanted if not path.exists()]
    if not missing:
        return
    for path in wanted:
        path.mkdir(parents=True, exist_ok=True)
    if folder is not None:
        owner = "%d:%d" % (PERSON, PERSON)
        subprocess.run([*namespace(), "chown", owner, *map(str, wanted)], check=True)


def refresh_network_files(folder):
    """Name service and certificate authorities are the machine's, as pip in the root needs them."""
    pairs = [("/etc/resolv.conf", "etc/resolv.conf"), ("/etc/hosts", "etc/hosts")]
    pairs.append(("/etc/ssl/certs/ca-certificates.crt", "etc/ssl/certs/ca-certificates.crt"))
    script = 'while [ $# -gt 1 ]; do cmp -s "$1" "$2" || { rm -f "$2"; cp -L "$1" "$2"; }; shift 2; done'
    words = []
    for source, target in pairs:
        if os.path.exists(source):
            words += [source, str(folder / target)]
    subprocess.run([*namespace(), "sh", "-c", script, "copy", *words], check=False)
