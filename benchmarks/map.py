"""The map in Chromium, with 500,000 people in 1,500 cities: `python benchmarks/map.py [--runs N]`.

Starts `manage.py up` in a temporary folder; the tally is invented here and handed to the browser in place of the
server's. Chromium must be installed. Stops what it started and leaves nothing behind.
"""

import argparse
import gzip
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, Route, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
PORT, CONSOLE_PORT = 8120, 8121
URL = f"http://127.0.0.1:{PORT}"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
CITIES, PEOPLE, SLUG = 1_500, 500_000, "bench"
UPDATE = """tally => new Promise(done => {
  const started = performance.now();
  document.dispatchEvent(new CustomEvent("tally", { detail: tally }));
  const script = performance.now() - started;
  requestAnimationFrame(() => setTimeout(() => done([script, performance.now() - started])));
})"""
FRAMES = """() => new Promise(done => {
  const gaps = []; let last = performance.now(); const end = last + 1500;
  const step = now => { gaps.push(now - last); last = now; now < end ? requestAnimationFrame(step) : done(gaps); };
  requestAnimationFrame(step);
})"""
READY = """() => performance.getEntriesByType("navigation")[0].domInteractive"""


@contextmanager
def site() -> Iterator[None]:
    with tempfile.TemporaryDirectory(prefix="map-bench-") as state:
        names = {"DATABASE_URL", "REDIS_URL", "EMAIL_URLS"}
        env = {key: value for key, value in os.environ.items() if key not in names} | {"RALLYREG_STATE_DIR": state}
        manage = [sys.executable, "manage.py"]
        ports = ["--port", str(PORT), "--console-port", str(CONSOLE_PORT)]
        with (Path(state) / "up.out").open("wb") as out:
            up = subprocess.Popen([*manage, "up", *ports, "--empty"], cwd=ROOT, env=env, stdout=out, stderr=out)
        try:
            wait_for(lambda: "Ctrl-C" in (Path(state) / "up.out").read_text(), up)
            titles = ["--title-en", "Bench", "--title-ru", "Замер", "--threshold", str(PEOPLE), "--open"]
            subprocess.run([*manage, "create_rally", "--slug", SLUG, *titles], cwd=ROOT, env=env, check=True)
            time.sleep(3)
            yield
        finally:
            up.send_signal(signal.SIGINT)
            up.wait(60)


def wait_for(holds: Any, up: "subprocess.Popen[bytes]") -> None:
    for _ in range(180):
        if holds():
            return
        if up.poll() is not None:
            break
        time.sleep(0.5)
    raise SystemExit("the site did not start")


def read(path: str) -> Any:
    with urllib.request.urlopen(f"{URL}{path}") as reply:  # noqa: S310
        return json.load(reply)


def crowded(tally: dict[str, Any], population: list[int]) -> dict[str, Any]:
    """As many people as residents have it, in the largest cities; the rest have too few to show."""
    largest = sorted(range(len(population)), key=lambda index: -population[index])[:CITIES]
    weight = {index: max(population[index], 5_000) for index in largest}
    total = sum(weight.values())
    counts = [max(20, PEOPLE * weight[index] // total) if index in weight else None for index in range(len(population))]
    return tally | {"cities": counts, "confirmed": PEOPLE}


def opened(browser: Browser, tally: dict[str, Any], slow: int = 1) -> tuple[Page, float]:
    """The rally page with the map drawn, and the milliseconds from the request until the map could be used."""
    page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()

    def answer(route: Route) -> None:
        route.fulfill(body=json.dumps(tally), content_type="application/json")

    page.route("**/tally.json", answer)
    if slow > 1:
        page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": slow})
    page.goto(f"{URL}/en/{SLUG}/", wait_until="commit")
    page.wait_for_selector(".city-label")
    taken = page.evaluate("performance.now()")
    return page, float(taken)


def panning(page: Page) -> float:
    """The 95th percentile of the frames while the map is dragged."""
    box = page.locator("[data-canvas]").bounding_box()
    if box is None:
        raise SystemExit("no map is drawn")
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.evaluate(f"window.frames_ = ({FRAMES})()")
    page.mouse.move(x, y)
    page.mouse.down()
    for step in range(60):
        page.mouse.move(x - step * 5, y - step * 2)
    page.mouse.up()
    gaps = page.evaluate("window.frames_")
    return float(statistics.quantiles(gaps, n=20)[18])


def measured(runs: int) -> list[tuple[str, str, str]]:
    cities = read(f"/api/v1/{SLUG}/cities.json")
    tally = crowded(read(f"/api/v1/{SLUG}/tally.json"), cities["population"])
    packed = len(gzip.compress(json.dumps(tally, separators=(",", ":")).encode(), 9, mtime=0))
    counts = len(gzip.compress(json.dumps(tally["cities"], separators=(",", ":")).encode(), 9, mtime=0))
    firsts, scripts, updates, pans, readies, domains = [], [], [], [], [], []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        for run in range(runs):
            page, _ = opened(browser, tally)
            page.wait_for_timeout(1500)
            for turn in range(6):
                more = [count and count + 1 + (index + run + turn) % 40 for index, count in enumerate(tally["cities"])]
                script, update = page.evaluate(UPDATE, tally | {"cities": more})
                (scripts if turn else firsts).append(script)
                updates.append(update)
                page.wait_for_timeout(700)
            pans.append(panning(page))
            page.context.close()
            page, ready = opened(browser, tally, slow=4)
            readies.append(ready)
            domains.append(float(page.evaluate(READY)))
            page.context.close()
        browser.close()
    middle = statistics.median
    return [
        (f"tally.json, {CITIES:,} cities, gzip", f"{packed:,} bytes (the counts {counts:,})", "2,500"),
        ("first update, script alone", f"{middle(firsts):.1f} ms", ""),
        ("later updates, script alone", f"{middle(scripts):.1f} ms", "30 ms"),
        ("update, until the next frame is done", f"{middle(updates):.1f} ms", ""),
        ("pan, 95th percentile of a frame", f"{middle(pans):.1f} ms", "34 ms"),
        ("form usable (DOM interactive), CPU 4 times slower", f"{middle(domains):,.0f} ms", "3,000 ms"),
        ("map drawn with names, CPU 4 times slower", f"{middle(readies):,.0f} ms", "3,000 ms"),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    with site():
        rows = measured(parser.parse_args().runs)
    print(f"{'what':52}{'measured':>34}{'at most':>12}")
    for what, value, limit in rows:
        print(f"{what:52}{value:>34}{limit:>12}")


if __name__ == "__main__":
    main()
