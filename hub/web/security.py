"""Security baseline: headers with a content policy per request, forgery protection, cookies, size and host limits."""

from __future__ import annotations

from urllib.parse import urlsplit
from wsgiref.headers import Headers

from flask import Flask, Response, abort, request
from flask_wtf import CSRFProtect
from werkzeug.exceptions import SecurityError

from hub.config import Settings
from hub.web.templating import csp_nonce

FORM_COOKIE = "hub-form"
SIGN_IN_COOKIE = "hub-session"
LOOPBACK = ("localhost", "127.0.0.1", "[::1]")

csrf = CSRFProtect()

_POLICY = (
    "default-src 'none'",
    "script-src 'nonce-{nonce}'",
    "style-src 'self'",
    "img-src 'self'",
    "font-src 'self'",
    "connect-src 'self'",
    "manifest-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
)
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
_HSTS = "max-age=31536000"


def cookie_name(name: str, *, is_secure: bool) -> str:
    """The cookie's name; the prefix makes the browser refuse one set by another host or over plain HTTP."""
    return f"__Host-{name}" if is_secure else name


def init_app(app: Flask, settings: Settings) -> None:
    """Set cookies, limits, hosts and headers, and refuse requests to another host or from another site."""
    is_secure = settings.secure_cookies
    app.config.update(
        SECRET_KEY=settings.key(),
        SESSION_COOKIE_NAME=cookie_name(FORM_COOKIE, is_secure=is_secure),
        SESSION_COOKIE_SECURE=is_secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_PATH="/",
        MAX_CONTENT_LENGTH=settings.max_upload_bytes,
        MAX_FORM_MEMORY_SIZE=2 * 1024 * 1024,
        MAX_FORM_PARTS=2000,
        TRUSTED_HOSTS=list(settings.hosts or LOOPBACK),
        # A page left open over lunch must still be sendable: the token lives as long as its cookie.
        WTF_CSRF_TIME_LIMIT=None,
        # The Origin check below replaces it: some NHS proxies strip Referer.
        WTF_CSRF_SSL_STRICT=False,
    )
    app.before_request(_start)

    @app.after_request
    def add_headers(response: Response) -> Response:
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
        response.headers.setdefault("Content-Security-Policy", "; ".join(_POLICY).format(nonce=csp_nonce()))
        if is_secure:
            response.headers.setdefault("Strict-Transport-Security", _HSTS)
        if request.endpoint != "static":
            response.headers["Cache-Control"] = "no-store"
        return response


def protect_forms(app: Flask) -> None:
    """Ask every POST for its form token. Called after the person is known: the page that refuses shows who they are."""
    csrf.init_app(app)


def _start() -> None:
    if isinstance(request.routing_exception, SecurityError):
        raise request.routing_exception
    if "\0" in request.path:
        abort(404)  # nothing is called so, and the database refuses to be asked
    if request.method in {"POST", "PUT", "PATCH", "DELETE"} and not is_same_origin():
        abort(400, "This form came from another site, so it was not sent.")


def is_same_origin() -> bool:
    """Whether the browser says this page was sent by one of ours. A program that sends no Origin is let through."""
    origin = request.headers.get("Origin")
    return origin is None or urlsplit(origin).netloc == request.host


def static_headers(headers: Headers, _path: str, _url: str) -> None:
    """Headers of static files, which never reach Flask."""
    for name in ("X-Content-Type-Options", "Cross-Origin-Resource-Policy", "Referrer-Policy"):
        headers[name] = _HEADERS[name]
