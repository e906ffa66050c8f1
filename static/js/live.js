// Keeps the numbers current: polls the tally that [data-tally] names and tells the page by the event "tally".
// The server says how often; a hidden page does not ask.
const FIRST_WAIT = 10; // seconds, until the server has said its own
const LONGEST_WAIT = 300;

function follow(region) {
  const language = document.documentElement.lang;
  const number = new Intl.NumberFormat(language);
  const moment = new Intl.DateTimeFormat(language, { day: "numeric", month: "long", hour: "2-digit", minute: "2-digit", timeZoneName: "short" });
  let wait = FIRST_WAIT;
  let failures = 0;
  let timer = null;
  let asking = false;
  let agreed = false; // page and tally have once said the same status

  const each = (name, change) => document.querySelectorAll(`[data-live="${name}"]`).forEach(change);

  function show(tally) {
    each("confirmed", (place) => (place.textContent = number.format(tally.confirmed)));
    each("removed", (place) => (place.textContent = number.format(tally.removed)));
    each("progress", (bar) => ((bar.max = tally.threshold), (bar.value = Math.min(tally.confirmed, tally.threshold))));
    each("counted-at", (time) => {
      time.dateTime = tally.counted_at;
      time.textContent = moment.format(new Date(tally.counted_at));
    });
    document.dispatchEvent(new CustomEvent("tally", { detail: tally }));
  }

  /** The rally has moved on, so the page says other things now. Nobody loses what they were typing. */
  function turn() {
    const typing = [...document.querySelectorAll("[data-pledge] :is([type=text], [type=email])")].some((field) => field.value !== field.defaultValue);
    const reloaded = performance.getEntriesByType("navigation")[0]?.type === "reload";
    if (!typing && (agreed || !reloaded)) {
      // Not everybody in the same second.
      setTimeout(() => location.reload(), Math.random() * 1000 * wait);
      return;
    }
    // Reloaded already and still the old page: a cache lags behind, and a loop would not help it.
    region.querySelector("[data-news]").hidden = false;
    plan();
  }

  async function ask() {
    if (asking || document.hidden) return;
    asking = true;
    try {
      const reply = await fetch(region.dataset.tally);
      if (!reply.ok) throw new Error(reply.status);
      const tally = await reply.json();
      failures = 0;
      wait = tally.poll_after || FIRST_WAIT;
      show(tally);
      if (tally.status !== region.dataset.status) return turn();
      agreed = true;
      plan();
    } catch {
      failures += 1;
      plan();
    } finally {
      asking = false;
    }
  }

  function plan() {
    clearTimeout(timer);
    const seconds = Math.min(wait * 2 ** failures, Math.max(wait, LONGEST_WAIT));
    timer = setTimeout(ask, seconds * 1000 * (0.9 + Math.random() / 5));
  }

  document.addEventListener("visibilitychange", () => (document.hidden ? clearTimeout(timer) : ask()));
  ask();
}

const region = document.querySelector("[data-tally][data-status]");
if (region) follow(region);
