// Where the map stands: beside the page on a wide screen, from the moment it comes near; on a phone a picture that opens
// to a map over the whole screen. A <dialog> keeps the focus, and Escape or the back gesture closes it.
const WIDE = "(min-width: 52rem)"; // the layout's, as in site.css

/** Calls `start()` once the map is needed. Answers {close()}, for whoever leads back to the form. */
export function stage(box, start) {
  const [home, scene, dialog, opener] = ["home", "stage", "dialog", "open"].map((name) => box.querySelector(`[data-${name}]`));
  const wide = matchMedia(WIDE);

  function open() {
    dialog.append(scene);
    dialog.showModal();
    scene.classList.add("full");
    start();
  }

  // Not only "close": a browser may close a dialog by a gesture of its own.
  dialog.addEventListener("close", () => {
    scene.classList.remove("full");
    home.append(scene);
    opener.focus({ preventScroll: true });
  });
  scene.querySelector("[data-shut]").addEventListener("click", () => dialog.close());
  opener.addEventListener("click", open);
  opener.hidden = false;

  const soon = new IntersectionObserver(
    (entries) => {
      if (!wide.matches || !entries.some(({ isIntersecting }) => isIntersecting)) return;
      soon.disconnect();
      start();
    },
    { rootMargin: "300px" },
  );
  const turn = () => {
    if (!wide.matches) return;
    if (dialog.open) dialog.close();
    soon.observe(box);
  };
  wide.addEventListener("change", turn);
  turn();
  return { close: () => dialog.open && dialog.close() };
}
