"""The verbs of backups: on customers' hosts, backup hosts and DR hosts. Standard library only, Python 3.7 and later."""
