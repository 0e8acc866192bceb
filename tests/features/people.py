"""A small hub with people: lead provider with both arms, one unit, one council; and signing in by cookie."""

from dataclasses import dataclass
from datetime import UTC, date, datetime

from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from hub.accounts.models import Membership, UserAccount
from hub.accounts.services import add_account, add_membership
from hub.accounts.sessions import start_session
from hub.organisations.importing import import_organisations
from hub.organisations.models import Organisation
from hub.organisations.queries import find_organisation, find_unit
from workflows.roles import Role

FIRST_DAY = date(2020, 1, 1)
PASSWORD = "copper lantern 42 river"
ORGANISATIONS = """ods_code,name,kind,parent_ods_code,arm
XLP,Invented Partnership,lead_provider,,
XHB,Invented Hub,hub,XLP,hub
XPA,Invented Services,nhs_provider,XLP,provider
XTH,Tarn House,independent_provider,,
XBC,Brackendale Council,local_authority,,
"""
SITES = "site_code,name,organisation_ods_code,postcode\nXTH01,Tarn House,XTH,ls1 4ab\n"
UNITS = "unit_code,name,site_code,bed_type,gender,age_from,age_to\nTH-LINDEN,Linden,XTH01,301,mixed,13,17\n"


@dataclass(frozen=True)
class People:
    """Makes accounts and memberships in `session`."""

    session: Session

    def organisation(self, code: str) -> Organisation:
        """The organisation with this ODS code; the whole world is imported on first use."""
        found = find_organisation(self.session, code)
        if found is None:
            import_organisations(
                self.session,
                today=FIRST_DAY,
                organisations=ORGANISATIONS.splitlines(),
                sites=SITES.splitlines(),
                units=UNITS.splitlines(),
            )
            found = find_organisation(self.session, code)
        assert found is not None
        return found

    def account(self, name: str = "Ruth Calloway") -> UserAccount:
        """A new account, its e-mail made from the name."""
        email = f"{name.lower().replace(' ', '.')}@hub.example"
        account, _ = add_account(self.session, email=email, name=name, now=datetime.now(UTC), password=PASSWORD)
        return account

    def member(
        self, account: UserAccount, role: Role = Role.CASE_MANAGER, code: str = "XHB", until_on: date | None = None
    ) -> Membership:
        """A membership of the account."""
        organisation = self.organisation(code)
        unit = find_unit(self.session, "TH-LINDEN") if code == "XTH" else None
        return add_membership(
            self.session,
            user_id=account.id,
            organisation_id=organisation.id,
            role=role,
            from_on=FIRST_DAY,
            until_on=until_on,
            unit_id=unit.id if unit else None,
        )

    def someone(self, role: Role = Role.CASE_MANAGER, code: str = "XHB", name: str = "Ruth Calloway") -> Membership:
        """A new account with one membership."""
        return self.member(self.account(name), role, code)

    def sign_in(self, client: FlaskClient, membership: Membership) -> str:
        """A session of the membership and its cookie in the client; gives the token."""
        token = start_session(
            self.session,
            user_id=membership.user_id,
            membership_id=membership.id,
            address="127.0.0.1",
            now=datetime.now(UTC),
        )
        client.set_cookie("hub-session", token)
        return token
