// The map and its two views: home on a cone that suits the country, and the whole world on Mercator.
import { conicCrs, unwrap } from "./conic.js";
import { homeBounds, homeFrame, worldFrame } from "./frame.js";
import { still } from "./theme.js";

const WORLD = [[-60, -169], [84, 191]];
const CLOSE = 6; // zoom at which a chosen city is shown with its neighbours

export function openView(container, { L, cities, counts, home, conic, config }) {
  const mercator = L.CRS.EPSG3857;
  const homeCrs = conic ? conicCrs(L, conic.split(" ").map(Number)) : mercator;
  // East of 169° W the map goes on to the right of Chukotka, as the base map does.
  const spots = cities.id.map((_, index) => L.latLng(cities.lat[index], unwrap(cities.lng[index])));
  const map = L.map(container, {
    attributionControl: false, // the page's footer has the credits
    zoomControl: false,
    zoomSnap: 0.25,
    zoomDelta: 1,
    wheelPxPerZoomLevel: 90,
    maxZoom: config.maxZoom,
    maxBoundsViscosity: 0.8,
    crs: homeCrs,
    renderer: L.canvas({ padding: 0.3 }),
    zoomAnimation: !still(),
    fadeAnimation: !still(),
    inertia: !still(),
  });
  let world = false;

  function fence() {
    const half = map.getSize().y / 2 / 2 ** map.getZoom();
    map.setMaxBounds(world || !conic ? WORLD : homeBounds(L, homeCrs, cities, spots, home, half));
  }

  function show(crs, { centre, zoom }, least) {
    map.stop().setMaxBounds(null);
    map.options.crs = crs;
    map.options.minZoom = Math.max(0, least);
    map.setView(centre, zoom, { animate: false, reset: true });
    fence();
  }

  function showHome() {
    world = false;
    const frame = homeFrame(L, homeCrs, cities, spots, counts(), home, map.getSize());
    show(homeCrs, frame, frame.zoom - 1.5);
  }

  function showWorld() {
    world = true;
    const frame = worldFrame(L, mercator, spots, counts(), map.getSize());
    show(mercator, frame, frame.zoom - 0.5);
  }

  map.on("zoomend resize", fence);
  return {
    map,
    spots,
    showHome,
    showWorld,
    isWorld: () => world,
    /** Nearer to a city; a city that lies beyond the home view is shown in the world's. */
    showCity(index) {
      const edge = L.latLngBounds(map.options.maxBounds);
      const box = L.bounds(map.project(edge.getSouthWest(), 0), map.project(edge.getNorthEast(), 0));
      if (!world && !box.contains(map.project(spots[index], 0))) showWorld();
      map.setView(spots[index], Math.max(map.getZoom(), CLOSE), { animate: !still() });
    },
  };
}
