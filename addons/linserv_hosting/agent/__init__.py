"""The agent on a host: standard library only, Python 3.7 and later."""
