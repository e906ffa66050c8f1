// The map: attaches to [data-map], whose data- attributes and templates name the data and hold the words. Leaflet is
// window.L, a classic script that is fetched when the map is needed; the page works without any of this.
import { assets, citiesOf, json, sitesOf, Unreachable } from "./assets.js";
import { basemap } from "./basemap.js";
import { circleList } from "./circle-list.js";
import { arrange, arrangeRegions, partingZoom } from "./circles.js";
import { label } from "./labels.js";
import { marks } from "./marks.js";
import { nearest, position } from "./near.js";
import { placeCard } from "./place-card.js";
import { placesOf } from "./map-places.js";
import { stage } from "./stage.js";
import { colours, onColours, still } from "./theme.js";
import { openView } from "./view.js";
import { wording } from "./words.js";

const SMALL_SCREEN = 600; // pixels of map width below which circles and names are fewer
const FINGER = 10; // pixels beside a circle that still mean it
const RETRY = 30_000; // milliseconds until a map that could not be fetched is tried again
const LISTED = 40; // circles that the keyboard walks through

/** The land: the operator's own tiles or archive, else ours. */
function ground(L, config, { basemap: coarse, basemapFar: far, basemapFine: fine }) {
  if (config.tiles.length) return L.layerGroup(config.tiles.map(({ url, options }) => L.tileLayer(url, { ...options, maxZoom: config.maxZoom })));
  if (config.pmtiles) return window.protomapsL.leafletLayer({ url: config.pmtiles, attribution: config.attribution, flavor: matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light", lang: document.documentElement.lang });
  return basemap({ coarse, far, fine }, colours, config.disputed);
}

function draw(state) {
  const { map, view, shown, places } = state;
  const largest = map.getSize().x < SMALL_SCREEN ? 31 : 44;
  const at = (spot) => map.latLngToLayerPoint(spot);
  state.circles = arrange(state.counts, (index) => at(view.spots[index]), largest);
  state.regions = arrangeRegions(places.others(state.others), at, state.circles, largest);
  state.byIndex = new Map(state.circles.map((circle) => [circle.index, circle]));
  shown.draw({
    regions: state.regions.map(({ key, point, radius }) => ({ key, radius, spot: map.layerPointToLatLng(point) })),
    cities: state.circles.map(({ index, radius, under }) => ({ key: index, radius, spot: view.spots[index], under: under.length > 0 })),
    smoothly: state.smoothly,
  });
  state.smoothly = false;
  write(state);
}

/** The names on the map and the list for the keyboard, for what is in view now. */
function write(state) {
  const { map, scene, circles, places, words } = state;
  const corner = map.containerPointToLayerPoint([0, 0]);
  const { x, y } = map.getSize();
  const view = { left: corner.x, top: corner.y, right: corner.x + x, bottom: corner.y + y };
  const frame = map.getContainer().getBoundingClientRect();
  const reserved = [...scene.querySelectorAll("[data-over]")].filter((part) => part.offsetWidth).map((part) => {
    const { left, top, right, bottom } = part.getBoundingClientRect();
    const [dx, dy] = [corner.x - frame.left, corner.y - frame.top];
    return { left: left + dx - 4, top: top + dy - 4, right: right + dx + 4, bottom: bottom + dy + 4 };
  });
  const most = x < SMALL_SCREEN ? 14 : 36;
  label(map.getPane("names"), circles, { view, reserved, most, avoid: state.regions, name: (index) => places.names[index], ...words });
  const inView = ({ point }) => point.x > view.left && point.x < view.right && point.y > view.top && point.y < view.bottom;
  const rows = [...circles.filter(inView).slice(0, LISTED).map(({ index }) => city(state, index)), ...state.regions.filter(inView).map(places.area)];
  state.list.show(rows.map((row) => ({ ...row, text: places.line(row) })));
}

/** What is known of a city now. */
function city(state, index) {
  const under = state.byIndex.get(index)?.under ?? [];
  return state.places.city(index, state.counts[index], under.map((inner) => ({ count: state.counts[inner] })));
}

const regionOf = (state, key) => state.regions.find((region) => region.key === key);

/** What is to be said of a place; nothing of a region that has left the tally meanwhile. */
function find(state, kind, key) {
  if (kind === "city") return city(state, key);
  const region = regionOf(state, key);
  return region && state.places.area(region);
}

function spotOf(state, kind, key) {
  if (kind === "city") return state.view.spots[key];
  const region = regionOf(state, key);
  return region ? state.map.layerPointToLatLng(region.point) : state.map.getCenter();
}

function openPlace(state, kind, key, options) {
  if (kind === "city") return openCity(state, key, [], options?.focus);
  const region = find(state, kind, key);
  if (region) state.card.open(region, options);
}

const ring = (state, { kind, key }) => ({ spot: spotOf(state, kind, key), radius: state.byIndex.get(key)?.radius ?? state.shown.radiusOf(kind, key) });

/** Moves the map so that an opened place is in view and not under its own card. */
function uncover(state, place, card) {
  const { map } = state;
  const spot = spotOf(state, place.kind, place.key);
  const frame = map.getContainer().getBoundingClientRect();
  const { left, top, right, bottom } = card.getBoundingClientRect();
  const across = right - left > 0.7 * frame.width; // a sheet at the lower edge, as on a phone
  const room = across ? { paddingTopLeft: [60, 70], paddingBottomRight: [60, frame.bottom - top + 50] } : { padding: [70, 70] };
  map.panInside(spot, { ...room, animate: !still() });
  const { x, y } = map.latLngToContainerPoint(spot);
  const hidden = x + frame.left > left - 50 && x + frame.left < right + 50 && y + frame.top > top - 50 && y + frame.top < bottom + 50;
  if (!across && hidden) map.panBy([x - (right - frame.left + 70), 0], { animate: !still() });
}

/** The nearest listed cities of a point: the first opens, the next three are offered with it. */
function offer(state, where, focus) {
  const found = nearest(state.cities, where);
  if (!found.length) return state.card.close(), state.say(state.box.dataset.far);
  return openCity(state, found[0], found, focus);
}

function openCity(state, index, offered = [], focus = false) {
  const others = offered.filter((other) => other !== index).map((other) => ({ index: other, name: state.places.names[other] }));
  state.offered = offered;
  state.card.open(city(state, index), { others, focus });
}

async function locate(state) {
  const { box, view } = state;
  state.say("");
  try {
    const here = await position();
    const [first] = nearest(state.cities, here);
    if (first === undefined) return state.say(box.dataset.far);
    view.showCity(first);
    offer(state, here, true);
  } catch {
    state.say(box.dataset.refused);
  }
}

function attach(state) {
  const { map, view, scene, box, land } = state;
  map.on("zoomend resize viewreset", () => draw(state));
  map.on("moveend", () => write(state));
  map.on("click", ({ latlng, layerPoint }) => {
    state.say("");
    const beside = state.circles.find(({ point, radius }) => layerPoint.distanceTo(point) < radius + FINGER);
    if (beside) openCity(state, beside.index);
    else offer(state, latlng, false);
  });
  const acts = {
    in: () => map.zoomIn(),
    out: () => map.zoomOut(),
    locate: () => locate(state),
    world() {
      state.card.close();
      view.isWorld() ? view.showHome() : view.showWorld();
      for (const face of scene.querySelectorAll("[data-face]")) face.hidden = (face.dataset.face === "home") !== view.isWorld();
    },
  };
  for (const button of scene.querySelectorAll("[data-act]")) button.addEventListener("click", () => acts[button.dataset.act]());
  scene.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !state.card.isOpen()) return;
    event.preventDefault(); // the card closes, not the whole map
    state.card.close();
  });
  document.addEventListener("tally", ({ detail }) => {
    if (detail.cities_version !== state.cities.version) return; // another list of cities: the next page load has it
    state.counts = detail.cities;
    state.others = detail.others;
    state.smoothly = true;
    draw(state);
    const open = state.card.place();
    const now = open && find(state, open.kind, open.key);
    if (now) state.card.refresh(now);
  });
  document.addEventListener("renewed", async () => {
    state.card.close();
    state.places.meet(await sitesOf(box));
  });
  onColours(() => {
    land.recolour?.();
    state.shown.recolour();
  });
  let framed = map.getSize().x > 0; // else the window became narrow while the map was made, and nobody has seen it yet
  new ResizeObserver(() => {
    if (!map.getContainer().offsetWidth) return;
    map.invalidateSize({ animate: false });
    if (!framed) view.showHome();
    framed = true;
  }).observe(scene);
}

