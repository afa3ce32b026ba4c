"""Errors that an agent answers: a code for programs, a message for people, and whether to try again."""

import errno
from typing import Optional

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class AgentError(Exception):
    """An error with a code; handlers of other addons may raise any exception that has a `code` attribute."""

    def __init__(self, code: str, message: str = "", retryable: bool = False) -> None:
        super().__init__(message or code)
        self.code = code
        self.retryable = retryable


def disk_full(error: BaseException) -> Optional[AgentError]:
    """Return the error to answer when `error` says that nothing more can be written, else None."""
    if isinstance(error, OSError) and error.errno in FULL:
        return AgentError("disk_full", "The disk of the host is full.", retryable=True)
    return None


class Stopped(BaseException):
    """The work was cancelled or its deadline has passed; no handler catches it by accident."""

    def __init__(self, code: str, message: str, retryable: bool = False) -> None:
        super().__init__(message)
        self.code = code
        self.retryable = retryable
