"""Python packages beside Debian's: one environment per set of pins, and OCA addons as folders."""

import os

from . import paths

BORG = "tools/requirements-borg.txt"
PIP_OPTIONS = ["--quiet", "--disable-pip-version-check", "--no-input"]


def pip_environment(root):
    """What pip needs from the caller: certificate and index settings, if the caller has any."""
    env = {name: value for name, value in os.environ.items() if name in ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL")}
    env["PIP_CERT"] = "/etc/ssl/certs/ca-certificates.crt"
    env["PIP_CACHE_DIR"] = str(root.cache / "pip")
    return env


def use_environment(root):
    """Point ``root`` at the environment that holds the pinned requirements; make it when there is none."""
    pins = [paths.REPOSITORY / "requirements.txt", paths.REPOSITORY / "requirements-dev.txt"]
    key = paths.digest_of(*pins)
    venv = root.cache / ("venv-" + key)
    if not (paths.cache_folder() / "shared" / venv.name / "complete").exists():
        print("installing the pinned Python packages, once …", flush=True)
        env = pip_environment(root)
        root.run(["python3", "-m", "venv", "--clear", "--system-site-packages", venv], env)
        pip = [venv / "bin" / "pip", "install", *PIP_OPTIONS]
        root.run([*pip, "pip==26.0.1", "wheel==0.45.1"], env)
        root.run([*pip, "-r", "requirements.txt", "-r", "requirements-dev.txt"], env)
        root.run(["touch", venv / "complete"], env)
    root.venv = venv


def get_borg(root):
    """Path (inside the root) of borg in an environment of its own, as a backup host has it; built once."""
    name = "borg-" + paths.digest_of(paths.REPOSITORY / BORG, "1")
    folder = root.cache / name
    if not (paths.cache_folder() / "shared" / name / "complete").exists():
        print("building borg, which keeps the backups, once (a minute) …", flush=True)
        env = pip_environment(root)
        root.run(["python3", "-m", "venv", "--clear", folder], env)
        pip = [folder / "bin" / "pip", "install", *PIP_OPTIONS]
        root.run([*pip, "pip==26.0.1", "wheel==0.45.1", "setuptools==80.9.0"], env)
        root.run([*pip, "-r", BORG], env)
        root.run(["touch", folder / "complete"], env)
    return folder / "bin" / "borg"


def get_oca_addons(root, requirements):
    """Folder (inside the root) with the addons of a file of pinned wheels, downloaded once."""
    name = "oca-" + paths.digest_of(paths.REPOSITORY / requirements)
    target = root.cache / name
    if not (paths.cache_folder() / "shared" / name / "complete").exists():
        print("downloading the addons pinned in %s, once …" % requirements, flush=True)
        root.run(["rm", "-rf", target])
        pip = [root.venv / "bin" / "pip", "install", *PIP_OPTIONS, "--no-deps", "--no-compile"]
        root.run([*pip, "--target", target, "-r", requirements], pip_environment(root))
        root.run(["touch", target / "complete"])
    return target / "odoo" / "addons"
