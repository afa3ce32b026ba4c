"""`./dev demo`."""

from .errors import DevError

DATABASE = "linserv_demo"


def run(words):
    raise DevError("not ready")


def take_pictures(words):
    raise DevError("not ready")