/** What the parts tell each other. */
function connect(state, shut) {
  const { map, view, scene } = state;
  state.say = (words) => (scene.querySelector("[data-map-said]").textContent = words);
  state.shown = marks(map, colours, {
    open: (kind, key) => openPlace(state, kind, key),
    words: (kind, key) => document.createTextNode(find(state, kind, key) ? state.places.line(find(state, kind, key)) : ""),
  });
  state.card = placeCard(scene, () => document.getElementById("map-place"), {
    onOpen: (place, card) => {
      state.shown.ring("open", ring(state, place));
      uncover(state, place, card);
    },
    onClose: () => state.shown.ring("open", null),
    onChoose: ({ detail }) => {
      shut();
      document.dispatchEvent(new CustomEvent("place", { detail }));
    },
    onApart: ({ key }) => {
      const project = (index) => map.latLngToLayerPoint(view.spots[index]);
      const zoom = partingZoom(state.byIndex.get(key), project, map.getZoom(), map.getMaxZoom());
      state.card.close();
      map.getContainer().focus({ preventScroll: true }); // the list is then made anew for what comes into view
      map.setView(view.spots[key], zoom, { animate: !still() });
    },
    onOther: (index) => openCity(state, index, state.offered),
  });
  state.list = circleList(scene.querySelector("[data-circles]"), {
    onFocus: (kind, key) => {
      map.panInside(spotOf(state, kind, key), { padding: [70, 70], animate: !still() });
      state.shown.ring("focus", ring(state, { kind, key }));
    },
    onBlur: () => state.shown.ring("focus", null),
    onPress: (kind, key) => openPlace(state, kind, key, { focus: true }),
  });
}

