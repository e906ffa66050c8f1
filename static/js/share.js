// Buttons beside a [data-share-box] link: the device's own share sheet, and the clipboard, each where there is one.
function attach(box) {
  const { href } = box.querySelector("[data-share-link]");
  const sheet = box.querySelector("[data-share-sheet]");
  const copy = box.querySelector("[data-share-copy]");

  sheet.hidden = !navigator.share;
  sheet.addEventListener("click", () => navigator.share({ title: box.dataset.shareBox, url: href }).catch(() => {})); // thought better of it
  copy.hidden = !navigator.clipboard;
  copy.addEventListener("click", async () => {
    const copied = await navigator.clipboard.writeText(href).then(() => true, () => false);
    if (!copied) return (box.querySelector("[data-share-said]").textContent = href); // to be copied by hand
    box.querySelector("[data-share-said]").replaceChildren(box.querySelector("[data-share-copied]").content.cloneNode(true));
  });
}

const attachAll = () => document.querySelectorAll("[data-share-box]:not([data-shares])").forEach((box) => (box.toggleAttribute("data-shares", true), attach(box)));
attachAll();
document.addEventListener("renewed", attachAll);
