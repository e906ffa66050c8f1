// The map: attaches to [data-map], whose data- attributes name the data and hold the words. Leaflet is window.L,
// a classic script; the page works without any of this.
import { basemap } from "./basemap.js";
import { arrange } from "./circles.js";
import { frame } from "./frame.js";
import { label } from "./labels.js";
import { placeCard } from "./place-card.js";

const SMALL_SCREEN = 600; // pixels of map width below which circles and names are fewer
const NEAR = 28; // pixels from a tap to the city that was meant

const json = async (url) => {
  const reply = await fetch(url);
  if (!reply.ok) throw new Error(`${url}: ${reply.status}`);
  return reply.json();
};

function colours() {
  const style = getComputedStyle(document.documentElement);
  return Object.fromEntries(["land", "coast", "region", "border", "accent"].map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
}

async function start(box) {
  const { L } = window;
  const [cities, tally] = await Promise.all([json(box.dataset.cities), json(box.dataset.tally)]);
  const language = document.documentElement.lang;
  const names = cities[language] ?? cities.en;
  const format = new Intl.NumberFormat(language);
  const number = (count) => (count == null ? box.dataset.few : format.format(count));
  const short = (count) => box.dataset.thousands.replace("{n}", format.format(Math.round(count / 1000)));
  // East of 169° W the map goes on to the right of Chukotka, as the base map does.
  const spots = cities.id.map((_, index) => L.latLng(cities.lat[index], cities.lng[index] < -169 ? cities.lng[index] + 360 : cities.lng[index]));
  let counts = tally.cities;
  let circles = [];

  box.replaceChildren();
  const map = L.map(box, {
    attributionControl: false, // the page's footer has the credits
    zoomControl: false,
    zoomSnap: 0.5,
    minZoom: 2,
    maxZoom: 10,
    maxBounds: [[-60, -169], [84, 191]],
    maxBoundsViscosity: 0.8,
    renderer: L.canvas({ padding: 0.3 }),
  });
  const zoom = L.control.zoom({ position: "bottomright", zoomInTitle: box.dataset.zoomIn, zoomOutTitle: box.dataset.zoomOut }).addTo(map);
  frame(map, cities, spots, counts, map.getSize().x < SMALL_SCREEN);

  const land = basemap({ coarse: box.dataset.basemap, fine: box.dataset.basemapFine }, colours).addTo(map);
  const namesPane = map.createPane("names");
  namesPane.classList.add("city-labels");
  namesPane.setAttribute("aria-hidden", "true"); // the table says the same
  namesPane.style.zIndex = 450; // over the circles, under tooltips
  namesPane.style.pointerEvents = "none";

  const card = placeCard(map, { cities, names, spots, number, language, counts: () => counts, url: box.dataset.city, close: box.dataset.close });
  const drawn = new Map(); // index → its marker, kept from draw to draw so that an open tooltip stays

  function marker(index) {
    const made = L.circleMarker(spots[index], { weight: 1, fillOpacity: 0.78 }).addTo(map);
    made.bindTooltip(() => document.createTextNode(`${names[index]}: ${number(counts[index])}`), { direction: "top" });
    made.on("click", (event) => {
      L.DomEvent.stopPropagation(event);
      card.open(index);
    });
    return made;
  }

  function draw() {
    const small = map.getSize().x < SMALL_SCREEN;
    circles = arrange(counts, (index) => map.latLngToLayerPoint(spots[index]), small ? 31 : 44);
    const kept = new Set(circles.map(({ index }) => index));
    for (const [index, old] of drawn) if (!kept.has(index)) (old.remove(), drawn.delete(index));
    const { accent, land: ring } = colours();
    for (const { index, radius } of circles) {
      if (!drawn.has(index)) drawn.set(index, marker(index));
      drawn.get(index).setStyle({ radius, color: ring, fillColor: accent }).bringToFront();
    }
    write();
  }

  function write() {
    const corner = map.containerPointToLayerPoint([0, 0]);
    const { x, y } = map.getSize();
    const view = { left: corner.x, top: corner.y, right: corner.x + x, bottom: corner.y + y };
    const { offsetWidth, offsetHeight } = zoom.getContainer();
    const reserved = [{ ...view, left: view.right - offsetWidth - 16, top: view.bottom - offsetHeight - 16 }];
    label(namesPane, circles, { view, reserved, most: x < SMALL_SCREEN ? 14 : 36, name: (index) => names[index], number, short });
  }

  map.on("zoomend resize", draw);
  map.on("moveend", write);
  map.on("click", ({ layerPoint }) => {
    const distance = (index) => map.latLngToLayerPoint(spots[index]).distanceTo(layerPoint);
    const nearest = spots.reduce((best, _, index) => (distance(index) < distance(best) ? index : best), 0);
    if (distance(nearest) < NEAR) card.open(nearest);
  });
  document.addEventListener("tally", ({ detail }) => {
    if (detail.cities_version !== cities.version) return; // another list of cities: the next page load has it
    counts = detail.cities;
    draw();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    land.redraw();
    draw();
  });
  new ResizeObserver(() => map.invalidateSize({ animate: false })).observe(box);
  draw();
}

// On a phone the map lies below the form: its data is fetched when it is about to be seen.
const soon = new IntersectionObserver(
  (entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      soon.unobserve(target);
      start(target).catch(() => {}); // the words and the link to the table stay in its place
    }
  },
  { rootMargin: "300px" },
);
for (const box of document.querySelectorAll("[data-map]")) soon.observe(box);
