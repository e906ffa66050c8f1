// Keeps the page current: polls the tally that [data-tally] names, tells the page by the event "tally", and when the
// tally's edition is another one puts the server's newer words in place of [data-part]. The server says how often;
// a hidden page does not ask. There is no sentence here: all of them come from the server.
const FIRST_WAIT = 10; // seconds, until the server has said its own
const LONGEST_WAIT = 300;
const SAID_EVERY = 60_000; // milliseconds between two counts read aloud
const TWEEN = 700; // milliseconds in which a number grows
const PATIENCE = 15_000; // milliseconds for an answer: on a bad line one may never come

const language = document.documentElement.lang;
const number = new Intl.NumberFormat(language);
const moment = new Intl.DateTimeFormat(language, { day: "numeric", month: "long", hour: "2-digit", minute: "2-digit", timeZoneName: "short" });
const still = matchMedia("(prefers-reduced-motion: reduce)");
const each = (name, change) => document.querySelectorAll(`[data-live="${name}"]`).forEach(change);

/** The server is away or overloaded; anything else that goes wrong is a mistake of ours. */
class Away extends Error {}

async function fetched(url, read) {
  const reply = await fetch(url, { signal: AbortSignal.timeout(PATIENCE) }).catch(() => null);
  const content = reply?.ok ? await reply[read]().catch(() => null) : null;
  if (content === null) throw new Away(url);
  return content;
}

/** From what it shows to `target`, step by step; another call takes over from there. */
function grow(place, target) {
  const from = place.shown ?? target;
  const began = performance.now();
  place.target = target;
  const step = (time) => {
    if (place.target !== target) return;
    const share = still.matches ? 1 : Math.min(1, Math.max(0, (time - began) / TWEEN));
    place.shown = Math.round(from + (target - from) * (1 - (1 - share) ** 3));
    place.textContent = number.format(place.shown);
    place.style.setProperty("--signs", place.textContent.length); // the wall's figures fill its width
    if (share < 1) requestAnimationFrame(step);
  };
  step(began);
}

function show(tally) {
  each("confirmed", (place) => grow(place, tally.confirmed));
  each("removed", (place) => (place.textContent = number.format(tally.removed)));
  each("today", (place) => {
    place.textContent = number.format(tally.today);
    place.closest("[data-live-part]").hidden = tally.today <= 0 || tally.status === "over";
  });
  each("progress", (bar) => ((bar.max = tally.threshold), (bar.value = Math.min(tally.confirmed, tally.threshold))));
  each("counted-at", (time) => {
    if (new Date(tally.counted_at) < new Date(time.dateTime)) return; // an unchanged tally may come from a cache
    time.dateTime = tally.counted_at;
    time.textContent = moment.format(new Date(tally.counted_at));
  });
  document.dispatchEvent(new CustomEvent("tally", { detail: tally }));
}

/** The page as it is now in place of what it was. A form that stays is left alone, with all that was typed in it. */
async function renew(region) {
  const page = new DOMParser().parseFromString(await fetched(location.href, "text"), "text/html");
  const newer = page.querySelector("[data-tally][data-edition]");
  if (!newer || newer.dataset.edition === region.dataset.edition) return; // a cache lags behind: at the next poll again
  for (const part of document.querySelectorAll("[data-part]")) {
    const other = page.querySelector(`[data-part="${part.dataset.part}"]`);
    if (!other || (part.querySelector("form[data-pledge]") && other.querySelector("form[data-pledge]"))) continue;
    if (part.contains(document.activeElement)) return; // in use: at the next poll again
    part.replaceChildren(...other.childNodes);
  }
  region.dataset.edition = newer.dataset.edition;
  document.dispatchEvent(new CustomEvent("renewed"));
  say(region.querySelector("[data-promise]"));
}

let said = Date.now();
const say = (words) => {
  const place = document.querySelector("[data-live-said]");
  if (!place || !words) return;
  said = Date.now();
  place.textContent = words.textContent.trim().replace(/\s+/g, " ");
};

function follow(region) {
  let wait = FIRST_WAIT;
  let failures = 0;
  let timer = null;
  let asking = false;

  async function ask() {
    if (asking || document.hidden) return;
    asking = true;
    try {
      // The browser's cache asks with the ETag it has and answers from itself on 304.
      const tally = await fetched(region.dataset.tally, "json");
      wait = tally.poll_after || FIRST_WAIT;
      show(tally);
      if (region.dataset.edition && tally.edition !== region.dataset.edition) await renew(region);
      else if (Date.now() - said > SAID_EVERY) setTimeout(() => say(region.querySelector(".count-line")), 2 * TWEEN);
      failures = 0;
    } catch (error) {
      failures += 1; // asks less and less often
      if (!(error instanceof Away)) reportError(error);
    } finally {
      asking = false;
      plan();
    }
  }

  function plan() {
    clearTimeout(timer);
    const seconds = Math.min(wait * 2 ** failures, Math.max(wait, LONGEST_WAIT));
    timer = setTimeout(ask, seconds * 1000 * (0.9 + Math.random() / 5)); // not everybody in the same second
  }

  document.addEventListener("visibilitychange", () => (document.hidden ? clearTimeout(timer) : ask()));
  ask();
}

each("confirmed", (place) => (place.shown = Number(place.textContent.replace(/\D/g, ""))));
const region = document.querySelector("[data-tally]:not([data-map])");
if (region) follow(region);
