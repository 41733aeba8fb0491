"""The web front end: plain pages made on the server, no script, one gate in front of every view; and the door of the JSON API."""

from __future__ import annotations

from flask import Flask
from flask_wtf.csrf import CSRFProtect

from web.api.admission import admit_call
from web.api.door import make_door
from web.api.refusals import is_call
from web.auth.cookies import FormCookie
from web.auth.forms import protect_forms
from web.auth.gate import admit
from web.auth.roles import MARK, Audience, require_audiences
from web.body_admission import refuse_from_head
from web.bootstrap import Services
from web.compression import compress_page
from web.headers import guard
from web.hosts import KnownHosts
from web.logs import log_requests
from web.pages import (
    about,
    account,
    agreements,
    archive,
    change_requests,
    contacts,
    copies,
    corrections,
    countersign,
    deadlines,
    declining,
    dispositions,
    documents,
    exports,
    given_copies,
    guides,
    health,
    holds,
    keepers,
    list_changes,
    lists,
    look,
    materials,
    new_password,
    notices,
    organization,
    packets,
    people,
    placements,
    public_verification,
    readiness,
    reading_copies,
    refusals,
    request_queue,
    retention,
    session,
    signing,
    single_sign_on,
    step_one_links,
    voiding,
    wording,
    years,
)
from web.proxies import TrustedProxies
from web.request_limits import FILE_BYTES
from web.visit import attach

MOST_BYTES = FILE_BYTES


AREAS = (
    look,
    about,
    session,
    account,
    new_password,
    single_sign_on,
    public_verification,
    packets,
    documents,
    signing,
    declining,
    voiding,
    lists,
    list_changes,
    materials,
    guides,
    contacts,
    placements,
    organization,
    change_requests,
    request_queue,
    people,
    readiness,
    reading_copies,
    corrections,
    deadlines,
    agreements,
    countersign,
    notices,
    archive,
    exports,
    retention,
    holds,
    dispositions,
    keepers,
    copies,
    given_copies,
    health,
    years,
)
"""The pages, area by area."""


def create_app(services: Services) -> Flask:
    """The application on these services.

    Raises:
        LookupError: a route does not say who may use it.
    """
    app = Flask("web.pages", static_folder="static", template_folder="templates")
    app.config.update(
        SECRET_KEY=services.session_secret,
        MAX_CONTENT_LENGTH=MOST_BYTES,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        WTF_CSRF_TIME_LIMIT=None,  # a form is good for as long as the session is
        WTF_CSRF_SSL_STRICT=False,  # our own Referrer-Policy keeps the header away that it would look at
    )
    app.session_interface = FormCookie()
    app.jinja_options = {"trim_blocks": True, "lstrip_blocks": True, "autoescape": True}
    app.wsgi_app = KnownHosts(app.wsgi_app, services.settings.public_url)  # type: ignore[method-assign]
    app.wsgi_app = TrustedProxies(app.wsgi_app, services.settings.trusted_proxies)  # type: ignore[method-assign]
    attach(app, services)
    log_requests(app)
    app.before_request(lambda: admit_call() if is_call() else admit())
    app.before_request(lambda: None if is_call() else protect_forms())
    app.before_request(years.let_long_files_in)
    app.before_request(refuse_from_head)
    forms = CSRFProtect(app)
    app.after_request(guard)
    app.after_request(compress_page)
    for area in AREAS:
        app.register_blueprint(area.pages)
    refusals.register(app)
    forms.exempt(make_door(app))  # no cookie is looked at there, so nobody else's form can use one
    wording.register(app)
    single_sign_on.register(app, services.settings)
    look.register(app)
    step_one_links.register(app)
    app.view_functions["static"].__dict__[MARK] = Audience.ANYONE
    require_audiences(app)
    return app