/** Where the names go, and whom an operator's map is owed to. */
function furnish({ L, map, config }) {
  const names = map.createPane("names");
  names.classList.add("city-labels");
  names.setAttribute("aria-hidden", "true"); // the list and the table say the same
  names.style.zIndex = 450; // over the circles, under tooltips
  names.style.pointerEvents = "none";
  if (config.attribution) L.control.attribution({ prefix: config.prefix, position: "bottomleft" }).addTo(map);
}

/** The city that the form has: the map goes there and marks it. */
function mark(state, id) {
  const index = state.cities.id.indexOf(Number(id));
  if (index < 0 || id === state.marked) return;
  state.marked = id;
  state.view.showCity(index);
  state.shown.ring("chosen", ring(state, { kind: "city", key: index }));
}

async function start(box, scene, shut) {
  const { dataset } = box;
  const loading = assets(box.querySelector("[data-map-assets]"));
  const counted = json(dataset.tally);
  const [tally, cities, sites] = await Promise.all([counted, citiesOf(dataset.cities, counted), sitesOf(box), loading]);
  if (cities.version !== tally.cities_version) throw new Unreachable(dataset.cities); // in the moment of new city data
  const { L } = window;
  const config = JSON.parse(document.getElementById("map-config").textContent);
  const state = { L, box, scene, cities, config, words: wording(box), counts: tally.cities, others: tally.others };
  for (const part of scene.querySelectorAll("[data-live-map]")) part.hidden = false;
  const container = scene.querySelector("[data-canvas]");
  state.view = openView(container, { L, cities, counts: () => state.counts, home: dataset.country, conic: dataset.conic, config });
  state.map = state.view.map;
  state.places = placesOf(L, { cities, spots: state.view.spots, words: state.words, home: dataset.country, cityUrl: dataset.city });
  state.places.meet(sites);
  furnish(state);
  connect(state, shut);
  state.view.showHome();
  state.land = ground(L, config, dataset).addTo(state.map);
  draw(state);
  attach(state);
  return state;
}

for (const box of document.querySelectorAll("[data-map]")) {
  const scene = box.querySelector("[data-stage]");
  let chosen = null; // in the form, also before there is a map
  let started = null;

  function showChosen(state) {
    if (!chosen || !state.map.getContainer().offsetWidth) return; // a closed map on a phone waits until it is opened
    state.map.invalidateSize({ animate: false });
    mark(state, chosen);
  }

  function begin() {
    started ??= start(box, scene, () => place.close());
    started.then((state) => (box.removeAttribute("data-undrawn"), showChosen(state))).catch((error) => {
      box.setAttribute("data-undrawn", "");
      if (!(error instanceof Unreachable)) throw error;
      started = null; // the picture and the link to the table stand in its place
      setTimeout(() => started ?? begin(), RETRY);
    });
  }

  const place = stage(box, begin);
  document.addEventListener("place-chosen", ({ detail }) => {
    chosen = detail.id;
    if (started) begin();
  });
}
