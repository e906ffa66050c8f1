// Says beside the e-mail field what an address at that provider means. The lists are data, the words the template's;
// nothing is sent anywhere and nobody is stopped.
async function attach(box) {
  const input = box.querySelector("input[type=email]");
  const lists = fetch(box.dataset.advice).then((reply) => (reply.ok ? reply.json() : {}), () => ({}));

  async function advise() {
    const domain = input.value.trim().toLowerCase().split("@")[1] ?? "";
    const known = await lists;
    for (const advice of box.querySelectorAll("[data-advice-for]")) {
      advice.hidden = !(known[advice.dataset.adviceFor] ?? []).some((one) => domain === one || (one[0] === "." && domain.endsWith(one)));
    }
  }
  input.addEventListener("change", advise);
  input.addEventListener("input", () => box.querySelector("[data-advice-for]:not([hidden])") && advise());
  if (input.value) advise();
}

document.addEventListener(
  "focusin",
  ({ target }) => {
    const box = target.closest?.("[data-advice]");
    if (!box || box.hasAttribute("data-advised")) return;
    box.setAttribute("data-advised", "");
    attach(box);
  },
  { passive: true },
);
