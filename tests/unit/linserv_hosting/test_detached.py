import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from odoo.addons.linserv_hosting.adapters import calls
from odoo.addons.linserv_hosting.adapters.errors import FatalHostError, RetryableHostError
from odoo.addons.linserv_hosting.agent import run_store
from odoo.addons.linserv_hosting.tests.sshd import SshEndpoint

from .conftest import Asker, make_agent, new_run
from .test_ssh import refused

INSTANCE = "norrvik-prod"


def start(ask, run, verb="probe.work", deadline=60, **args):
    order = {"verb": verb, "args": args, "deadline": deadline}
    return ask("run.start", order, instance=INSTANCE, run=run).result


def open_gate(host, run):
    """Let the work of a run, which waits for this, go on."""
    (host.state_directory / "cache" / INSTANCE / run).touch()


def started_times(host):
    path = host.state_directory / "cache" / INSTANCE / "started"
    return path.stat().st_size if path.exists() else 0


def test_detached_work_is_started_watched_and_collected(host, ask):
    run = new_run()
    assert start(ask, run, gate=run)["state"] == "running"
    refused(RetryableHostError, "not_finished", lambda: ask("run.result", run=run))
    open_gate(host, run)
    ask.wait(run, "done")
    assert ask("run.result", run=run).result["started"] >= 1
    assert ask("run.result", run=run).result["started"] >= 1, "it can be collected again"


def test_progress_is_told_while_the_work_goes_on(ask):
    run = new_run()
    start(ask, run, steps=40)
    limit = time.monotonic() + 10
    told = {}
    while not told and time.monotonic() < limit:
        told = ask("run.status", run=run).result.get("progress", {})
    assert told["total"] == 40
    assert told["text"] == "step"


def test_the_same_run_twice_starts_nothing_twice(host, ask):
    run, before = new_run(), started_times(host)
    start(ask, run, gate=run)
    assert start(ask, run, gate=run)["state"] == "running"
    open_gate(host, run)
    ask.wait(run, "done")
    assert start(ask, run, gate=run)["state"] == "done"
    assert started_times(host) == before + 1


def test_two_that_start_the_same_run_at_once_start_it_once(host, ask):
    run, before = new_run(), started_times(host)
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda _number: start(ask, run, seconds=0.3), range(6)))
    ask.wait(run, "done")
    assert started_times(host) == before + 1


def test_the_work_outlives_the_server(tmp_path):
    endpoint = SshEndpoint(tmp_path / "sshd", agent=make_agent(tmp_path), instances={INSTANCE: {}})
    with endpoint as host:
        ask, run = Asker(host), new_run()
        start(ask, run, seconds=1)
        host.stop()
        host.start()
        assert ask.wait(run, "done")["state"] == "done"


def test_a_failure_is_kept_with_its_code(ask):
    run = new_run()
    start(ask, run, verb="probe.fail")
    assert ask.wait(run, "failed")["error"]["code"] == "agent_error"
    refused(FatalHostError, "agent_error", lambda: ask("run.result", run=run))


def test_work_beyond_its_deadline_is_stopped(ask):
    run = new_run()
    start(ask, run, deadline=1, seconds=30)
    assert ask.wait(run, "failed")["error"]["code"] == "deadline_passed"


def test_a_cancelled_run_stops_with_all_that_it_started(host, ask):
    run = new_run()
    start(ask, run, seconds=60, child=True)
    child_file = host.state_directory / "cache" / INSTANCE / "child"
    limit = time.monotonic() + 10
    while not child_file.exists() and time.monotonic() < limit:
        time.sleep(0.05)
    assert ask("run.cancel", {"run": run}).result["state"] == "cancelled"
    refused(FatalHostError, "cancelled", lambda: ask("run.result", run=run))
    limit = time.monotonic() + 5
    while is_running(int(child_file.read_text())) and time.monotonic() < limit:
        time.sleep(0.05)
    assert not is_running(int(child_file.read_text()))


def is_running(process):
    try:
        with open("/proc/%d/stat" % process) as stream:
            return stream.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def test_killed_work_is_seen_to_have_died_and_can_be_started_again(host, ask):
    run, before = new_run(), started_times(host)
    start(ask, run, seconds=60)
    os.kill(ask.wait(run, "running")["pid"], signal.SIGKILL)
    ask.wait(run, "died")
    assert start(ask, run, seconds=0)["state"] in ("running", "done")
    ask.wait(run, "done")
    assert started_times(host) in (before + 1, before + 2)


