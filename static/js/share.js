// A button beside a [data-share] link: the device's own share sheet where there is one, else the clipboard.
for (const box of document.querySelectorAll("[data-share]")) {
  const button = box.querySelector("button");
  const { href } = box.querySelector("a");
  button.hidden = !navigator.share && !navigator.clipboard;
  button.addEventListener("click", async () => {
    if (navigator.share) return navigator.share({ title: box.dataset.share, url: href }).catch(() => {}); // thought better of it
    await navigator.clipboard.writeText(href);
    box.querySelector("[role=status]").textContent = box.dataset.shared;
  });
}
