"""The rating page in a real Chromium: by keyboard, by touch, undone, after a lost connection; no foreign request."""

from __future__ import annotations

import pytest
from chromium import chromium
from made_ratings import study
from serving import serving

from captioner.rating.items import Sizes
from captioner.web.rating import create_rating_app

pytestmark = pytest.mark.needs_chromium
SIZES = Sizes(pairs=4, scales=2, overlap=3)
RATERS = 4


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return study(tmp_path_factory.mktemp("rating") / "made.rating", RATERS, SIZES)


@pytest.fixture(scope="module")
def address(store):
    with serving(create_rating_app(store), threads=4) as address:
        yield address


@pytest.fixture(scope="module")
def browser():
    with chromium() as found:
        yield found


@pytest.fixture
def opened(browser, address, store):
    """Opens a rater's link; at the end, no request has left and no script has failed."""
    contexts, requests, faults = [], [], []

    def open_page(rater: int, **options: object):
        context = browser.new_context(**{"viewport": {"width": 1200, "height": 800}, **options})
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.on("request", lambda request: requests.append(request.url))
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.goto(f"{address}/rate/{store.raters()[rater].token}")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not faults
    assert all(url.startswith((address, "blob:")) for url in requests)


def ready(page, number: int) -> None:
    """Wait until the task of this number, from 1, can be answered."""
    page.wait_for_selector(f"#count:text-matches('^{number} of ')")
    page.wait_for_selector("#answers button:enabled")


def answers(store, rater: int) -> list[str]:
    return [rating.answer for rating in store.ratings() if rating.rater == f"rater {rater + 1}"]


def test_everything_can_be_done_by_keyboard(opened, store):
    page = opened(0)
    page.wait_for_selector("#begin:visible")
    page.keyboard.press("1")  # not begun: counts for nothing
    page.keyboard.press("Enter")
    total = store.raters()[0].total
    given = []
    for number in range(1, total + 1):
        ready(page, number)
        pair = page.locator("#answers .choice").count() == 2
        key, value = [("1", "left"), ("ArrowRight", "right"), ("0", "tie")][number % 3] if pair else ("4", "4")
        if not pair:
            page.keyboard.press("9")  # no answer
        page.keyboard.press(key)
        given.append(value)
    page.wait_for_selector("#end:visible")
    assert answers(store, 0) == given and store.raters()[0].done == total
    page.keyboard.press("Backspace")
    ready(page, total)
    page.keyboard.press("2")
    page.wait_for_selector("#end:visible")
    assert answers(store, 0) == [*given[:-1], "2"]
    last = store.ratings()[total - 1]
    assert last.changes == 1 and 0 < last.milliseconds < 60_000
    page.reload()
    page.wait_for_selector("#end:visible")  # the link leads to where one was


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_telephone_shows_picture_and_answers_at_once(opened, store, scheme):
    rater = {"light": 1, "dark": 2}[scheme]
    page = opened(rater, viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True, color_scheme=scheme)
    page.tap("#begin")
    kinds = set()
    for number in range(1, store.raters()[rater].total + 1):
        ready(page, number)
        kinds.add(page.locator("#task").get_attribute("class"))
        assert page.evaluate("() => document.documentElement.scrollWidth") <= 360
        boxes = [each.bounding_box() for each in page.locator("#picture, #answers button").all()]
        assert all(box["y"] >= 0 and box["y"] + box["height"] <= 740 for box in boxes), number
        assert all(box["height"] >= 44 for box in boxes)
        page.locator("#answers button").first.tap()
    page.wait_for_selector("#end:visible")
    assert kinds == {"asks-pair", "asks-scale"} and set(answers(store, rater)) == {"left", "1"}
    names = ("backgroundColor", "color")
    background, ink = (page.evaluate(f"() => getComputedStyle(document.body).{name}") for name in names)
    light = [sum(map(int, colour[4:-1].split(","))) for colour in (background, ink)]
    assert (light[0] < light[1]) == (scheme == "dark")


def test_an_answer_survives_a_lost_connection_and_a_second_window(opened, store):
    page = opened(3)
    page.click("#begin")
    ready(page, 1)
    lost = []

    def lose(route):
        """The first request does not reach the server, the reply to the second does not reach the page."""
        lost.append(route)
        if len(lost) == 1:
            return route.abort()
        if len(lost) == 2:
            route.fetch()
            return route.abort()
        return route.continue_()

    page.route("**/answer", lose)
    page.click("#answers button >> nth=1")
    page.wait_for_selector("#error:visible")
    ready(page, 2)
    assert len(lost) == 3 and answers(store, 3) == ["right"] and page.locator("#error").is_hidden()
    other = opened(3)
    ready(other, 2)
    other.click("#answers button >> nth=2")
    ready(other, 3)
    page.click("#answers button >> nth=0")  # this window does not know that task 2 is answered
    ready(page, 3)
    assert answers(store, 3) == ["right", "tie"]
    page.keyboard.press("u")
    ready(page, 2)
    assert answers(store, 3) == ["right"]


def test_each_control_has_a_name_and_a_wrong_link_says_so(opened, address):
    page = opened(3)
    ready(page, 2)
    for control in page.locator("button:visible").all():
        assert control.inner_text().strip()
    assert page.locator("#picture").get_attribute("alt")
    assert page.locator("progress").get_attribute("aria-label")
    assert page.locator("h1").count() == 1 and page.locator("html").get_attribute("lang") == "en"
    page.goto(f"{address}/rate/nobody")
    assert "No such link" in page.inner_text("h1")
