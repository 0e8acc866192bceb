"""What an admission would cost, and whether it is contested: the two facts that say who may decide."""

from typing import Any

from workflows.policy import NotAllowed, PolicySet

ADMIT = "admit"


def estimated_cost_pence(policy: PolicySet, bed_type: str | None, weeks: int | None) -> int | None:
    """The whole-life cost in pence: the bed type's weekly price by the expected length; None while one is not known."""
    if bed_type is None or weeks is None:
        return None
    try:
        return policy.number("admission.weekly_price_pence", bed_type) * weeks
    except NotAllowed:
        return None


def why_contested(admission: Any) -> tuple[str, ...]:
    """Why it is contested, in words: Form 2 and the recommendation differ, somebody objects, the case is disputed."""
    said = []
    if admission.recommendation is not None and admission.is_appropriate is not None:
        is_to_admit = admission.recommendation == ADMIT
        if is_to_admit and not admission.is_appropriate:
            said.append("Form 2 says that admission is not appropriate, and admission is recommended")
        if admission.is_appropriate and not is_to_admit:
            said.append("Form 2 says that admission is appropriate, and it is not recommended")
    if admission.objection_by is not None:
        said.append(OBJECTIONS.get(admission.objection_by, "somebody objects"))
    elif admission.case is not None and admission.case.is_contested:
        said.append("the case is in dispute")
    return tuple(said)


OBJECTIONS = {
    "young_person": "the young person objects",
    "family": "the family objects",
    "referrer": "the referrer objects",
}
