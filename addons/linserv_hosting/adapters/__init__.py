"""The outside world: SSH to hosts, the master key file, the agent's archive."""
