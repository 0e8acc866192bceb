"""The web application: config, extensions, blueprints, error pages; nothing else."""

from __future__ import annotations

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix
from whitenoise import WhiteNoise

import hub.reactions  # noqa: F401 - every table known, and every topic heard before the first action
from hub.absences import leaver_views as leavers
from hub.absences import views as absences
from hub.accounts import browser
from hub.accounts import demo as demo_sign_in
from hub.accounts import link_views as account_links
from hub.accounts import request_views as account_requests
from hub.accounts import rota_views as rota
from hub.accounts import views as accounts
from hub.admin import views as admin
from hub.admissions import views as admissions
from hub.beds import views as beds
from hub.casefile import views as casefile
from hub.cases import views as cases
from hub.config import Settings, settings
from hub.conflicts import views as interests
from hub.days import views as days
from hub.db import make_engine, make_sessions
from hub.documents import views as documents
from hub.embedded import database_url
from hub.escalations import measure_views as dispute_measures
from hub.escalations import paper_views as dispute_papers
from hub.escalations import raise_views as raise_dispute
from hub.escalations import views as escalations
from hub.flash_points import views as flash_points
from hub.how_it_works import views as how_it_works
from hub.jobs import views as jobs
from hub.merges import views as merges
from hub.messages import views as messages
from hub.papers import views as papers
from hub.paths import STATIC, TEMPLATES
from hub.placements import approach_views as approaches
from hub.placements import views as placements
from hub.policy_changes import draft_views as policy_changes
from hub.provider import views as provider
from hub.referrals import emergency, mine
from hub.referrals import import_views as imports
from hub.referrals import views as referrals
from hub.region import views as region
from hub.search import views as search
from hub.stays import views as stays
from hub.tasks import views as tasks
from hub.today import views as today
from hub.trail import views as trail
from hub.try_date import views as try_date
from hub.web import access, errors, health, metrics, other_windows, request_log, security, shell, templating
from hub.web.database import SessionFactory, db
from hub.weekend import views as weekend
from hub.worklist import bulk_views as bulk
from hub.worklist import saved_view_views as saved_views
from hub.worklist import views as worklist

DAY = 24 * 60 * 60


def create_app(configured: Settings | None = None, *, session_factory: SessionFactory | None = None) -> Flask:
    """The application, ready to serve. `session_factory` makes each request's session, else the database's own does."""
    chosen = configured or settings()
    app = Flask("hub", template_folder=str(TEMPLATES), static_folder=str(STATIC))
    request_log.init_app(app)
    templating.configure(app, shell.page_shell)  # first: others touch jinja_env, which reads its options only once
    shell.init_app(app, chosen)
    db.init_app(app, session_factory or make_sessions(make_engine(database_url(chosen))))
    # The order in which a request is checked: its host and origin, whose it is, its form token, whether it may.
    security.init_app(app, chosen)
    browser.init_app(app, chosen)
    security.protect_forms(app)
    access.init_app(app)
    errors.init_app(app)
    documents.init_app(app, chosen)
    raise_dispute.init_app(app)
    _register(app, chosen)
    _serve_files(app, chosen)
    return app


def _register(app: Flask, chosen: Settings) -> None:
    for views in (
        health,
        metrics,
        other_windows,
        accounts,
        account_links,
        account_requests,
        absences,
        leavers,
        emergency,
        mine,
        referrals,
        admissions,
        placements,
        approaches,
        stays,
        raise_dispute,
        dispute_measures,
        dispute_papers,
        escalations,
        flash_points,
        interests,
        tasks,
        merges,
        policy_changes,
        days,
        papers,
        worklist,
        saved_views,
        bulk,
        cases,
        casefile,
        today,
        provider,
        region,
        how_it_works,
        try_date,
        messages,
        beds,
        documents,
        jobs,
        rota,
        weekend,
        imports,
        trail,
        search,
        admin,
    ):
        app.register_blueprint(views.blueprint)
    for keeper in (
        *emergency.KEEPERS,
        *referrals.KEEPERS,
        *admissions.KEEPERS,
        *placements.KEEPERS,
        *approaches.KEEPERS,
        *stays.KEEPERS,
        *escalations.KEEPERS,
        *raise_dispute.KEEPERS,
        *flash_points.KEEPERS,
        *interests.KEEPERS,
        *tasks.KEEPERS,
        *merges.KEEPERS,
        *policy_changes.KEEPERS,
        *days.KEEPERS,
        *account_requests.KEEPERS,
        *messages.KEEPERS,
        *absences.KEEPERS,
        *leavers.KEEPERS,
        *cases.KEEPERS,
        *beds.KEEPERS,
        *admin.KEEPERS,
        *saved_views.KEEPERS,
        *bulk.KEEPERS,
    ):
        access.keep_what_was_typed(app, keeper)
    if chosen.demo:
        app.register_blueprint(demo_sign_in.blueprint)


def _serve_files(app: Flask, chosen: Settings) -> None:
    """Static files go out before Flask is asked; styles and scripts carry their mark, so a browser may keep them."""
    app.wsgi_app = WhiteNoise(  # type: ignore[method-assign]
        app.wsgi_app,
        root=str(STATIC),
        prefix="static/",
        max_age=DAY,
        allow_all_origins=False,
        immutable_file_test=r"\.(css|js)$",
        add_headers_function=security.static_headers,
    )
    request_log.watch(app)
    if chosen.trusted_proxies:
        count = chosen.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count, x_host=count)  # type: ignore[method-assign]