def test_a_run_that_nobody_started_is_unknown(ask):
    assert ask("run.status").result == {"state": "unknown"}
    refused(FatalHostError, "argument_invalid", lambda: ask("run.status", {"run": "../../etc"}))


def test_a_full_disk_is_told_at_the_start(tmp_path):
    instances = {INSTANCE: {}}
    endpoint = SshEndpoint(tmp_path / "sshd", make_agent(tmp_path), instances, wrapper="ulimit -f 1; ")
    with endpoint as host:
        error = refused(RetryableHostError, "disk_full", lambda: start(Asker(host), new_run(), seconds=1))
        assert "full" in error.message


def test_a_disk_that_fills_up_while_the_work_goes_on_is_told_afterwards(tmp_path):
    instances = {INSTANCE: {}}
    endpoint = SshEndpoint(tmp_path / "sshd", make_agent(tmp_path), instances, wrapper="ulimit -f 40; ")
    with endpoint as host:
        ask, run = Asker(host), new_run()
        start(ask, run, verb="probe.big", bytes=100_000)
        assert ask.wait(run, "failed")["error"]["code"] == "disk_full"
        assert not (host.state_directory / "runs" / run / "result.json").exists()


def test_runs_of_last_week_are_forgotten(tmp_path):
    old, new = run_store.RunFolder(tmp_path, new_run()), run_store.RunFolder(tmp_path, new_run())
    for folder in (old, new):
        folder.create()
        folder.write_status(state="done")
    now = time.time()
    os.utime(str(old.path), (now - 8 * 86400, now - 8 * 86400))
    assert run_store.forget_old(tmp_path, now) == 1
    assert run_store.forget_old(tmp_path, now) == 0
    assert (old.path.exists(), new.path.exists()) == (False, True)


def call_of(ask, run, **changes):
    values = {
        "run": run,
        "endpoint": ask.endpoint(),
        "verb": "probe.work",
        "args": {"seconds": 0.2},
        "instance": INSTANCE,
        "agent": None,
        "deadline": 60,
        "detached": True,
    }
    return calls.Call(**dict(values, **changes))


def test_a_call_starts_detached_work_and_later_brings_its_result(ask):
    run = new_run()
    assert calls.perform(call_of(ask, run), 20).kind == "started"
    ask.wait(run, "done")
    outcome = calls.perform(call_of(ask, run, running=True), 20)
    assert (outcome.kind, outcome.result["started"] > 0) == ("result", True)


def test_after_a_lost_line_the_host_is_asked_before_anything_is_started_again(host, ask):
    run = new_run()
    calls.perform(call_of(ask, run), 20)
    ask.wait(run, "done")
    before = started_times(host)
    assert calls.perform(call_of(ask, run, attempts=2), 20).kind == "result"
    assert started_times(host) == before


def test_a_host_that_lost_the_run_is_said_to_have_lost_it(ask):
    assert calls.perform(call_of(ask, new_run(), running=True), 20).kind == "lost"
    assert calls.perform(call_of(ask, new_run(), attempts=2), 20).kind == "started"


def test_work_that_the_host_gave_up_for_now_is_started_again(ask):
    run = new_run()
    call = {"verb": "probe.busy_once", "args": {"mark": run}}
    calls.perform(call_of(ask, run, **call), 20)
    ask.wait(run, "failed")
    outcome = calls.perform(call_of(ask, run, running=True, **call), 20)
    assert (outcome.kind, outcome.error.code, outcome.error.retryable) == ("lost", "busy", True)
    assert calls.perform(call_of(ask, run, attempts=2, **call), 20).kind in ("started", "result")
    assert ask.wait(run, "done")["error"] is None
    assert calls.perform(call_of(ask, run, running=True, **call), 20).result == {"tries": 2}


@pytest.mark.parametrize("port", [1])
def test_an_outcome_carries_the_error_of_the_line(ask, port):
    outcome = calls.perform(call_of(ask, new_run(), endpoint=ask.endpoint(port=port)), 5)
    assert (outcome.kind, outcome.error.code) == ("error", "unreachable")
