"""What a failed backup means: its class, and whether it is tried again before its slot is over."""

from __future__ import annotations

from dataclasses import dataclass

TRANSIENT, CONFIGURATION, DATA, CAPACITY, UNKNOWN = "transient", "configuration", "data", "capacity", "unknown"

#: Codes of calls and of the verbs, by what they ask for. A code that is not here is judged by `retryable`.
CODES = {
    TRANSIENT: (
        "unreachable timeout connection_lost run_lost busy stalled deadline_passed cancelled lock_timeout locked"
        " attempts_exhausted source_unreachable source_stalled source_cut peer_unreachable peer_stalled"
        " database_unreachable database_timeout database_busy attachments_busy in_the_way hold_lost line_cut"
        " snapshot_gone dump_killed nothing_newer"
    ),
    CONFIGURATION: (
        "host_key_unknown host_key_changed no_common_algorithm auth_refused key_unusable not_configured"
        " host_not_callable agent_missing agent_outdated protocol_unknown verb_unknown instance_unknown config_invalid"
        " request_malformed argument_unknown argument_invalid repository_unknown engine_missing pg_dump_older"
        " pg_dump_missing database_missing database_refused database_foreign peer_refused peer_key_changed"
        " passphrase_missing no_host clocks_differ not_enrolled pg_dump_old not_odoo instance_incomplete"
        " filestore_missing folder_missing folder_unknown hook_unknown not_renewed"
    ),
    DATA: (
        "bad_answer answer_too_large too_large bad_manifest other_point pg_dump_failed dump_cut dump_broken"
        " hash_mismatch verify_failed base_damaged repository_damaged point_damaged origin_error vanished damaged"
        " database_damaged read_back_differs point_unknown dump_failed bad_delivery"
    ),
    CAPACITY: "disk_full memory_full quota_full too_slow",
}
CLASS_OF = {code: kind for kind, codes in CODES.items() for code in codes.split()}

#: Seconds before each further attempt for the same slot.
WAITS = {
    TRANSIENT: (60, 120, 300, 600, 900, 1800, 3600),
    CONFIGURATION: (),
    DATA: (300,),
    CAPACITY: (900,),
    UNKNOWN: (300, 900),
}


@dataclass(frozen=True)
class Failure:
    """A failed attempt and what becomes of the slot: tried again at `retry_at`, or over (None)."""

    kind: str
    retry_at: int | None


def classify(code: str, retryable: bool = False, kind: str = "") -> str:
    """Return the class of a failure; what the verb says itself (`kind`) goes first.

    >>> classify("disk_full", retryable=True)
    'capacity'
    """
    if kind in WAITS:
        return kind
    return CLASS_OF.get(code) or (TRANSIENT if retryable else UNKNOWN)


def judge(kind: str, attempts: int, now: int, worth_until: int) -> Failure:
    """Return what becomes of a slot after `attempts` failed attempts, the last one now.

    No attempt begins when the slot's time is over: the next slot has the same state to save.
    """
    waits = WAITS[kind]
    if attempts > len(waits):
        return Failure(kind, None)
    retry_at = now + waits[max(attempts, 1) - 1]
    return Failure(kind, retry_at if retry_at < worth_until else None)
