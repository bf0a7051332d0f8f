"""The errors of the sandbox: something outside the submission went wrong, so there is no verdict."""


class SandboxError(Exception):
    """Docker, the image, the agent or the machine failed; never the submission's fault.

    `advice` says in a sentence what the user can do about it.
    """

    def __init__(self, message: str, advice: str = "") -> None:
        super().__init__(message)
        self.advice = advice


class SandboxLostError(SandboxError):
    """One sandbox was lost or could not be relied on; in another one all may go well."""
