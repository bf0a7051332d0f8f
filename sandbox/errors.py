"""The one error of the sandbox: something outside the submission went wrong, so there is no verdict."""


class SandboxError(Exception):
    """Docker, the image, the agent or the machine failed; never the submission's fault.

    `advice` says in a sentence what the user can do about it; `lasting` that trying again would not help.
    """

    def __init__(self, message: str, advice: str = "", *, lasting: bool = False) -> None:
        super().__init__(message)
        self.advice = advice
        self.lasting = lasting
