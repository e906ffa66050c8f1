// The circles themselves: Leaflet's markers on one canvas, kept from draw to draw, so that a change of numbers moves only
// what changed. Regions lie beneath, as broken rings; a thin ring around a city says that more lies under it.
import { still } from "./theme.js";

const GROWING = 500; // milliseconds

/** `open(kind, key)` is called for a press, `words(kind, key)` answers what a pointer is told, as a node. */
export function marks(map, colours, { open, words }) {
  const { L } = window;
  const kept = { region: new Map(), ring: new Map(), city: new Map() };
  const rings = {}; // around what is chosen and what has the focus
  let frame = 0;

  function add(kind, key, spot) {
    const made = L.circleMarker(spot, { radius: 0.1, interactive: kind !== "ring" }).addTo(map);
    if (kind === "ring") return made;
    made.bindTooltip(() => words(kind, key), { direction: "top", className: "map-tip" });
    return made.on("click", (event) => {
      L.DomEvent.stopPropagation(event);
      open(kind, key);
    });
  }

  function styles(now) {
    return {
      region: { color: now.accent, weight: 1.25, dashArray: "3 3", fillColor: now.accent, fillOpacity: 0.1, opacity: 0.85 },
      ring: { color: now.accent, weight: 1, fill: false, opacity: 0.55 },
      city: { color: now.land, weight: 0.8, fillColor: now.accent, fillOpacity: 0.82 },
    };
  }

  /** Everything of one kind, as [{key, spot, radius}] from the lowest to the uppermost. */
  function put(kind, wanted, style) {
    const here = kept[kind];
    const keys = new Set(wanted.map(({ key }) => key));
    for (const [key, old] of here) if (!keys.has(key)) (old.remove(), here.delete(key));
    return wanted.map(({ key, spot, radius }) => {
      if (!here.has(key)) here.set(key, add(kind, key, spot).setStyle(style));
      const mark = here.get(key);
      if (kind === "region") mark.setLatLng(spot);
      return { mark: mark.bringToFront(), radius };
    });
  }

  function grow(all, smoothly) {
    cancelAnimationFrame(frame);
    const moving = all.filter(({ mark, radius }) => Math.abs(mark.getRadius() - radius) > 0.05);
    const set = (share) => moving.forEach(({ mark, radius, from }) => mark.setRadius(from + (radius - from) * share));
    for (const one of moving) one.from = one.mark.getRadius();
    if (!smoothly || still()) return set(1);
    const started = performance.now();
    const step = (now) => {
      const share = Math.min(1, Math.max(0, now - started) / GROWING);
      set(1 - (1 - share) ** 3);
      if (share < 1) frame = requestAnimationFrame(step);
    };
    frame = requestAnimationFrame(step);
  }

  return {
    draw({ regions, cities, smoothly }) {
      const style = styles(colours());
      const around = cities.filter(({ under }) => under).map((city) => ({ ...city, radius: city.radius + 3 }));
      const kinds = { region: regions, ring: around, city: cities };
      grow(Object.keys(kinds).flatMap((kind) => put(kind, kinds[kind], style[kind])), smoothly);
      for (const ring of Object.values(rings)) ring?.bringToFront();
    },
    recolour() {
      const style = styles(colours());
      for (const kind of Object.keys(kept)) for (const mark of kept[kind].values()) mark.setStyle(style[kind]);
      for (const ring of Object.values(rings)) ring?.setStyle({ color: colours().ink });
    },
    /** A ring around a place, by what it is for; without a place, none. */
    ring(purpose, place) {
      rings[purpose]?.remove();
      rings[purpose] = place && L.circleMarker(place.spot, { radius: place.radius + 5, color: colours().ink, weight: purpose === "focus" ? 3 : 2, fill: false, interactive: false }).addTo(map);
    },
    radiusOf: (kind, key) => kept[kind].get(key)?.getRadius() ?? 4,
  };
}
