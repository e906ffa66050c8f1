// The circles in view as buttons, biggest first, for whoever uses no pointer: one stop of the Tab key, arrows from circle
// to circle, Enter opens. A button shows itself, and a ring on the map, while it has the focus.

export function circleList(list, { onFocus, onBlur, onPress }) {
  const buttons = () => [...list.querySelectorAll("button")];

  function move(to) {
    const all = buttons();
    const next = all[Math.max(0, Math.min(all.length - 1, to))];
    for (const button of all) button.tabIndex = button === next ? 0 : -1;
    next?.focus();
  }

  list.addEventListener("keydown", (event) => {
    const all = buttons();
    const at = all.indexOf(document.activeElement);
    const to = { ArrowDown: at + 1, ArrowRight: at + 1, ArrowUp: at - 1, ArrowLeft: at - 1, Home: 0, End: all.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    move(to);
  });
  list.addEventListener("focusout", onBlur);

  function item({ key, kind, text }, at) {
    const button = Object.assign(document.createElement("button"), { type: "button", className: "second", textContent: text, tabIndex: at ? -1 : 0 });
    button.addEventListener("focus", () => onFocus(kind, key));
    button.addEventListener("click", () => onPress(kind, key));
    button.dataset.circle = `${kind} ${key}`;
    const made = document.createElement("li");
    made.append(button);
    return made;
  }

  return {
    /** What is in view now; while somebody goes through the list it keeps its order, and only the words change. */
    show(circles) {
      if (!list.contains(document.activeElement)) return list.replaceChildren(...circles.map(item));
      const texts = new Map(circles.map(({ kind, key, text }) => [`${kind} ${key}`, text]));
      for (const button of buttons()) button.textContent = texts.get(button.dataset.circle) ?? button.textContent;
    },
  };
}
