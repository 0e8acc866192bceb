"""Database rules that keep the two arms of a lead provider apart; the first migration runs them."""

# A person may leave one arm and later join the other, so what is refused is two memberships whose dates overlap.
# The account row is locked first: two memberships added at once must not both find nothing in the way.
_ARMS_MEET = """
    SELECT 1
    FROM membership mine
    JOIN organisation here ON here.id = mine.organisation_id
    JOIN organisation there ON there.parent_id = here.parent_id AND there.arm <> here.arm
    JOIN membership other ON other.organisation_id = there.id AND other.user_id = mine.user_id
    WHERE daterange(mine.from_on, mine.until_on, '[]') && daterange(other.from_on, other.until_on, '[]')
"""

STATEMENTS: list[str] = [
    f"""
CREATE FUNCTION membership_keeps_arms_apart() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM user_account WHERE id = NEW.user_id FOR UPDATE;
    IF EXISTS ({_ARMS_MEET} AND mine.id = NEW.id) THEN
        RAISE EXCEPTION 'nobody may hold memberships of both the hub and the provider arm of one lead provider'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_membership_keeps_arms_apart';
    END IF;
    RETURN NULL;
END $$
""",
    """
CREATE TRIGGER membership_keeps_arms_apart AFTER INSERT OR UPDATE ON membership
    FOR EACH ROW EXECUTE FUNCTION membership_keeps_arms_apart()
""",
    f"""
CREATE FUNCTION organisation_keeps_arms_apart() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS ({_ARMS_MEET} AND here.id = NEW.id) THEN
        RAISE EXCEPTION 'someone holds memberships of both the hub and the provider arm of this lead provider'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_organisation_keeps_arms_apart';
    END IF;
    RETURN NULL;
END $$
""",
    """
CREATE TRIGGER organisation_keeps_arms_apart AFTER UPDATE OF arm, parent_id ON organisation
    FOR EACH ROW EXECUTE FUNCTION organisation_keeps_arms_apart()
""",
]

UNDO_STATEMENTS: list[str] = [
    "DROP TRIGGER IF EXISTS organisation_keeps_arms_apart ON organisation",
    "DROP FUNCTION IF EXISTS organisation_keeps_arms_apart()",
    "DROP TRIGGER IF EXISTS membership_keeps_arms_apart ON membership",
    "DROP FUNCTION IF EXISTS membership_keeps_arms_apart()",
]
