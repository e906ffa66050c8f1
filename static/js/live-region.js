// Keeps [data-live] showing what the server now renders at that address, asked each data-every seconds.
// A region that somebody is using is left alone until they are done, and one that did not change is not touched.
async function keepLive(region, shown = "") {
  const reply = document.hidden ? null : await fetch(region.dataset.live, { redirect: "manual" }).catch(() => null);
  if (reply?.type === "opaqueredirect") return location.reload(); // logged out meanwhile
  if (!document.hidden) region.toggleAttribute("data-stale", !reply?.ok);
  const text = reply?.ok ? await reply.text().catch(() => shown) : shown;
  const inUse = region.contains(document.activeElement) || region.matches(":active");
  if (text !== shown && !inUse) {
    region.innerHTML = text;
    shown = text;
  }
  setTimeout(keepLive, region.dataset.every * 1000 * (0.9 + Math.random() / 5), region, shown);
}
document.querySelectorAll("[data-live]").forEach((region) => keepLive(region));
