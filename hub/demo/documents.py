"""The demo's documents: real files, small and made here, on a few of its items."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from io import BytesIO
from typing import Any, Final

from PIL import Image, ImageDraw
from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.admissions.models import Admission
from hub.demo.placement_steps import MOORHEN
from hub.demo.stories import DELE, KAREN, LORNA, NIA, OWAIN, PRIYA
from hub.engine.perform import perform
from hub.organisations.models import Unit
from hub.placements.approach_models import Approach
from hub.placements.models import Placement
from hub.referrals.models import Referral
from hub.stays.models import Stay
from hub.web.files import Intake
from workflows.actor import Actor

_LETTER: Final = (
    "Brackendale young people's service",
    "",
    "Dear colleague,",
    "The young person was seen at home on Tuesday. Meals are missed on most",
    "days, and the family is worn out. The community team can go on visiting",
    "twice a week until the hub has decided.",
    "",
    "Invented for the demo: no real person is meant.",
)


def add_documents(session: Session, people: Mapping[str, Actor], intake: Intake, *, now: datetime) -> None:
    """Put each file on its item as whoever had it, through the same intake and action as on the page."""
    urgent, routine = (_referral(session, name) for name in ("Quarmby", "Rawthorpe"))
    decision = session.scalars(select(Admission).order_by(Admission.id.desc()).limit(1)).one()
    search = session.scalars(select(Placement).where(Placement.title == "Renn, Tobias")).one()
    stay = session.scalars(select(Stay).where(Stay.title == "Kirkbride, Rory")).one()
    question = session.scalars(
        select(Approach).join(Unit, Unit.id == Approach.unit_id).where(Unit.unit_code == MOORHEN, Approach.is_open)
    ).one()
    for item, who, name, data, audience in (
        (urgent, NIA, "Letter from the community team.pdf", _pdf(_LETTER), "all"),
        (urgent, PRIYA, "Call with the school.txt", "School rang at 10:40. Attendance 41 % this term.\n", "hub"),
        (routine, NIA, "Weight chart.png", _chart(), "all"),
        (routine, KAREN, "Care plan – draft for the family.pdf", _pdf(_LETTER[:3]), "hub"),
        (search, KAREN, "Calls of the afternoon.txt", "Rang six units; two did not pick up.\n", "hub"),
        (question, OWAIN, "What we would like to know.txt", "Does she sleep? Who visits?\n", "all"),
        (stay, LORNA, "Plan of the leave.pdf", _pdf(("Plan of the leave", "", *_LETTER[-1:])), "all"),
        (decision, DELE, "Signed consent.pdf", _pdf(("Consent", "", "Signed on paper and scanned.")), "hub"),
    ):
        kept = intake.take_in(name, data.encode() if isinstance(data, str) else data)
        perform(session, item, "add_document", people[who], now=now, values={"document": kept, "audience": audience})


def _referral(session: Session, family_name: str) -> Any:
    return session.scalars(
        select(Referral).where(Referral.family_name == family_name).order_by(Referral.id.desc()).limit(1)
    ).one()


def _pdf(lines: tuple[str, ...]) -> bytes:
    """One A4 page with these lines."""
    shown = b"BT /F1 12 Tf 60 760 Td 18 TL\n"
    for line in lines:
        said = line.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)").encode("cp1252")
        shown += b"(" + said + b") Tj T*\n"
    shown += b"ET"
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R /Lang (en-GB) >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
        b"/Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica "
        b"/Encoding /WinAnsiEncoding >> >> >> >>",
        b"<< /Length %d >>\nstream\n" % len(shown) + shown + b"\nendstream",
    )
    made, places = b"%PDF-1.4\n", []
    for number, each in enumerate(objects, 1):
        places.append(len(made))
        made += b"%d 0 obj\n" % number + each + b"\nendobj\n"
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    ends = b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (size, len(made))
    return made + b"xref\n0 %d\n0000000000 65535 f \n" % size + table + ends


def _chart() -> bytes:
    """A line that goes down, as a picture."""
    picture = Image.new("RGB", (640, 360), "white")
    drawing = ImageDraw.Draw(picture)
    drawing.line([(50, 20), (50, 310), (620, 310)], fill="black", width=2)
    drawing.line([(60, 70), (160, 110), (260, 120), (360, 180), (460, 220), (600, 260)], fill=(0, 94, 184), width=4)
    stream = BytesIO()
    picture.save(stream, "PNG")
    return stream.getvalue()
