"""What a handler of this addon refuses, in words that the asker can branch on."""


class CountError(Exception):
    """A count that cannot be made; `code` says why, `retryable` whether asking again later can help."""

    def __init__(self, code: str, message: str, retryable: bool = False) -> None:
        super().__init__(message)
        self.code = code
        self.retryable = retryable
