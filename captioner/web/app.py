"""The web page and its JSON endpoint: a picture and prompts in, captions with every word's certainty out."""

from __future__ import annotations

import bisect
import io
import mimetypes
import threading
from collections.abc import Sequence

from flask import Flask, Request, Response, abort, jsonify, render_template, request, url_for

from captioner.application.captioner import Captioner, Described, Likely, Prepared
from captioner.application.examples import Example
from captioner.web.batching import Batcher, Busy
from captioner.web.protection import Refused, protect, refuse_foreign_pages
from captioner.web.uploads import MOST_BYTES, MOST_PIXELS, MOST_PROMPTS, TYPES, upload_picture, upload_prompts

MARGIN = 128 * 1024  # bytes of a request beside the picture
MOST_LIKELY = 20
BINS = 24


class InMemory(Request):
    """A request whose files never touch the disk; their size is bounded before."""

    def _get_file_stream(self, *_: object, **__: object) -> io.BytesIO:
        return io.BytesIO()


class Page(Flask):
    """Flask with requests in memory."""

    request_class = InMemory


def tokens(likely: Sequence[Likely]) -> list[dict]:
    """Likely tokens; the stop token is the one with `stop`."""
    return [{"token": each.text, "probability": round(each.probability, 5), "stop": each.stop} for each in likely]


def described(made: Described, scores: Sequence[float]) -> dict:
    """One caption; `percentile`: the share of the study's scores below its own, in per cent."""
    score = made.clip_score
    place = None if score is None or not scores else 100 * bisect.bisect_left(scores, score) / len(scores)
    return {
        "prompt": made.prompt, "caption": made.caption.text,
        "clip_score": None if score is None else round(score, 2),
        "percentile": None if place is None else round(place, 1),
        "log_probability": round(made.caption.mean_log_probability, 4), "entropy": round(made.entropy, 4),
        "tokens": made.caption.tokens, "next_tokens": tokens(made.next_tokens),
        "steps": [
            {
                "text": step.text, "probability": round(step.probability, 5), "entropy": round(step.entropy, 4),
                "likely": tokens(step.likely),
            }
            for step in made.steps
        ],
    }  # fmt: skip


def histogram(scores: Sequence[float]) -> dict | None:
    """Counts of the study's scores in bins of equal width, for the page's drawing; None without scores."""
    if not scores:
        return None
    low, high = min(scores), max(scores)
    width = (high - low) / BINS or 1.0
    counts = [0] * BINS
    for score in scores:
        counts[min(int((score - low) / width), BINS - 1)] += 1
    return {"low": low, "high": low + width * BINS, "counts": counts, "images": len(scores)}


def create_app(
    captioner: Captioner,
    scores: Sequence[float] = (),
    examples: Sequence[Example] = (),
    waiting: int = 32,
    together: int = 16,
    local: bool = True,
) -> Flask:
    """The application. `scores` are the study's CLIP scores, ascending; at most `waiting` requests are on their way and
    `together` in one batch; `local`: answer only requests to this machine's own names.
    """
    app = Page(__name__)
    app.config.update(
        MAX_CONTENT_LENGTH=MOST_BYTES + MARGIN, MAX_FORM_MEMORY_SIZE=MARGIN, MAX_FORM_PARTS=MOST_PROMPTS + 24,
        SEND_FILE_MAX_AGE_DEFAULT=0,
    )  # fmt: skip
    app.json.sort_keys = False
    settings = captioner.settings
    decoding = threading.BoundedSemaphore(2)  # pictures decoded at once: each may take 100 MB

    def work(jobs: Sequence[tuple[Prepared, list[str], int]]) -> list[tuple[list[Described], list[Described]]]:
        """The captions of several requests in one batch, each with what its prompts alone would say."""
        pairs = [(picture, prompt) for picture, prompts, _ in jobs for prompt in prompts]
        blind = [(None, prompt) for _, prompts, _ in jobs for prompt in prompts]
        made = iter(captioner.describe([*pairs, *blind], max(top_k for *_, top_k in jobs)))
        seen = [[next(made) for _ in prompts] for _, prompts, _ in jobs]
        return [(mine, [next(made) for _ in mine]) for mine in seen]

    batcher = app.extensions["batcher"] = Batcher(work, waiting, together)

    protect(app, local, f"{MOST_BYTES // 1024 // 1024} MB")

    @app.get("/")
    def page() -> str:
        return render_template(
            "index.html", study=settings.study, types=",".join(TYPES.values()), examples=len(examples),
            megabytes=MOST_BYTES // 1024 // 1024,
        )  # fmt: skip

    @app.get("/api/model")
    def model() -> Response:
        return jsonify(
            study=settings.study, prompt=settings.prompt, prompts=list(settings.prompts.values()),
            scores=histogram(scores),
            examples=[url_for("example", number=number) for number in range(len(examples))],
            limits={"bytes": MOST_BYTES, "pixels": MOST_PIXELS, "prompts": MOST_PROMPTS, "types": list(TYPES.values())},
        )  # fmt: skip

    @app.get("/examples/<int:number>")
    def example(number: int) -> Response:
        if number >= len(examples):
            abort(404)
        kind = mimetypes.guess_type(examples[number].file_name)[0]
        return Response(
            examples[number].content, mimetype=kind if kind in TYPES.values() else "application/octet-stream"
        )

    @app.post("/api/caption")
    def caption() -> Response:
        refuse_foreign_pages()
        with batcher.place():
            given = request.files.getlist("image")
            if set(request.files) - {"image"} or len(given) != 1:
                raise Refused(400, "send exactly one picture, as the form's file 'image'")
            if unknown := sorted(set(request.form) - {"prompt", "top_k"}):
                raise Refused(400, f"unknown field {unknown[0][:40]!r}; only image, prompt and top_k are known")
            prompts = upload_prompts(request.form.getlist("prompt") or [settings.prompt])
            top_k = whole(request.form.get("top_k", "5"))
            for prompt in prompts:
                captioner.check_prompt(prompt)
            upload = given[0]
            with decoding:
                content = upload.stream.read()
                picture = upload_picture(content, upload.mimetype or "", upload.filename or "")
                size, prepared = picture.size, captioner.prepare(picture)
                del picture
            seen, blind = batcher.do((prepared, prompts, top_k))
        results = [
            {**cut(described(mine, scores), top_k), "without_image": cut(described(alone, ()), top_k)}
            for mine, alone in zip(seen, blind, strict=True)
        ]
        return jsonify(image={"width": size[0], "height": size[1]}, results=results)

    @app.errorhandler(Busy)
    def busy(_: Busy) -> tuple[Response, int, dict[str, str]]:
        seconds = str(batcher.patience)
        return jsonify(error=f"busy with other pictures; try again in {seconds} s"), 503, {"Retry-After": seconds}

    @app.after_request
    def uncached(response: Response) -> Response:
        if request.path.startswith("/api/"):
            response.headers["Cache-Control"] = "no-store"
        return response

    return app


def whole(text: str) -> int:
    """The number of likely tokens that a request asks for; Refused unless it is from 0 to MOST_LIKELY."""
    if not (text.isascii() and text.isdigit() and len(text) < 4 and int(text) <= MOST_LIKELY):
        raise Refused(400, f"top_k has to be a whole number from 0 to {MOST_LIKELY}")
    return int(text)


def cut(row: dict, top_k: int) -> dict:
    """The row with no more likely tokens than were asked for: a batch is made with the most that any request wants."""
    steps = [{**step, "likely": step["likely"][:top_k]} for step in row["steps"]]
    return {**row, "next_tokens": row["next_tokens"][:top_k], "steps": steps}
