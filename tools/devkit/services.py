"""Programs that stay after a command: started in the root, remembered by process id, stopped by it."""

import subprocess
import time
import urllib.error
import urllib.request

from . import paths
from .odoo import INTO_LOG


def start(root, name, argv, env=None):
    """Start a program in the background, unless the one of that name still runs; its process id."""
    running = get_pid(name)
    if running:
        return running
    log = root.state / "log" / (name + ".log")
    process = subprocess.Popen(
        root.command(["sh", "-c", INTO_LOG, "start", log, *argv], env), stdin=subprocess.DEVNULL, start_new_session=True
    )
    text = "%d %s" % (process.pid, read_start_time(process.pid))
    place = root.state / "services" / pid_file(name).name
    root.run(["sh", "-c", 'mkdir -p "$(dirname "$1")" && cat > "$1"', "write", place], input=text.encode())
    return process.pid


def pid_file(name):
    """Where a program's process id is kept."""
    return paths.state_folder() / "services" / (name + ".pid")


def read_start_time(pid):
    """The kernel's start time of a process: tells it from a later one with the same id; '' when gone."""
    try:
        with open("/proc/%d/stat" % pid) as stream:
            fields = stream.read().rsplit(")", 1)[1].split()
    except OSError:
        return ""
    return "" if fields[0] == "Z" else fields[19]


def get_pid(name):
    """The process id of a program that we started and that still runs, or 0."""
    try:
        pid, started = pid_file(name).read_text().split()
    except (OSError, ValueError):
        return 0
    return int(pid) if read_start_time(int(pid)) == started else 0


def stop(root, name):
    """Ask the program's session to end, then insist. Sent from inside: there it is our own user's process."""
    pid = get_pid(name)
    for word in ("-TERM", "-KILL"):
        if not pid or not get_pid(name):
            break
        root.run(["/bin/kill", word, "--", "-%d" % pid], check=False, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 10
        while get_pid(name) and time.monotonic() < deadline:
            time.sleep(0.1)
    root.run(["rm", "-f", root.state / "services" / pid_file(name).name])


def stop_all(root):
    """Stop every program that was started from this state folder."""
    folder = paths.state_folder() / "services"
    for path in sorted(folder.glob("*.pid")) if folder.exists() else []:
        stop(root, path.stem)


def wait_for_page(url, seconds=90):
    """Whether a page answers within the time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return True
        except (urllib.error.URLError, OSError):
            time.sleep(0.3)
    return False


def has_words(url, words):
    """Whether the page at an address has these words in its source."""
    with urllib.request.urlopen(url, timeout=60) as answer:
        return words in answer.read().decode("utf-8", "replace")
