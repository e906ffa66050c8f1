// Offers names while one types in a [data-combobox] field (the WAI-ARIA combobox with a list) and fills the hidden
// id beside it. Without it the typed name goes to the server, which finds the place or asks back.
const PAUSE = 150; // milliseconds without a key before asking
const SHORTEST = 2;

function attach(box) {
  const input = box.querySelector("input[type=text]");
  const hidden = box.querySelector("input[type=hidden]");
  const place = box.querySelector("[data-place]");
  const said = box.querySelector("[data-said]");
  const hint = place.textContent;
  const list = Object.assign(document.createElement("ul"), { className: "options", id: `${input.id}_options`, role: "listbox", hidden: true });
  let found = [];
  let active = -1;
  let timer = null;
  let request = null;

  list.setAttribute("aria-labelledby", box.querySelector("label").id ||= `${input.id}_label`);
  for (const [name, value] of Object.entries({ role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": list.id })) {
    input.setAttribute(name, value);
  }
  box.append(list);

  const where = ({ name, region, country_name: country }) => [region === name ? "" : region, country].filter(Boolean).join(", ");

  function show(open) {
    list.hidden = !open;
    input.setAttribute("aria-expanded", String(open));
    if (!open) point(-1);
  }

  function point(index) {
    active = index;
    [...list.children].forEach((option, at) => option.setAttribute("aria-selected", String(at === index)));
    if (index < 0) return input.removeAttribute("aria-activedescendant");
    input.setAttribute("aria-activedescendant", list.children[index].id);
    list.children[index].scrollIntoView({ block: "nearest" });
  }

  function offer(cities) {
    found = cities;
    list.replaceChildren(...cities.map(option));
    said.textContent = cities.length ? box.dataset.found.replace("{n}", cities.length) : box.dataset.none;
    show(cities.length > 0 && document.activeElement === input); // a late answer must not cover what comes after
  }

  function option(city, index) {
    const item = Object.assign(document.createElement("li"), { id: `${list.id}_${index}`, role: "option", textContent: city.name });
    item.setAttribute("aria-selected", "false");
    item.append(Object.assign(document.createElement("span"), { className: "quiet", textContent: where(city) }));
    item.addEventListener("click", () => choose(city));
    return item;
  }

  function choose(city) {
    input.value = city.name;
    hidden.value = city.id;
    hidden.disabled = false;
    document.querySelector("[data-choices]")?.remove(); // the server's question is answered
    place.textContent = where(city) || hint;
    input.removeAttribute("aria-invalid");
    forget();
    show(false);
  }

  function forget() {
    clearTimeout(timer);
    request?.abort();
  }

  async function ask(words) {
    request = new AbortController();
    const query = new URLSearchParams({ q: words, lang: document.documentElement.lang });
    try {
      const reply = await fetch(`${box.dataset.combobox}?${query}`, { signal: request.signal });
      if (reply.ok) offer((await reply.json()).cities);
    } catch {
      show(false); // away, or asked again since: the field still works by itself
    }
  }

  input.addEventListener("input", () => {
    forget();
    hidden.value = "";
    place.textContent = hint;
    const words = input.value.trim();
    if (words.length < SHORTEST) return show(false);
    timer = setTimeout(ask, PAUSE, words);
  });

  input.addEventListener("keydown", (event) => {
    const open = !list.hidden;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && found.length) {
      if (!open) show(true);
      point((active + step + found.length + (active < 0 && step < 0 ? 1 : 0)) % found.length);
    } else if (event.key === "Enter" && open && active >= 0) choose(found[active]);
    else if (event.key === "Escape" && open) show(false);
    else return;
    event.preventDefault();
  });
  input.addEventListener("blur", () => {
    forget();
    show(false);
  });
  list.addEventListener("pointerdown", (event) => event.preventDefault()); // keeps the focus in the field

  document.addEventListener("place", ({ detail }) => {
    choose(detail);
    const next = box.closest("form").querySelector("input[type=email]") ?? input;
    next.focus();
  });
}

document.querySelectorAll("[data-combobox]").forEach(attach);
