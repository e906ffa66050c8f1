// The style sheet's colours for what is drawn on canvas, and when they change.
const NAMES = ["land", "coast", "region", "border", "accent", "ink"];
// Where the reader has chosen the colours, the canvas keeps to them too.
const FORCED = { land: "Canvas", coast: "CanvasText", region: "GrayText", border: "CanvasText", accent: "Highlight", ink: "CanvasText" };
const QUERIES = ["(prefers-color-scheme: dark)", "(forced-colors: active)", "(prefers-contrast: more)"];

export function colours() {
  if (matchMedia("(forced-colors: active)").matches) return FORCED;
  const style = getComputedStyle(document.documentElement);
  return Object.fromEntries(NAMES.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
}

export function onColours(change) {
  for (const query of QUERIES) matchMedia(query).addEventListener("change", change);
}

export const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
