"""Every verb of backups, by the host that it is for. A handler imports what it needs when it is called."""

from . import dr_verbs, drill_verbs, repo_verbs, restore_verbs, source_verbs, watch_verbs

VERBS = {
    **source_verbs.VERBS,
    **repo_verbs.VERBS,
    **dr_verbs.VERBS,
    **restore_verbs.VERBS,
    **drill_verbs.VERBS,
    **watch_verbs.VERBS,
}
