"""The web page in a real Chromium: upload, prompts, errors, keyboard, narrow screen, and no request to elsewhere."""

from __future__ import annotations

import pytest
from chromium import chromium
from serving import serving

from captioner.application.project import Project
from captioner.web.app import create_app

pytestmark = pytest.mark.needs_chromium
DROP = """([name, type, bytes]) => {
  const transfer = new DataTransfer();
  transfer.items.add(new File([new Uint8Array(bytes)], name, { type }));
  const event = new Event(type ? "drop" : "paste", { bubbles: true, cancelable: true });
  Object.defineProperty(event, type ? "dataTransfer" : "clipboardData", { value: transfer });
  document.body.dispatchEvent(event);
}"""


@pytest.fixture(scope="module")
def address(captioner, study):
    project = Project(study)
    with serving(create_app(captioner, project.scores, project.examples(4)), threads=8) as address:
        yield address


@pytest.fixture(scope="module")
def browser():
    with chromium() as browser:
        yield browser


@pytest.fixture
def opened(browser, address):
    """Opens the page in a window of some width; at the end, no request has left and no script has failed."""
    contexts, requests, faults = [], [], []

    def open_page(width: int = 1200, scheme: str = "light"):
        context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: requests.append(request.url))
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda message: faults.append(message.text) if "Content Security" in message.text else None)
        page.goto(address)
        page.wait_for_selector("html[data-ready]")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not faults
    assert requests and all(url.startswith((address, "blob:")) for url in requests)


def caption(page) -> str:
    """The words of the first card, once they are there."""
    page.wait_for_selector(".card .words")
    return page.locator(".card .words").first.get_attribute("aria-label").removeprefix("Caption: ")


def test_an_uploaded_picture_is_captioned_word_by_word(opened, captioner, pictures):
    from PIL import Image

    # Before the page asks: the application calls its captioner from one thread alone, and nothing else may meanwhile.
    wanted = captioner.caption([Image.open(pictures[2]).convert("RGB")], ["A detailed photo of"], 5)[0][0]
    page = opened()
    page.set_input_files("#file", pictures[2])
    assert caption(page) == wanted.caption.text
    assert page.locator(".card .words").first.inner_text().removesuffix("end").split() == wanted.caption.text.split()
    assert f"{wanted.clip_score:.1f}".replace("-", "\u2212") == page.locator(".card .score b").inner_text()
    assert page.locator(".chart").get_attribute("aria-label").endswith("9 test pictures")
    assert page.locator(".blind .words").count() == 1
    third = page.locator(".card .words").first.locator("button").nth(2)
    third.hover()
    first_of_bars = page.locator(".bars li").first
    assert first_of_bars.locator(".name").inner_text().strip() == wanted.steps[2].likely[0].text.strip()
    colours = {
        button.evaluate("(each) => getComputedStyle(each).backgroundColor")
        for button in page.locator(".card .words").first.locator("button").all()
    }
    assert len(colours) > 1


def test_several_prompts_stand_side_by_side(opened):
    page = opened()
    page.click("#add")
    page.locator("#prompts input").nth(1).fill("A picture of")
    page.click("#add")
    page.locator("#prompts input").nth(2).fill("")
    page.click("[data-example] >> nth=1")
    page.wait_for_selector(".card:nth-child(3)")
    assert page.locator(".card > h3").all_inner_texts() == ["A detailed photo of …", "A picture of …", "(no prompt)"]
    tops = page.evaluate("() => [...document.querySelectorAll('.card')].map((card) => card.offsetTop)")
    assert len(set(tops)) == 1
    page.click("[aria-label='Remove prompt 2']")
    page.click("#go")
    page.wait_for_selector(".card:nth-child(3)", state="detached")
    assert page.locator(".card").count() == 2
    assert page.locator("[data-example]").nth(1).get_attribute("aria-pressed") == "true"


def test_pictures_can_be_dropped_and_pasted(opened, pictures):
    page = opened()
    page.evaluate(DROP, ["a.png", "image/png", list(pictures[0].read_bytes())])
    dropped = caption(page)
    page.reload()
    page.wait_for_selector("html[data-ready]")
    page.evaluate(DROP, ["a.png", "", list(pictures[0].read_bytes())])
    assert caption(page) == dropped


