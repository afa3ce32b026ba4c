"""What a failed run tells people: what happened, what was kept, what to do."""

from odoo.tools.translate import _lt

RUN_ERRORS = {
    "host_key_unknown": _lt("No key of this host is pinned, so nothing was sent. Pin its host key."),
    "host_key_changed": _lt(
        "The host shows another key than the pinned one. Nothing was sent and the host is blocked. Find out why: a new"
        " installation, or someone in between. Then pin its key again."
    ),
    "no_common_algorithm": _lt("The host and Linserv have no SSH algorithm in common. Update the host's SSH server."),
    "auth_refused": _lt("The host refused the login. Install the agent again, so that the host knows Linserv's key."),
    "key_unusable": _lt("The login key cannot be used. Choose another SSH key on the host."),
    "not_configured": _lt("The host is not ready to be called. Complete its settings."),
    "host_not_callable": _lt("The host is new, blocked or retired, so it was not called."),
    "unreachable": _lt("The host does not answer at its address. Check the host, its network and its firewall."),
    "timeout": _lt("The host did not answer in time. Check its load, then try again."),
    "connection_lost": _lt("The line to the host was cut before the answer was whole. Nothing was taken over."),
    "bad_answer": _lt("The host answered something that is no answer of an agent. Nothing was taken over."),
    "answer_too_large": _lt("The answer was larger than allowed and was cut off. Nothing was taken over."),
    "agent_missing": _lt("There is no agent on the host. Install the agent."),
    "agent_outdated": _lt("The host has another version of the agent, so nothing was done. Install the agent again."),
    "protocol_unknown": _lt("The host has a much older or newer agent. Install the agent again."),
    "verb_unknown": _lt("The agent on the host does not know this kind of work. Install the agent again."),
    "instance_unknown": _lt("The host does not know the instance. Add it to /etc/linserv/agent.json on the host."),
    "config_invalid": _lt("The agent's configuration on the host cannot be used. See /etc/linserv/agent.json there."),
    "request_malformed": _lt("The agent does not accept the request. Install the agent again."),
    "argument_unknown": _lt("The agent does not accept the request. Install the agent again."),
    "argument_invalid": _lt("The agent does not accept the request. Install the agent again."),
    "not_root": _lt(
        "Only root can make the account on the host. Log in as root, or with an account that may use sudo."
    ),
    "install_failed": _lt("The installation on the host did not finish. What was in place before still is."),
    "agent_error": _lt("The work failed on the host because of a fault in the agent. The run has the details."),
    "call_broken": _lt("The call failed because of a fault in Linserv's own code. The server log has the details."),
    "disk_full": _lt("The disk of the host is full. Nothing was taken over; free some space there, then try again."),
    "deadline_passed": _lt("The work took longer than it may and was stopped on the host."),
    "cancelled": _lt("The run was cancelled."),
    "run_lost": _lt("The work ended on the host before it was done, for example because the host was restarted."),
    "attempts_exhausted": _lt("The run was interrupted too many times and is not tried again by itself."),
    "origin_error": _lt("The host answered, but the answer could not be taken over. Nothing of it was kept."),
}
UNKNOWN_ERROR = _lt("The host could not do the work: %s")
