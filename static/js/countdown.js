// Counts down to [data-countdown], a local date and time without a zone: the rally begins by everybody's own clock.
const UNITS = [["day", 86_400], ["hour", 3_600], ["minute", 60]];
const LEAST = 60; // seconds; below that there is nothing left to count

function words(seconds) {
  const language = document.documentElement.lang;
  const parts = [];
  for (const [unit, size] of UNITS) {
    const count = Math.floor(seconds / size);
    seconds -= count * size;
    if (count || parts.length) parts.push(new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "long" }).format(count));
  }
  return parts.join(" ");
}

function tick() {
  for (const place of document.querySelectorAll("[data-countdown]")) {
    const seconds = (new Date(place.dataset.countdown) - Date.now()) / 1000;
    const running = seconds >= LEAST;
    place.textContent = running ? words(seconds) : "";
    place.parentElement.querySelector("[data-countdown-note]").hidden = !running;
  }
}

tick();
setInterval(tick, 20_000);
document.addEventListener("renewed", tick);
