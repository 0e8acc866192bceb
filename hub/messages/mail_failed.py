"""That an e-mail was not sent, whichever way it was to go."""

from __future__ import annotations


class MailFailed(Exception):
    """It was not sent; the words say why.

    `is_hopeless`: trying again would not help. `is_the_address`: it is this address that takes no mail, and no other.
    """

    def __init__(self, why: str, *, is_hopeless: bool = False, is_the_address: bool = False) -> None:
        super().__init__(why)
        self.is_hopeless = is_hopeless
        self.is_the_address = is_the_address