def test_errors_are_told_and_the_next_picture_mends_them(opened, pictures):
    page = opened()
    page.click("#go")
    assert "Choose a picture first" in page.locator("[role=alert]").inner_text()
    page.set_input_files("#file", {"name": "x.png", "mimeType": "image/png", "buffer": b"no picture"})
    page.wait_for_selector("#error:has-text('no picture in a format')")
    page.set_input_files("#file", {"name": "x.svg", "mimeType": "image/svg+xml", "buffer": b"<svg/>"})
    page.wait_for_selector("#error:has-text('x.svg')")
    assert page.locator("#results").is_hidden()
    page.set_input_files("#file", pictures[0])
    page.wait_for_selector(".card")
    assert page.locator("#error").is_hidden()
    page.locator("#prompts input").fill("<script>alert(1)</script>")
    page.click("#go")
    page.wait_for_selector("#error:has-text('markup')")


def test_markup_in_what_the_server_says_is_only_text(opened, pictures):
    """Even a caption that spells a tag is shown as it is."""
    page = opened()
    evil = "<img src=x onerror=alert(1)>"
    page.route(
        "**/api/caption",
        lambda route: route.fulfill(json={
            "image": {"width": 1, "height": 1},
            "results": [(row := {
                "prompt": evil, "caption": evil, "clip_score": 1.0, "percentile": 5.0, "log_probability": -1.0,
                "entropy": 0.5, "tokens": 1, "next_tokens": [],
                "steps": [{"text": evil, "probability": 0.5, "entropy": 0.5,
                           "likely": [{"token": evil, "probability": 0.5, "stop": False}]}],
            }) | {"without_image": row}],
        }),
    )  # fmt: skip
    page.set_input_files("#file", pictures[0])
    assert caption(page) == evil
    assert page.locator("#cards img").count() == 0 and page.locator(".bars .name").first.inner_text() == evil


def test_busy_is_tried_again(opened, pictures):
    page = opened()
    answered = []

    def busy_once(route):
        answered.append(route)
        if len(answered) == 1:
            return route.fulfill(status=503, headers={"Retry-After": "0"}, json={"error": "busy"})
        return route.continue_()

    page.route("**/api/caption", busy_once)
    page.set_input_files("#file", pictures[0])
    assert caption(page) and len(answered) == 2


def test_everything_can_be_done_by_keyboard(opened):
    page = opened()
    page.keyboard.press("Tab")
    assert page.evaluate("() => document.activeElement.className") == "skip"
    page.keyboard.press("Tab")
    assert page.evaluate("() => document.activeElement.id") == "file"
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # the first example
    caption(page)
    for _ in range(4):
        page.keyboard.press("Tab")
    assert page.evaluate("() => document.activeElement.getAttribute('aria-label')") == "Prompt 1"
    page.keyboard.press("Control+a")
    page.keyboard.type("This image shows")
    page.keyboard.press("Enter")
    page.wait_for_selector(".card[aria-label='This image shows']")
    for _ in range(4):
        page.keyboard.press("Tab")
    words = page.locator(".card .words").first.locator("button:visible")  # a part of a character is passed over
    assert words.nth(0).evaluate("(each) => each === document.activeElement")
    page.keyboard.press("ArrowRight")
    assert words.nth(1).get_attribute("aria-current") == "true" and "sure" in words.nth(1).get_attribute("aria-label")
    page.keyboard.press("End")
    assert words.last.evaluate("(each) => each === document.activeElement")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_narrow_screen_shows_everything_in_one_column(opened, scheme):
    page = opened(320, scheme)
    page.click("#all")
    page.click("[data-example] >> nth=0")
    page.wait_for_selector(".card:nth-child(8)")
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 320
    boxes = [each.bounding_box() for each in page.locator(".card").all()]
    assert len({round(box["x"]) for box in boxes}) == 1 and all(box["width"] <= 320 for box in boxes)
    names = ("backgroundColor", "color")
    background, ink = (page.evaluate(f"() => getComputedStyle(document.body).{name}") for name in names)
    light = [sum(map(int, colour[4:-1].split(","))) for colour in (background, ink)]
    assert (light[0] < light[1]) == (scheme == "dark")


def test_each_control_has_a_name(opened):
    page = opened()
    page.click("[data-example] >> nth=0")
    page.wait_for_selector(".card")
    for control in page.locator("button:visible, input").all():
        name = control.evaluate("each => each.ariaLabel || each.textContent || each.labels?.[0]?.textContent")
        assert name and name.strip(), control
    for image in page.locator("img:visible").all():
        assert image.get_attribute("alt") is not None
    assert page.locator("h1").count() == 1 and page.locator("html").get_attribute("lang") == "en"
