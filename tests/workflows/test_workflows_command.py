"""`hub workflows` prints the definitions as they are."""

import json

from click.testing import CliRunner

from hub.cli.workflows import workflows
from workflows import ALL
from workflows.referral import REFERRAL


def test_as_json() -> None:
    result = CliRunner().invoke(workflows, ["--json"])
    found = {workflow["name"]: workflow for workflow in json.loads(result.stdout)}
    assert list(found) == list(ALL)
    referral = found["referral"]
    assert [state["name"] for state in referral["states"]] == list(REFERRAL.state_names)
    assert set(referral["ends"]) == set(REFERRAL.ends)
    assert [action["name"] for action in referral["actions"]] == [action.name for action in REFERRAL.actions]
    decline = next(action for action in referral["actions"] if action["name"] == "decline")
    assert (decline["from"], decline["to"], decline["by"]) == (["in_review"], ["declined"], ["case manager"])
    accept = next(action for action in referral["actions"] if action["name"] == "accept")
    assert accept["needs"][0] == "Every answer of the full form is there, unless it is an emergency"
    assert accept["asks"] == ["Who will assess? (optional)"]
    review = referral["clocks"][0]
    assert review["lengths"]["cyp, routine"] == "7 calendar days"
    assert review["lengths"]["secure, emergency"].startswith("none: Adult secure services take no")
    assert referral["clocks"][-1]["lengths"] == {"always": "5 working days"}


def test_in_words() -> None:
    said = CliRunner().invoke(workflows).stdout
    for line in (
        "Referral (referral)",
        "    In review: next: Accept, decline or redirect (us)",
        "    Accepted: an end",
        "    Redirect (redirect): in_review -> redirected",
        "      by: case manager, on-call manager (Emergencies only)",
        "      asks: the reason",
        "    Review (A routine referral waits while it is with the referrer): runs in in_review, submitted; "
        "stands still in returned",
        "      cyp, urgent: 48 hours",
    ):
        assert line in said.splitlines(), line


def test_the_diagram_is_a_drawing_of_its_own() -> None:
    result = CliRunner().invoke(workflows, ["diagram", "referral"])
    assert result.stdout.startswith("<svg ") and "<style>" in result.stdout and "Submitted" in result.stdout
    unknown = CliRunner().invoke(workflows, ["diagram", "dance"])
    assert unknown.exit_code == 2 and "'referral'" in unknown.stderr
