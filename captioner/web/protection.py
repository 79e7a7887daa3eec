"""What every page of the project promises: it answers to its own names and pages, and loads nothing from elsewhere."""

from __future__ import annotations

import re

from flask import Flask, Response, jsonify, request
from werkzeug.exceptions import HTTPException

from captioner.foundation.errors import InputError

LOCAL = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(:[0-9]{1,5})?", re.IGNORECASE | re.ASCII)
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


class Refused(Exception):
    """A request that is not served, with the HTTP status that says why."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def refuse_foreign_pages() -> None:
    """Refused where the request comes from another site's page. The scheme is left out of account: before this server
    may stand one that speaks TLS.
    """
    foreign = request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none")
    origin = request.headers.get("Origin")
    if foreign or (origin is not None and origin.partition("://")[2] != request.host):
        raise Refused(403, "requests from another site's page are not served")


def protect(app: Flask, local: bool, most: str) -> None:
    """Headers on every answer, errors as JSON, and with `local` no request to another name than this machine's own.

    `most`: the largest request that the application takes, in words.
    """

    @app.before_request
    def known() -> None:
        if local and not LOCAL.fullmatch(request.headers.get("Host", "")):
            raise Refused(400, "this page answers to the names of its own machine only")

    @app.errorhandler(Refused)
    def refused(error: Refused) -> tuple[Response, int]:
        return jsonify(error=str(error)), error.status

    @app.errorhandler(InputError)
    def wrong(error: InputError) -> tuple[Response, int]:
        return jsonify(error=str(error)), 400

    @app.errorhandler(HTTPException)
    def other(error: HTTPException) -> tuple[Response, int]:
        message = f"the request is larger than {most}" if error.code == 413 else error.description
        return jsonify(error=message), error.code or 500

    @app.after_request
    def headers(response: Response) -> Response:
        response.headers.update(HEADERS)
        return response
