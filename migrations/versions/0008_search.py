"""Search: what a name is found by, worked out by the database itself and kept in its indexes.

Three functions, one way to spell, sound and look up for every writer (the engine, an import, COPY, a merge), so no
column can fall behind the name it was made from. Building the indexes fills them for the rows that are there already,
sounds included: nothing is left for a command. They need a database in UTF-8 (`normalize`).
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

# Letters that are not an ASCII letter and a mark: small ones below, in one place each, whatever the server's locale.
SPELLING = r"""
CREATE FUNCTION name_spelling(name text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 50 AS $$
DECLARE
    s text := lower(left(name, 100) COLLATE "C");
BEGIN
    IF translate(s, 'abcdefghijklmnopqrstuvwxyz', '') = '' THEN
        RETURN s;
    END IF;
    s := lower(normalize(s, NFKD) COLLATE "C");
    s := translate(s, 'АБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯЄІЇҐЂЈЉЊЋЏЁ', 'абвгдежзийклмнопрстуфхцчшщъыьэюяєіїґђјљњћџё');
    s := translate(s, 'ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩς', 'αβγδεζηθικλμνξοπρστυφχψωσ');
    s := translate(s, 'ØøŁłĐđÐðĦħŊŋıƏə', 'oollddddhhnniee');
    s := replace(replace(replace(s, 'ß', 'ss'), 'ẞ', 'ss'), 'þ', 'th');
    s := replace(replace(replace(s, 'Þ', 'th'), 'æ', 'ae'), 'Æ', 'ae');
    s := replace(replace(s, 'œ', 'oe'), 'Œ', 'oe');
    RETURN regexp_replace(
        s,
        '[\u0001-\u002f\u003a-\u0060\u007b-\u00a9\u00ab-\u00b4\u00b6-\u00b9\u00bb-\u00bf\u00d7\u00f7\u02b0-\u036f'
        '\u0483-\u0489\u0591-\u05c7\u05f3\u05f4\u060c\u0610-\u061a\u061b\u0640\u064b-\u065f\u0670\u06d6-\u06dc'
        '\u06df-\u06e8\u06ea-\u06ed\u1ab0-\u1aff\u1dc0-\u1dff\u2000-\u206f\u20d0-\u20ff\u3000-\u3004\u3008-\u3020'
        '\u30fb\ufe00-\ufe0f\ufe20-\ufe2f\ufeff]+',
        '', 'g'
    );
END $$
"""

# English letter to sound, for names of these islands as they are said; consonants alone, and one A for a vowel in front.
SOUND = r"""
CREATE FUNCTION name_sounds_like(spelling text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 100 AS $$
DECLARE
    s text := spelling;
BEGIN
    IF s = '' OR translate(s, 'abcdefghijklmnopqrstuvwxyz', '') <> '' THEN
        RETURN '';
    END IF;
    s := regexp_replace(s, '^(?:[kgp](?=n)|w(?=r)|p(?=s))', '');
    s := regexp_replace(s, '^ma?c(?=[gkq])', 'm');
    s := regexp_replace(s, '^(?:se(?=an)|si(?=ob))', 'S');
    s := regexp_replace(s, '^tho(?=m)', 'to');
    s := replace(replace(replace(replace(s, 'sch', 'sk'), 'tch', 'C'), 'cz', 'ch'), 'ph', 'f');
    s := replace(replace(replace(s, 'sh', 'S'), 'ck', 'k'), 'agha', 'aha');
    s := replace(replace(replace(s, 'bh', 'v'), 'mh', 'v'), 'th', 'T');
    s := replace(replace(replace(s, 'dg', 'j'), 'wh', 'w'), 'rh', 'r');
    s := replace(replace(replace(s, 'tz', 's'), 'mps', 'ms'), 'x', 'ks');
    s := regexp_replace(s, 'ch(?=[lr]|ol)', 'k', 'g');
    s := replace(s, 'ch', 'C');
    s := regexp_replace(s, 'gh(?![aeiou])', '', 'g');
    s := regexp_replace(s, 'g(?=[eiy])', 'j', 'g');
    s := regexp_replace(s, 'c(?=[eiy])', 's', 'g');
    s := translate(s, 'cqzvd', 'kksft');
    s := regexp_replace(s, '^(?:[aeiou]+|y(?![aeiou]))', 'A');
    s := regexp_replace(s, 'h(?![aeiou])|(?!^)[wy]', '', 'g');
    s := regexp_replace(translate(s, 'aeiou', ''), 'mb$', 'm');
    RETURN regexp_replace(s, '(.)\1+', '\1', 'g');
END $$
"""

# Of each name and each of its parts: the spelling, "~" with the sound, "-" with each spelling that lacks one letter.
# Two spellings one slip apart share one of the last, so near ones are found by the index and not by comparing.
KEYS = r"""
CREATE FUNCTION names_to_find(
    family text, given text DEFAULT NULL, preferred text DEFAULT NULL, earlier text DEFAULT NULL
) RETURNS tsvector LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 10000 AS $$
DECLARE
    name text;
    part text;
    s text;
    parts text[];
    spellings text[] := '{}';
    keys text[] := '{}';
BEGIN
    FOREACH name IN ARRAY ARRAY[family, given, preferred, earlier] LOOP
        CONTINUE WHEN name IS NULL;
        -- Cut before it is split: what was typed into a name's box may be a page long, and a key may not.
        name := left(name, 200);
        parts := ARRAY[name];
        IF lower(name COLLATE "C") ~ '[^a-z]' THEN
            parts := parts || (string_to_array(
                translate(name, E'\t\n\r ,;/.()''-\u00a0\u02bb\u02bc\u05be\u2010\u2011\u2012\u2013\u2014\u2018\u2019',
                    '                       '), ' '))[1:16];
        END IF;
        FOREACH part IN ARRAY parts LOOP
            CONTINUE WHEN part = '';
            s := public.name_spelling(part);
            CONTINUE WHEN s = '' OR s = ANY (spellings);
            spellings := spellings || s;
            keys := keys || s;
            part := public.name_sounds_like(s);
            IF part <> '' THEN
                keys := keys || ('~' || part);
            END IF;
            IF length(s) BETWEEN 4 AND 30 THEN
                FOR i IN 1..length(s) LOOP
                    keys := keys || ('-' || left(s, i - 1) || substr(s, i + 1));
                END LOOP;
            END IF;
        END LOOP;
    END LOOP;
    RETURN array_to_tsvector(keys);
END $$
"""

INDEXES = {
    "ix_patient_names": ("patient", "names_to_find(family_name, given_name, preferred_name)"),
    "ix_referral_names": (
        "referral",
        "names_to_find(family_name, given_name, preferred_name, previous_family_names)",
    ),
    "ix_organisation_names": ("organisation", "names_to_find(name)"),
    "ix_unit_names": ("unit", "names_to_find(name)"),
}


def upgrade() -> None:
    """Make the functions, then the indexes, which fills them."""
    for statement in (SPELLING, SOUND, KEYS):
        op.execute(sa.text(statement.replace(":", r"\:")))
    for name, (table, expression) in INDEXES.items():
        op.create_index(op.f(name), table, [sa.text(expression)], postgresql_using="gin")
    op.create_index(op.f("ix_patient_date_of_birth"), "patient", ["date_of_birth"])
    op.create_index(op.f("ix_referral_date_of_birth"), "referral", ["date_of_birth"])
    op.create_index(op.f("ix_referral_nhs_number"), "referral", ["nhs_number"])


def downgrade() -> None:
    """Take them back."""
    op.drop_index(op.f("ix_referral_nhs_number"), table_name="referral")
    op.drop_index(op.f("ix_referral_date_of_birth"), table_name="referral")
    op.drop_index(op.f("ix_patient_date_of_birth"), table_name="patient")
    for name, (table, _) in reversed(INDEXES.items()):
        op.drop_index(op.f(name), table_name=table)
    op.execute("DROP FUNCTION names_to_find(text, text, text, text)")
    op.execute("DROP FUNCTION name_sounds_like(text)")
    op.execute("DROP FUNCTION name_spelling(text)")
