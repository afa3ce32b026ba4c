"""What can go wrong with a call to a host, told so that the caller knows what to do."""

from typing import ClassVar


class HostError(Exception):
    """A call that gave no result.

    `code` is a word for programs, the message is for the log; people read the text that the run keeps. `agent` is the
    version of the agent that answered the error, empty when there was no answer.
    """

    retryable: ClassVar[bool] = False

    def __init__(self, code: str, message: str = "", agent: str = "") -> None:
        super().__init__(message or code)
        self.code = code
        self.agent = agent
        self.message = message or code

    def as_dict(self) -> dict[str, object]:
        """Return the error as `_on_run_failed` gets it."""
        return {"code": self.code, "message": self.message, "retryable": self.retryable}


class RetryableHostError(HostError):
    """The same call may succeed later: unreachable, timeout, connection_lost, busy."""

    retryable = True


class FatalHostError(HostError):
    """The same call would fail again: wrong host key, refused login, unknown verb, unexpected output."""


def host_error(code: str, message: str, retryable: bool, agent: str = "") -> HostError:
    """Build the error that an agent answered."""
    kind = RetryableHostError if retryable else FatalHostError
    return kind(code, message, agent)
