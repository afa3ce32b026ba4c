"""The errors that end a `./dev` command with a sentence instead of a traceback."""


class DevError(Exception):
    """Something a person has to do first; the message says what is missing and how to get it."""
