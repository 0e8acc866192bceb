"""Escalations with their rows, the register of interests, and the register of flash points."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0021'
down_revision = '0020'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make it."""
    # Proof of what an organisation sent is read from the memberships it was done under.
    op.create_index('ix_transition_acting_as', 'transition', ['acting_as', 'id'], unique=False, postgresql_where=sa.text('acting_as IS NOT NULL'))
    op.create_table('flash_point',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('dispute_kind', sa.Text(), nullable=True),
    sa.Column('goes_wrong', sa.Text(), nullable=False),
    sa.Column('early_sign', sa.Text(), nullable=False),
    sa.Column('first_response', sa.Text(), nullable=False),
    sa.Column('whom_to_ring', sa.Text(), nullable=False),
    sa.Column('from_on', sa.Date(), nullable=False),
    sa.Column('until_on', sa.Date(), nullable=True),
    sa.Column('written_by_id', sa.Integer(), nullable=False),
    sa.Column('organisation_id', sa.Integer(), nullable=False),
    sa.Column('written_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('replaces_id', sa.Integer(), nullable=True),
    sa.CheckConstraint('until_on IS NULL OR until_on >= from_on', name=op.f('ck_flash_point_ends_after_it_starts')),
    sa.ForeignKeyConstraint(['replaces_id'], ['flash_point.id'], name=op.f('fk_flash_point_replaces_id_flash_point')),
    sa.ForeignKeyConstraint(['written_by_id'], ['user_account.id'], name=op.f('fk_flash_point_written_by_id_user_account')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_flash_point_organisation_id_organisation')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_flash_point'))
    )
    op.create_table('interest',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('user_id', sa.Integer(), nullable=False),
    sa.Column('organisation_id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('what', sa.Text(), nullable=False),
    sa.Column('from_on', sa.Date(), nullable=False),
    sa.Column('until_on', sa.Date(), nullable=True),
    sa.Column('declared_by_id', sa.Integer(), nullable=False),
    sa.Column('declared_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('taken_back_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('taken_back_by_id', sa.Integer(), nullable=True),
    sa.Column('taken_back_why', sa.Text(), nullable=True),
    sa.CheckConstraint('until_on IS NULL OR until_on >= from_on', name=op.f('ck_interest_ends_after_it_starts')),
    sa.ForeignKeyConstraint(['declared_by_id'], ['user_account.id'], name=op.f('fk_interest_declared_by_id_user_account')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_interest_organisation_id_organisation')),
    sa.ForeignKeyConstraint(['taken_back_by_id'], ['user_account.id'], name=op.f('fk_interest_taken_back_by_id_user_account')),
    sa.ForeignKeyConstraint(['user_id'], ['user_account.id'], name=op.f('fk_interest_user_id_user_account')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_interest'))
    )
    op.create_index('ix_interest_organisation_id', 'interest', ['organisation_id'], unique=False)
    op.create_index('ix_interest_user_id', 'interest', ['user_id'], unique=False)
    op.create_table('escalation',
    sa.Column('id', sa.BigInteger(), nullable=False),
    sa.Column('dispute_kind', sa.Text(), nullable=False),
    sa.Column('urgency', sa.Text(), nullable=False),
    sa.Column('asked_for', sa.Text(), nullable=False),
    sa.Column('safety_plan', sa.Text(), nullable=True),
    sa.Column('started_from', sa.Text(), nullable=True),
    sa.Column('begun_from', sa.Text(), nullable=True),
    sa.Column('flash_point_id', sa.Integer(), nullable=True),
    sa.Column('interim_funder_id', sa.Integer(), nullable=True),
    sa.Column('funding_terms', sa.Text(), nullable=True),
    sa.Column('funding_agreed_by_id', sa.Integer(), nullable=True),
    sa.Column('funding_agreed_for_id', sa.Integer(), nullable=True),
    sa.Column('funding_agreed_role', sa.Text(), nullable=True),
    sa.Column('funding_agreed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('convenor_id', sa.Integer(), nullable=True),
    sa.Column('interim_arrangement', sa.Text(), nullable=True),
    sa.Column('interim_payer', sa.Text(), nullable=True),
    sa.Column('accepted_by_id', sa.Integer(), nullable=True),
    sa.Column('accepted_for_id', sa.Integer(), nullable=True),
    sa.Column('accepted_role', sa.Text(), nullable=True),
    sa.Column('accepted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('instead', sa.Text(), nullable=True),
    sa.Column('settled_by_id', sa.Integer(), nullable=True),
    sa.Column('settled_for_id', sa.Integer(), nullable=True),
    sa.Column('settled_role', sa.Text(), nullable=True),
    sa.Column('settled_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('binding', sa.Text(), nullable=True),
    sa.Column('determined_by_id', sa.Integer(), nullable=True),
    sa.Column('determined_for_id', sa.Integer(), nullable=True),
    sa.Column('determined_role', sa.Text(), nullable=True),
    sa.Column('determined_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('referred_to', sa.Text(), nullable=True),
    sa.Column('agreed_statement', sa.Text(), nullable=True),
    sa.Column('learned_flash_point_id', sa.Integer(), nullable=True),
    sa.Column('would_have_prevented', sa.Text(), nullable=True),
    sa.Column('sop_to_change', sa.Text(), nullable=True),
    sa.Column('refusal_overturned', sa.Boolean(), nullable=True),
    sa.Column('ended_by_id', sa.Integer(), nullable=True),
    sa.Column('ended_for_id', sa.Integer(), nullable=True),
    sa.Column('ended_role', sa.Text(), nullable=True),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("urgency IN ('urgent', 'standard')", name=op.f('ck_escalation_urgency_is_known')),
    sa.ForeignKeyConstraint(['accepted_by_id'], ['user_account.id'], name=op.f('fk_escalation_accepted_by_id_user_account')),
    sa.ForeignKeyConstraint(['accepted_for_id'], ['user_account.id'], name=op.f('fk_escalation_accepted_for_id_user_account')),
    sa.ForeignKeyConstraint(['convenor_id'], ['user_account.id'], name=op.f('fk_escalation_convenor_id_user_account')),
    sa.ForeignKeyConstraint(['determined_by_id'], ['user_account.id'], name=op.f('fk_escalation_determined_by_id_user_account')),
    sa.ForeignKeyConstraint(['determined_for_id'], ['user_account.id'], name=op.f('fk_escalation_determined_for_id_user_account')),
    sa.ForeignKeyConstraint(['ended_by_id'], ['user_account.id'], name=op.f('fk_escalation_ended_by_id_user_account')),
    sa.ForeignKeyConstraint(['ended_for_id'], ['user_account.id'], name=op.f('fk_escalation_ended_for_id_user_account')),
    sa.ForeignKeyConstraint(['flash_point_id'], ['flash_point.id'], name=op.f('fk_escalation_flash_point_id_flash_point')),
    sa.ForeignKeyConstraint(['funding_agreed_by_id'], ['user_account.id'], name=op.f('fk_escalation_funding_agreed_by_id_user_account')),
    sa.ForeignKeyConstraint(['funding_agreed_for_id'], ['user_account.id'], name=op.f('fk_escalation_funding_agreed_for_id_user_account')),
    sa.ForeignKeyConstraint(['id'], ['work_item.id'], name=op.f('fk_escalation_id_work_item')),
    sa.ForeignKeyConstraint(['interim_funder_id'], ['organisation.id'], name=op.f('fk_escalation_interim_funder_id_organisation')),
    sa.ForeignKeyConstraint(['learned_flash_point_id'], ['flash_point.id'], name=op.f('fk_escalation_learned_flash_point_id_flash_point')),
    sa.ForeignKeyConstraint(['settled_by_id'], ['user_account.id'], name=op.f('fk_escalation_settled_by_id_user_account')),
    sa.ForeignKeyConstraint(['settled_for_id'], ['user_account.id'], name=op.f('fk_escalation_settled_for_id_user_account')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_escalation'))
    )
    op.create_index('ix_escalation_flash_point_id', 'escalation', ['flash_point_id'], unique=False)
    op.create_index('uq_escalation_begun_from', 'escalation', ['begun_from'], unique=True)
    op.create_table('escalation_action',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('item_id', sa.BigInteger(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('what', sa.Text(), nullable=False),
    sa.Column('owner_organisation_id', sa.Integer(), nullable=False),
    sa.Column('owner_name', sa.Text(), nullable=False),
    sa.Column('due_on', sa.Date(), nullable=False),
    sa.Column('state', sa.Text(), nullable=False),
    sa.Column('evidence', sa.Text(), nullable=True),
    sa.Column('claimed_by_id', sa.Integer(), nullable=True),
    sa.Column('claimed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('answered_by_id', sa.Integer(), nullable=True),
    sa.Column('answered_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('disputed_why', sa.Text(), nullable=True),
    sa.CheckConstraint("state IN ('open', 'claimed', 'confirmed', 'silent', 'dropped')", name=op.f('ck_escalation_action_state_is_known')),
    sa.ForeignKeyConstraint(['answered_by_id'], ['user_account.id'], name=op.f('fk_escalation_action_answered_by_id_user_account')),
    sa.ForeignKeyConstraint(['claimed_by_id'], ['user_account.id'], name=op.f('fk_escalation_action_claimed_by_id_user_account')),
    sa.ForeignKeyConstraint(['item_id'], ['escalation.id'], name=op.f('fk_escalation_action_item_id_escalation')),
    sa.ForeignKeyConstraint(['owner_organisation_id'], ['organisation.id'], name=op.f('fk_escalation_action_owner_organisation_id_organisation')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_escalation_action')),
    sa.UniqueConstraint('item_id', 'number', name=op.f('uq_escalation_action_item_id_number'))
    )
    op.create_table('escalation_issue',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('item_id', sa.BigInteger(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('issue', sa.Text(), nullable=False),
    sa.Column('chosen_organisation_id', sa.Integer(), nullable=True),
    sa.Column('reasons', sa.Text(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['chosen_organisation_id'], ['organisation.id'], name=op.f('fk_escalation_issue_chosen_organisation_id_organisation')),
    sa.ForeignKeyConstraint(['item_id'], ['escalation.id'], name=op.f('fk_escalation_issue_item_id_escalation')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_escalation_issue')),
    sa.UniqueConstraint('item_id', 'number', name=op.f('uq_escalation_issue_item_id_number'))
    )
    op.create_table('escalation_seat',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('item_id', sa.BigInteger(), nullable=False),
    sa.Column('user_id', sa.Integer(), nullable=False),
    sa.Column('seat', sa.Text(), nullable=False),
    sa.Column('declaration', sa.Text(), nullable=False),
    sa.Column('from_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('until_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("seat IN ('chair', 'member')", name=op.f('ck_escalation_seat_seat_is_known')),
    sa.ForeignKeyConstraint(['item_id'], ['escalation.id'], name=op.f('fk_escalation_seat_item_id_escalation')),
    sa.ForeignKeyConstraint(['user_id'], ['user_account.id'], name=op.f('fk_escalation_seat_user_id_user_account')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_escalation_seat'))
    )
    op.create_index('ix_escalation_seat_item_id', 'escalation_seat', ['item_id'], unique=False)
    op.create_table('escalation_side',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('item_id', sa.BigInteger(), nullable=False),
    sa.Column('organisation_id', sa.Integer(), nullable=False),
    sa.Column('place', sa.Integer(), nullable=False),
    sa.Column('is_raiser', sa.Boolean(), nullable=False),
    sa.ForeignKeyConstraint(['item_id'], ['escalation.id'], name=op.f('fk_escalation_side_item_id_escalation')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_escalation_side_organisation_id_organisation')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_escalation_side')),
    sa.UniqueConstraint('item_id', 'organisation_id', name=op.f('uq_escalation_side_item_id_organisation_id')),
    sa.UniqueConstraint('item_id', 'place', name=op.f('uq_escalation_side_item_id_place'))
    )
    op.create_table('escalation_visit',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('item_id', sa.BigInteger(), nullable=False),
    sa.Column('stage', sa.Text(), nullable=False),
    sa.Column('came', sa.Text(), nullable=False),
    sa.Column('why', sa.Text(), nullable=True),
    sa.Column('entered_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('left_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("came IN ('accepted', 'up', 'back', 'reopened')", name=op.f('ck_escalation_visit_came_is_known')),
    sa.ForeignKeyConstraint(['item_id'], ['escalation.id'], name=op.f('fk_escalation_visit_item_id_escalation')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_escalation_visit'))
    )
    op.create_index('ix_escalation_visit_item_id', 'escalation_visit', ['item_id'], unique=False)
    op.create_index('uq_escalation_visit_here', 'escalation_visit', ['item_id'], unique=True, postgresql_where=sa.text('left_at IS NULL'))
    op.create_table('escalation_fact',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('item_id', sa.BigInteger(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('words', sa.Text(), nullable=False),
    sa.Column('side_id', sa.Integer(), nullable=True),
    sa.Column('by_id', sa.Integer(), nullable=True),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('locked_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['by_id'], ['user_account.id'], name=op.f('fk_escalation_fact_by_id_user_account')),
    sa.ForeignKeyConstraint(['item_id'], ['escalation.id'], name=op.f('fk_escalation_fact_item_id_escalation')),
    sa.ForeignKeyConstraint(['side_id'], ['escalation_side.id'], name=op.f('fk_escalation_fact_side_id_escalation_side')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_escalation_fact')),
    sa.UniqueConstraint('item_id', 'number', name=op.f('uq_escalation_fact_item_id_number'))
    )
    op.create_table('escalation_position',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('item_id', sa.BigInteger(), nullable=False),
    sa.Column('visit_id', sa.Integer(), nullable=False),
    sa.Column('side_id', sa.Integer(), nullable=False),
    sa.Column('is_no_reply', sa.Boolean(), server_default=sa.text('false'), nullable=False),
    sa.Column('words', sa.Text(), nullable=True),
    sa.Column('disputed', sa.Text(), nullable=True),
    sa.Column('wanted', sa.Text(), nullable=True),
    sa.Column('by_id', sa.Integer(), nullable=True),
    sa.Column('for_id', sa.Integer(), nullable=True),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('changed_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['by_id'], ['user_account.id'], name=op.f('fk_escalation_position_by_id_user_account')),
    sa.ForeignKeyConstraint(['for_id'], ['user_account.id'], name=op.f('fk_escalation_position_for_id_user_account')),
    sa.ForeignKeyConstraint(['item_id'], ['escalation.id'], name=op.f('fk_escalation_position_item_id_escalation')),
    sa.ForeignKeyConstraint(['side_id'], ['escalation_side.id'], name=op.f('fk_escalation_position_side_id_escalation_side')),
    sa.ForeignKeyConstraint(['visit_id'], ['escalation_visit.id'], name=op.f('fk_escalation_position_visit_id_escalation_visit')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_escalation_position')),
    sa.UniqueConstraint('visit_id', 'side_id', name=op.f('uq_escalation_position_visit_id_side_id'))
    )
    op.create_index('ix_escalation_position_item_id', 'escalation_position', ['item_id'], unique=False)
    op.create_table('escalation_proposal',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('item_id', sa.BigInteger(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('words', sa.Text(), nullable=False),
    sa.Column('actions', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('visit_id', sa.Integer(), nullable=False),
    sa.Column('side_id', sa.Integer(), nullable=True),
    sa.Column('by_id', sa.Integer(), nullable=False),
    sa.Column('for_id', sa.Integer(), nullable=True),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['by_id'], ['user_account.id'], name=op.f('fk_escalation_proposal_by_id_user_account')),
    sa.ForeignKeyConstraint(['for_id'], ['user_account.id'], name=op.f('fk_escalation_proposal_for_id_user_account')),
    sa.ForeignKeyConstraint(['item_id'], ['escalation.id'], name=op.f('fk_escalation_proposal_item_id_escalation')),
    sa.ForeignKeyConstraint(['side_id'], ['escalation_side.id'], name=op.f('fk_escalation_proposal_side_id_escalation_side')),
    sa.ForeignKeyConstraint(['visit_id'], ['escalation_visit.id'], name=op.f('fk_escalation_proposal_visit_id_escalation_visit')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_escalation_proposal')),
    sa.UniqueConstraint('item_id', 'version', name=op.f('uq_escalation_proposal_item_id_version'))
    )
    op.create_table('escalation_speaker',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('item_id', sa.BigInteger(), nullable=False),
    sa.Column('side_id', sa.Integer(), nullable=False),
    sa.Column('stage', sa.Text(), nullable=False),
    sa.Column('user_id', sa.Integer(), nullable=True),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('is_nobody_else', sa.Boolean(), server_default=sa.text('false'), nullable=False),
    sa.Column('is_unsaid', sa.Boolean(), server_default=sa.text('false'), nullable=False),
    sa.Column('by_id', sa.Integer(), nullable=True),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['by_id'], ['user_account.id'], name=op.f('fk_escalation_speaker_by_id_user_account')),
    sa.ForeignKeyConstraint(['item_id'], ['escalation.id'], name=op.f('fk_escalation_speaker_item_id_escalation')),
    sa.ForeignKeyConstraint(['side_id'], ['escalation_side.id'], name=op.f('fk_escalation_speaker_side_id_escalation_side')),
    sa.ForeignKeyConstraint(['user_id'], ['user_account.id'], name=op.f('fk_escalation_speaker_user_id_user_account')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_escalation_speaker'))
    )
    op.create_index('ix_escalation_speaker_item_id', 'escalation_speaker', ['item_id'], unique=False)
    op.create_table('escalation_wish',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('item_id', sa.BigInteger(), nullable=False),
    sa.Column('visit_id', sa.Integer(), nullable=False),
    sa.Column('side_id', sa.Integer(), nullable=False),
    sa.Column('by_id', sa.Integer(), nullable=False),
    sa.Column('for_id', sa.Integer(), nullable=True),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['by_id'], ['user_account.id'], name=op.f('fk_escalation_wish_by_id_user_account')),
    sa.ForeignKeyConstraint(['for_id'], ['user_account.id'], name=op.f('fk_escalation_wish_for_id_user_account')),
    sa.ForeignKeyConstraint(['item_id'], ['escalation.id'], name=op.f('fk_escalation_wish_item_id_escalation')),
    sa.ForeignKeyConstraint(['side_id'], ['escalation_side.id'], name=op.f('fk_escalation_wish_side_id_escalation_side')),
    sa.ForeignKeyConstraint(['visit_id'], ['escalation_visit.id'], name=op.f('fk_escalation_wish_visit_id_escalation_visit')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_escalation_wish')),
    sa.UniqueConstraint('visit_id', 'side_id', name=op.f('uq_escalation_wish_visit_id_side_id'))
    )
    op.create_index('ix_escalation_wish_item_id', 'escalation_wish', ['item_id'], unique=False)
    op.create_table('escalation_acceptance',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('item_id', sa.BigInteger(), nullable=False),
    sa.Column('proposal_id', sa.Integer(), nullable=False),
    sa.Column('visit_id', sa.Integer(), nullable=False),
    sa.Column('side_id', sa.Integer(), nullable=False),
    sa.Column('by_id', sa.Integer(), nullable=False),
    sa.Column('for_id', sa.Integer(), nullable=True),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['by_id'], ['user_account.id'], name=op.f('fk_escalation_acceptance_by_id_user_account')),
    sa.ForeignKeyConstraint(['for_id'], ['user_account.id'], name=op.f('fk_escalation_acceptance_for_id_user_account')),
    sa.ForeignKeyConstraint(['item_id'], ['escalation.id'], name=op.f('fk_escalation_acceptance_item_id_escalation')),
    sa.ForeignKeyConstraint(['proposal_id'], ['escalation_proposal.id'], name=op.f('fk_escalation_acceptance_proposal_id_escalation_proposal')),
    sa.ForeignKeyConstraint(['side_id'], ['escalation_side.id'], name=op.f('fk_escalation_acceptance_side_id_escalation_side')),
    sa.ForeignKeyConstraint(['visit_id'], ['escalation_visit.id'], name=op.f('fk_escalation_acceptance_visit_id_escalation_visit')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_escalation_acceptance')),
    sa.UniqueConstraint('proposal_id', 'side_id', name=op.f('uq_escalation_acceptance_proposal_id_side_id'))
    )
    op.create_index('ix_escalation_acceptance_item_id', 'escalation_acceptance', ['item_id'], unique=False)
    op.create_table('escalation_view',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('item_id', sa.BigInteger(), nullable=False),
    sa.Column('fact_id', sa.Integer(), nullable=False),
    sa.Column('side_id', sa.Integer(), nullable=False),
    sa.Column('agrees', sa.Boolean(), nullable=False),
    sa.Column('by_id', sa.Integer(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['by_id'], ['user_account.id'], name=op.f('fk_escalation_view_by_id_user_account')),
    sa.ForeignKeyConstraint(['fact_id'], ['escalation_fact.id'], name=op.f('fk_escalation_view_fact_id_escalation_fact')),
    sa.ForeignKeyConstraint(['item_id'], ['escalation.id'], name=op.f('fk_escalation_view_item_id_escalation')),
    sa.ForeignKeyConstraint(['side_id'], ['escalation_side.id'], name=op.f('fk_escalation_view_side_id_escalation_side')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_escalation_view')),
    sa.UniqueConstraint('fact_id', 'side_id', name=op.f('uq_escalation_view_fact_id_side_id'))
    )
    op.create_index('ix_escalation_view_item_id', 'escalation_view', ['item_id'], unique=False)
    op.execute("CREATE SEQUENCE reference_escalation_seq")
    _papers_are(("form_1", "form_2", "decision_notice", "pack", "dispute"))


def downgrade() -> None:
    """Take it back. Documents and papers of an escalation go with it; an older program does not know the kind."""
    op.execute("DROP SEQUENCE reference_escalation_seq")
    op.drop_index('ix_transition_acting_as', table_name='transition')
    _take_the_kind_away()
    _papers_are(("form_1", "form_2", "decision_notice", "pack"))
    for table in (*ROWS, "escalation", "interest", "flash_point"):
        op.drop_table(table)


def _papers_are(kinds: tuple[str, ...]) -> None:
    """Which kinds of papers there are."""
    op.drop_constraint(op.f("ck_paper_kind_is_known"), "paper", type_="check")
    said = ", ".join(f"'{kind}'" for kind in kinds)
    op.create_check_constraint(op.f("ck_paper_kind_is_known"), "paper", f"kind IN ({said})")


ROWS = (
    "escalation_view",
    "escalation_acceptance",
    "escalation_wish",
    "escalation_speaker",
    "escalation_proposal",
    "escalation_position",
    "escalation_fact",
    "escalation_visit",
    "escalation_side",
    "escalation_seat",
    "escalation_issue",
    "escalation_action",
)
"""Whoever points at another one before it."""
GUARDED = ("transition", "access_log", "paper", "document")
CHILDREN = ("paper", "document", "message", "transition", "clock", "item_party", "draft", "outbox_message", "reaction")
KIND = "SELECT id FROM work_item WHERE kind = 'escalation'"


def _take_the_kind_away() -> None:
    """Nothing of the kind stays; append-only guards stand aside meanwhile."""
    for table in GUARDED:
        op.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    op.execute(f"UPDATE access_log SET item_id = NULL WHERE item_id IN ({KIND})")
    clocks = f"SELECT id FROM clock WHERE item_id IN ({KIND})"
    for table in ("recount_move", "recount_clock"):
        op.execute(f"DELETE FROM {table} WHERE clock_id IN ({clocks})")
    for table in (*CHILDREN, *ROWS):
        op.execute(f"DELETE FROM {table} WHERE item_id IN ({KIND})")
    op.execute(f"UPDATE work_item SET parent_id = NULL WHERE parent_id IN ({KIND})")
    op.execute("DELETE FROM escalation")
    op.execute("DELETE FROM work_item WHERE kind = 'escalation'")
    for table in GUARDED:
        op.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
