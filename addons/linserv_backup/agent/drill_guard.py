"""Removes what a drill leaves, whatever becomes of the drill. Runs alone: `python3 -I -c <this text>`.

It is a process of its own session, so that ending the drill's processes, also by `kill -9`, does not end it. Its
standard input gives one JSON line (`psql`: the command that opens a session, `database`, `folder`, `environment`) and
stays open for as long as the drill lives. A session of PostgreSQL holds an advisory lock meanwhile: a scratch database
whose lock is free belongs to nobody, and the next drill sweeps it should this process be ended as well.
"""

import json
import os
import shutil
import subprocess
import sys

TIDY_SECONDS = 120
LOCK = "SET lock_timeout = '60s';\nSELECT pg_advisory_lock(hashtext('%s'));\n\\echo held\n"
# Not WITH (FORCE): that stumbles over an autovacuum worker, which is a superuser's; a plain DROP sends it away.
DROP = """
SELECT format('ALTER DATABASE %%I ALLOW_CONNECTIONS false', datname) FROM pg_database WHERE datname = '%(name)s' \\gexec
SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = '%(name)s' AND usename = current_user;
SELECT format('DROP DATABASE %%I', datname) FROM pg_database WHERE datname = '%(name)s' \\gexec
SELECT 'left' FROM pg_database WHERE datname = '%(name)s';
"""


def main() -> int:
    """Hold the lock until the drill lets go of the line, then tidy; answer `held` and then `tidied` or `left`."""
    order = json.loads(sys.stdin.readline())
    pipe = subprocess.PIPE
    session = subprocess.Popen(  # noqa: S603  (an argument list, no shell)
        order["psql"], stdin=pipe, stdout=pipe, env=order["environment"], universal_newlines=True
    )
    told = _ask(session, LOCK % order["database"], "held")
    _say("held" if told else "refused")
    if told:
        sys.stdin.read()
    _say("tidied" if _tidy(session, order) else "left")
    return 0


def _ask(session: "subprocess.Popen[str]", script: str, word: str) -> bool:
    """Send a script, and read until the word comes or the session ends."""
    assert session.stdin and session.stdout
    session.stdin.write(script)
    session.stdin.flush()
    return any(line.strip() == word for line in session.stdout)


def _tidy(session: "subprocess.Popen[str]", order: "dict[str, str]") -> bool:
    """Remove the folder and the database; whether both are gone."""
    shutil.rmtree(order["folder"], ignore_errors=True)
    try:
        output = session.communicate(DROP % {"name": order["database"]}, timeout=TIDY_SECONDS)[0]
    except (OSError, subprocess.TimeoutExpired):
        session.kill()
        return False
    return session.returncode == 0 and "left" not in output.split() and not os.path.exists(order["folder"])


def _say(word: str) -> None:
    try:
        sys.stdout.write(word + "\n")
        sys.stdout.flush()
    except OSError:
        return  # the drill has died; the work goes on


if __name__ == "__main__":
    sys.exit(main())
