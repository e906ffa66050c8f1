// Offers names while one types in a [data-combobox] field (the WAI-ARIA combobox with a list) and fills the hidden id
// beside it. Listed places are searched here; only for others the server is asked. Without any of this the typed name
// goes to the server, which finds the place or asks back.
import { fill, whereabouts } from "./options.js";

const PAUSE = { surely: 250, perhaps: 700 }; // milliseconds without a key before the server is asked
const SHORTEST_ASKED = 2; // letters, where every answer comes from the server
const PATIENCE = 8000; // milliseconds for the index to come
const ROOM = 190; // pixels for the list, about three options; with less the field moves up

function attach(box) {
  const input = box.querySelector("input[type=text]");
  const hidden = box.querySelector("input[name=city]");
  const place = box.querySelector("[data-place]");
  const said = box.querySelector("[data-said]");
  const words = box.dataset;
  const language = document.documentElement.lang;
  const list = Object.assign(document.createElement("div"), { className: "options", id: `${input.id}_options`, role: "listbox", hidden: true });
  let options = [];
  let active = -1;
  let timer = null;
  let request = null;
  let turn = 0; // counts what was typed or chosen, so that late answers are dropped
  let index = null; // a promise of the places, null inside where they could not be had

  list.setAttribute("aria-labelledby", box.querySelector("label").id ||= `${input.id}_label`);
  for (const [name, value] of Object.entries({ role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": list.id })) {
    input.setAttribute(name, value);
  }
  box.append(list);

  async function load() {
    try {
      const { placeIndex } = await import("./places.js"); // not before somebody turns to the field
      const reply = await fetch(words.index, { signal: AbortSignal.timeout(PATIENCE) });
      return reply.ok ? placeIndex(await reply.json(), { language, home: words.home }) : null;
    } catch (error) {
      if (error instanceof TypeError || error instanceof DOMException) return null; // the network: the server's search is left
      throw error;
    }
  }

  // The list.

  function show(open) {
    list.hidden = !open;
    input.setAttribute("aria-expanded", String(open));
    if (open) fit();
    else point(-1);
  }

  /** Keeps the list within what the phone's keyboard leaves. */
  function fit() {
    if (list.hidden) return;
    const view = window.visualViewport;
    const room = () => view.offsetTop + view.height - input.getBoundingClientRect().bottom - 12;
    if (room() < ROOM) box.scrollIntoView({ block: "start" });
    list.style.maxHeight = `${Math.max(ROOM / 2, Math.min(room(), 420))}px`;
  }

  function point(at) {
    options[active]?.element.setAttribute("aria-selected", "false");
    active = at;
    if (at < 0) return input.removeAttribute("aria-activedescendant");
    const { element } = options[at];
    element.setAttribute("aria-selected", "true");
    input.setAttribute("aria-activedescendant", element.id);
    element.scrollIntoView({ block: "nearest" });
  }

  function offer(found) {
    point(-1);
    options = fill(list, found, { words, home: words.home, choose });
    const unlisted = [...list.querySelectorAll(".options-heading")].map((heading) => heading.textContent);
    said.textContent = options.length ? [...unlisted, words.found.replace("{n}", options.length)].join(" ") : words.none;
    show(options.length > 0 && document.activeElement === input); // a late answer must not cover what comes after
  }

  // What was chosen.

  function choose({ city, region }) {
    forget();
    input.value = city?.name ?? region.name;
    hidden.value = city?.id ?? "";
    hidden.disabled = false;
    setRegion(region?.code ?? "");
    box.closest("form").querySelector("[data-choices]")?.remove(); // the server's question is answered
    place.textContent = (city && whereabouts(city, words.home)) || place.dataset.place;
    input.removeAttribute("aria-invalid");
    show(false);
    said.textContent = [input.value, city && whereabouts(city, words.home)].filter(Boolean).join(", ");
    if (city?.lat !== undefined) {
      const { id, name, lat, lng } = city;
      document.dispatchEvent(new CustomEvent("place-chosen", { detail: { id, name, lat, lng } }));
    }
  }

  /** Into the select that the server offers, or the hidden field where it offers none. */
  function setRegion(code) {
    const field = box.closest("form").querySelector("[name=region]");
    field.value = code;
    if (field.type === "hidden") field.disabled = !code;
  }

  function forget() {
    turn += 1;
    clearTimeout(timer);
    request?.abort();
  }

  // The search.

  async function search() {
    const mine = turn;
    const typed = input.value.trim();
    if (!typed) return show(false);
    const places = await (index ??= load());
    if (mine !== turn) return;
    if (!places) {
      if (typed.length < SHORTEST_ASKED) return show(false);
      timer = setTimeout(ask, PAUSE.surely, typed, null);
      return;
    }
    const cities = places.search(typed);
    const doubt = places.doubt(typed);
    // What is only like it waits for the server, which may know a village of this very name.
    if (doubt !== "surely" || cities.length) offer({ cities, villages: [] });
    if (doubt !== "no") timer = setTimeout(ask, PAUSE[doubt], typed, { cities, villagesFirst: doubt === "surely" });
  }

  async function ask(typed, known) {
    request = new AbortController();
    const mine = turn;
    const query = new URLSearchParams({ q: typed, lang: language, home: words.home });
    let answer = null;
    try {
      const reply = await fetch(`${words.combobox}?${query}`, { signal: request.signal });
      if (reply.ok) answer = await reply.json();
    } catch (error) {
      if (!(error instanceof TypeError || error instanceof DOMException)) throw error;
    }
    if (mine !== turn) return; // asked again since
    const { cities, villagesFirst } = known ?? { cities: answer?.cities ?? [], villagesFirst: Boolean(answer?.villages) };
    const villages = answer?.villages ?? [];
    if (!answer && !cities.length) show(false); // away: the field still works by itself
    else if (!known || villages.length || !cities.length) offer({ cities, villages, villagesFirst });
  }

  input.addEventListener("focus", () => {
    // What could not be had is asked for anew.
    index = index ? index.then((places) => places ?? load()) : load();
  });
  input.addEventListener("input", () => {
    forget();
    hidden.value = "";
    setRegion("");
    place.textContent = place.dataset.place;
    search();
  });

  input.addEventListener("keydown", (event) => {
    const open = !list.hidden;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.isComposing) return;
    if (step && event.altKey) show(step > 0 && options.length > 0);
    else if (step && options.length) {
      if (!open) show(true);
      point((active + step + options.length + (active < 0 && step < 0 ? 1 : 0)) % options.length);
    } else if (event.key === "Enter" && open && active >= 0) choose(options[active]);
    else if (event.key === "Escape" && open) show(false);
    else if (event.key === "Escape" && input.value) {
      input.value = "";
      input.dispatchEvent(new Event("input"));
    } else {
      if (event.key === "Home" || event.key === "End") point(-1); // back to the text, where the cursor moves
      return;
    }
    event.preventDefault();
  });
  input.addEventListener("blur", () => {
    forget();
    show(false);
  });
  list.addEventListener("pointerdown", (event) => event.preventDefault()); // keeps the focus in the field
  window.visualViewport.addEventListener("resize", fit);

  document.addEventListener("place", async ({ detail }) => {
    if (!box.isConnected) return; // the page was renewed
    choose({ city: { ...detail, country: words.home } }); // at once
    (box.closest("form").querySelector("input[type=email]") ?? input).focus();
    const full = (await (index ??= load()))?.byId(detail.id);
    if (full && hidden.value === String(detail.id)) place.textContent = whereabouts(full, words.home);
  });
}

const attachAll = () => document.querySelectorAll("[data-combobox]:not(:has([role=combobox]))").forEach(attach);
attachAll();
document.addEventListener("renewed", attachAll);
