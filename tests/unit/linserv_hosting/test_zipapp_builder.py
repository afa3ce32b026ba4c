import hashlib
import subprocess
import sys
import zipfile

from odoo.addons.linserv_hosting.adapters import zipapp_builder
from odoo.addons.linserv_hosting.tests.sshd import build_agent


def make_addon(folder, text):
    folder.mkdir()
    (folder / "verbs.py").write_text("VERBS = {}\n")
    (folder / "__init__.py").write_text(text)
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__" / "verbs.cpython-39.pyc").write_bytes(b"x")
    return folder


def test_the_same_sources_give_the_same_bytes(tmp_path):
    one, two = make_addon(tmp_path / "one", "a = 1\n"), make_addon(tmp_path / "two", "a = 1\n")
    (two / "verbs.py").touch()
    (two / "verbs.py").chmod(0o600)
    assert zipapp_builder.build({"linserv_x": one}) == zipapp_builder.build({"linserv_x": two})


def test_another_source_gives_another_version(tmp_path):
    one, two = make_addon(tmp_path / "one", "a = 1\n"), make_addon(tmp_path / "two", "a = 2\n")
    versions = {zipapp_builder.version(zipapp_builder.build({"linserv_x": addon})) for addon in (one, two)}
    assert len(versions) == 2


def test_the_order_of_the_addons_does_not_matter(tmp_path):
    folders = {name: make_addon(tmp_path / name, name + " = 1\n") for name in ("linserv_x", "linserv_y")}
    assert zipapp_builder.build(folders) == zipapp_builder.build(dict(reversed(list(folders.items()))))


def test_the_archive_holds_core_and_addons_and_no_compiled_files(tmp_path):
    archive = zipapp_builder.build({"linserv_x": make_addon(tmp_path / "x", "")})
    (tmp_path / "agent.pyz").write_bytes(archive)
    names = zipfile.ZipFile(str(tmp_path / "agent.pyz")).namelist()
    assert "linserv_agent/addons/linserv_x/verbs.py" in names
    assert not [name for name in names if name.endswith(".pyc")]
    assert zipapp_builder.version(archive) == hashlib.sha256(archive).hexdigest()


def test_the_archive_starts_and_refuses_an_empty_request(tmp_path):
    (tmp_path / "agent.pyz").write_bytes(build_agent())
    done = subprocess.run(
        [sys.executable, "-I", str(tmp_path / "agent.pyz"), "--config", str(tmp_path / "none.json")],
        input=b"",
        capture_output=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 1
    assert b'"code":"request_malformed"' in done.stdout
