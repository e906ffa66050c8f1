// What opens on a place: its name, its own number, what lies under it, "I'll join here" and its page. The words are the
// <template>'s. It stands at the map's edge, where it hides no circle, and on a phone at the thumb.

/** Answers {open(place, options), close(), isOpen()}; `template()` answers it as it is now; `place` is what map-places.js says of one. */
export function placeCard(stage, template, { onOpen, onClose, onChoose, onApart, onOther }) {
  let card = null;
  let back = null; // what had the focus before

  function close() {
    if (!card) return;
    const hadFocus = card.contains(document.activeElement);
    card.remove();
    card = null;
    onClose();
    if (hadFocus) (back?.isConnected ? back : stage.querySelector("[data-canvas]")).focus({ preventScroll: true });
  }

  function fill(place, others) {
    const made = template().content.firstElementChild.cloneNode(true);
    const part = (name) => made.querySelector(`[data-${name}]`);
    const say = (name, words) => ((part(name).textContent = words ?? ""), (part(name).hidden = !words));
    for (const name of ["name", "region", "count", "share", "site", "under"]) say(name, place[name]);
    part("apart").hidden = !place.under;
    part("apart").addEventListener("click", () => onApart(place));
    part("close").addEventListener("click", close);
    for (const link of made.querySelectorAll("[data-link]")) place.url ? (link.href = place.url) : link.remove();
    const choose = part("choose");
    if (!place.detail) choose?.remove();
    choose?.addEventListener("click", () => (close(), onChoose(place)));
    part("others").hidden = !others.length;
    part("others").append(...others.map(otherButton));
    return made;
  }

  function otherButton({ name, index }) {
    const button = Object.assign(document.createElement("button"), { type: "button", className: "second", textContent: name });
    button.addEventListener("click", () => onOther(index));
    return button;
  }

  return {
    close,
    isOpen: () => card !== null,
    place: () => card?.place,
    open(place, { others = [], focus = false } = {}) {
      const focused = card?.contains(document.activeElement);
      if (!card) back = document.activeElement;
      card?.remove();
      card = fill(place, others);
      card.place = place;
      stage.querySelector("[data-card-here]").after(card);
      onOpen(place, card);
      if (focus || focused) card.focus({ preventScroll: true });
    },
    /** New numbers for what is open. */
    refresh(place) {
      if (!card) return;
      for (const name of ["count", "share", "under"]) {
        const part = card.querySelector(`[data-${name}]`);
        part.textContent = place[name] ?? "";
        part.hidden = !place[name];
      }
      card.querySelector("[data-apart]").hidden = !place.under;
      card.place = place;
    },
  };
}
