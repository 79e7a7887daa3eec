"""The rating page: a rater's own link, one question at a time, every answer kept before the reply."""

from __future__ import annotations

from flask import Flask, Response, abort, jsonify, render_template, request, url_for

from captioner.rating.store import Conflict, RatingStore
from captioner.web.protection import Refused, protect, refuse_foreign_pages

MOST_BYTES = 4096  # of a request


def create_rating_app(store: RatingStore, local: bool = True) -> Flask:
    """The application; `local`: answer only requests to this machine's own names."""
    app = Flask(__name__)
    app.config.update(MAX_CONTENT_LENGTH=MOST_BYTES, SEND_FILE_MAX_AGE_DEFAULT=0)
    app.json.sort_keys = False
    protect(app, local, f"{MOST_BYTES} bytes")
    practice = store.origin != "people"

    def known(token: str) -> int:
        """The rater whose link this is; no answer tells whether a wrong one was close."""
        rater = store.rater(token)
        if rater is None:
            abort(404, "no rater has this link; ask for it again")
        return rater

    def shown(rater: int, token: str) -> Response:
        """Where the rater is, with the addresses of this picture and the next."""
        state = store.state(rater)
        if state["task"]:
            at = state["task"]["position"]
            state["task"]["picture"] = url_for("picture", token=token, position=at)
            state["ahead"] = url_for("picture", token=token, position=at + 1) if at + 1 < state["total"] else None
        return jsonify(state)

    def given(**kinds: type) -> list:
        """The fields of the request's JSON, of exactly these types."""
        refuse_foreign_pages()
        fields = request.get_json()
        if not isinstance(fields, dict) or set(fields) != set(kinds):
            raise Refused(400, f"send an object with {', '.join(kinds)}")
        if any(type(fields[name]) is not kind for name, kind in kinds.items()):
            raise Refused(400, f"each field has its type: {', '.join(f'{n} {k.__name__}' for n, k in kinds.items())}")
        if any(abs(value) > 2**53 for value in fields.values() if type(value) is int):
            raise Refused(400, "a number is too large")
        return [fields[name] for name in kinds]

    @app.get("/")
    def nobody() -> tuple[str, int]:
        return render_template("rate.html", token=None, practice=practice), 404

    @app.get("/rate/<token>")
    def page(token: str) -> tuple[str, int]:
        rater = store.rater(token)
        return render_template("rate.html", token=token if rater else None, practice=practice), 200 if rater else 404

    @app.get("/rate/<token>/state")
    def state(token: str) -> Response:
        return shown(known(token), token)

    @app.get("/rate/<token>/picture/<int:position>")
    def picture(token: str, position: int) -> Response:
        found = store.picture(known(token), min(position, 2**53))
        if found is None:
            abort(404)
        return Response(found[1], mimetype=found[0])

    @app.post("/rate/<token>/answer")
    def answer(token: str) -> Response:
        rater = known(token)
        store.answer(rater, *given(position=int, answer=str, milliseconds=int))
        return shown(rater, token)

    @app.post("/rate/<token>/undo")
    def undo(token: str) -> Response:
        rater = known(token)
        store.undo(rater, *given(done=int))
        return shown(rater, token)

    @app.errorhandler(Conflict)
    def conflict(error: Conflict) -> tuple[Response, int]:
        return jsonify(error=str(error)), 409

    @app.after_request
    def uncached(response: Response) -> Response:
        if request.path.startswith("/rate/"):
            response.headers["Cache-Control"] = "private, max-age=600" if "/picture/" in request.path else "no-store"
            response.headers["X-Robots-Tag"] = "noindex"
        return response

    return app
