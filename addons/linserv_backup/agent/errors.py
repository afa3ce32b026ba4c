"""What the verbs of backups refuse, in words that the asker can branch on."""


class BackupError(Exception):
    """A backup, restore or proof that cannot be made; `code` says why, `retryable` whether asking again can help.

    `kind` is the class of the failure, which decides what Linserv does about it: `transient` (try again soon),
    `configuration` (a person mends it), `data` (the source or a stored point is damaged), `capacity` (a disk), or
    `unknown`.
    """

    def __init__(self, code: str, message: str, kind: str = "unknown") -> None:
        super().__init__(message)
        self.code = code
        self.kind = kind
        self.retryable = kind == "transient"
