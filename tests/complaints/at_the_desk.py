"""People at their pages at a moment: each press goes through the application, as it would from a browser."""

import html
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import time_machine
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from hub.engine.models import Clock

SignIn = Callable[[FlaskClient, Any], None]


@dataclass
class Desk:
    """A browser that anybody may sit down at."""

    session: Session
    client: FlaskClient
    sign_in: SignIn

    def press(self, who: Any, item: Any, action: str, at: datetime, **answers: str) -> None:
        """Fill in the page of an action and send it at `at`; `at` is an aware moment."""
        address = f"/referrals/{item.reference}/{action}"
        with time_machine.travel(at, tick=False):
            self.sign_in(self.client, who)
            assert self.client.get(address).status_code == 200
            self.session.refresh(item)
            answer = self.client.post(address, data={"seen": str(item.version), **answers})
        assert answer.status_code == 303, plain(answer.text)
        self.session.expire_all()

    def reads(self, who: Any, item: Any, at: datetime, action: str = "") -> str:
        """What the item's page, or that of an action on it, says at `at`, in plain words."""
        with time_machine.travel(at, tick=False):
            self.sign_in(self.client, who)
            return plain(self.client.get(f"/referrals/{item.reference}{action and '/'}{action}").text)

    def due(self, item: Any, name: str) -> datetime:
        """When the newest clock of this name is due."""
        self.session.expire_all()
        found: list[Clock] = [row for row in item.clocks if row.name == name]
        return found[-1].due_at


def plain(page: str) -> str:
    """The words of a page."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def moment(text: str) -> datetime:
    """An aware moment from ISO text."""
    return datetime.fromisoformat(text)


def boxes(name: str, at: datetime) -> dict[str, str]:
    """A moment as it is typed into the four boxes of a form, in London time given as such."""
    return {
        f"{name}-day": str(at.day),
        f"{name}-month": str(at.month),
        f"{name}-year": str(at.year),
        f"{name}-time": f"{at:%H:%M}",
    }
