"""What the database itself enforces: append-only history, no state change without history, the rulebook's counter."""

APPEND_ONLY = ("transition", "access_log", "audit_digest")

_REFUSE = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: a row is never changed or removed', TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$
"""

# The row that the item names as its last must exist, lead to the state it claims, and be newer than before.
_HAS_HISTORY = """
CREATE FUNCTION state_change_has_history() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.history_length <= OLD.history_length OR NOT EXISTS (
        SELECT 1 FROM transition
        WHERE item_id = NEW.id AND position = NEW.history_length
          AND to_state = NEW.state AND hash = NEW.head_hash
    ) THEN
        RAISE EXCEPTION 'the state of % cannot change without a history row', OLD.reference
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$
"""

# Microseconds, not a count of one: a number that was rolled back never comes again with another content behind it.
_COUNT = """
CREATE FUNCTION count_rulebook_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE rulebook_state SET version = greatest(version + 1, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint)
    WHERE id = 1;
    RETURN NULL;
END $$
"""

RULEBOOK_TABLES = ("policy_version", "bank_holiday", "local_closure")
SEQUENCES = ("reference_referral_seq", "reference_case_seq")


def _append_only(table: str) -> list[str]:
    return [
        f"CREATE TRIGGER {table}_is_append_only BEFORE UPDATE OR DELETE ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()",
        f"CREATE TRIGGER {table}_is_never_emptied BEFORE TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
    ]


STATEMENTS: list[str] = [
    *(f"CREATE SEQUENCE {name}" for name in SEQUENCES),
    _REFUSE,
    *(statement for table in APPEND_ONLY for statement in _append_only(table)),
    _HAS_HISTORY,
    "CREATE TRIGGER state_change_has_history BEFORE UPDATE OF state ON work_item FOR EACH ROW "
    "WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION state_change_has_history()",
    _COUNT,
    *(
        f"CREATE TRIGGER {table}_is_counted AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION count_rulebook_change()"
        for table in RULEBOOK_TABLES
    ),
    "INSERT INTO rulebook_state (id, version) VALUES (1, 1)",
]

UNDO_STATEMENTS: list[str] = [
    *(f"DROP TRIGGER IF EXISTS {table}_is_counted ON {table}" for table in RULEBOOK_TABLES),
    "DROP FUNCTION IF EXISTS count_rulebook_change()",
    "DROP TRIGGER IF EXISTS state_change_has_history ON work_item",
    "DROP FUNCTION IF EXISTS state_change_has_history()",
    *(f"DROP TRIGGER IF EXISTS {table}_is_append_only ON {table}" for table in APPEND_ONLY),
    *(f"DROP TRIGGER IF EXISTS {table}_is_never_emptied ON {table}" for table in APPEND_ONLY),
    "DROP FUNCTION IF EXISTS refuse_change()",
    *(f"DROP SEQUENCE IF EXISTS {name}" for name in SEQUENCES),
]
