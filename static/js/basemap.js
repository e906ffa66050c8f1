// Land and borders: our TopoJSON, in Web-Mercator metres, drawn on canvas tiles in the map's own projection. It is
// unwrapped at 169° W, so x runs past half the Earth's girth in the east and no ring crosses the edge.
import { json, Unreachable } from "./assets.js";
import { fromMercator, RADIUS } from "./conic.js";

const HALF_GIRTH = Math.PI * RADIUS;
const FINE_FROM = 6; // tile zoom; Leaflet rounds 5.5 up to it
const FAR = ({ lat, lng }) => lat < 14 || (lng < -25 && lat < 70); // what the first of the coarse files leaves out
const DASHES = { dashed: [4, 3], solid: [], none: null };

/** One level of detail; `drawn(crs)` answers pieces of {path, box} by kind, made once for each projection. */
async function read(url) {
  const { arcs, objects, transform } = await json(url);
  const mercator = arcs.map((arc) => unpack(arc, transform));
  const made = new Map();
  return {
    drawn(crs) {
      if (!made.has(crs)) made.set(crs, pieces(objects, crs.plane ? mercator.map((arc) => project(arc, crs)) : mercator));
      return made.get(crs);
    },
  };
}

/** One piece for each polygon or line, so that a tile draws only its own. */
function pieces(objects, lines) {
  const of = (name, closed) => objects[name].geometries.flatMap((shape) => parts(shape).map((rings) => piece(rings, lines, closed)));
  return { land: of("countries", true), regions: of("rulines", false), borders: of("borders", false), disputed: of("disputed", false) };
}

/** Each point of a quantised arc is a step from the one before. */
function unpack(arc, { scale, translate }) {
  let x = 0;
  let y = 0;
  return arc.map(([dx, dy]) => [(x += dx) * scale[0] + translate[0], (y += dy) * scale[1] + translate[1]]);
}

const project = (arc, crs) => arc.map(([x, y]) => crs.plane(...fromMercator(x, y)));

/** A geometry as a list of parts, each a list of rings or lines, each a list of arc numbers; simplified away, it has none. */
function parts({ type, arcs = [] }) {
  if (type === "MultiPolygon") return arcs;
  if (type === "MultiLineString") return arcs.map((line) => [line]);
  if (type === "Polygon") return [arcs];
  return type === "LineString" ? [[arcs]] : [];
}

function piece(rings, lines, closed) {
  const path = new Path2D();
  const box = [Infinity, Infinity, -Infinity, -Infinity];
  for (const ring of rings) {
    let started = false;
    for (const number of ring) {
      // A negative number is an arc walked backwards (~n is its place); joints are given twice, once by each arc.
      const arc = number < 0 ? [...lines[~number]].reverse() : lines[number];
      for (const [x, y] of arc) {
        if (started) path.lineTo(x, y);
        else path.moveTo(x, y);
        started = true;
        box[0] = Math.min(box[0], x);
        box[1] = Math.min(box[1], y);
        box[2] = Math.max(box[2], x);
        box[3] = Math.max(box[3], y);
      }
    }
    if (closed) path.closePath();
  }
  return { path, box };
}

/** For `catch`: what to do without the land, where it could not be fetched. */
const away = (act) => (error) => {
  if (!(error instanceof Unreachable)) throw error;
  act();
};

/** The layer; `urls` are {coarse, far, fine}, `colours()` answers what the style sheet says now; `recolour()` repaints. */
export function basemap(urls, colours, disputed) {
  const levels = { coarse: null, far: null, fine: null };
  const tiles = new Map(); // canvas → its place

  const Layer = window.L.GridLayer.extend({
    createTile(place) {
      const size = this.getTileSize().x;
      // Between whole zooms a tile is stretched, which a fine grain hides.
      const sharp = Math.min(1.5 * (window.devicePixelRatio || 1), 2);
      const tile = document.createElement("canvas");
      tile.width = tile.height = size * sharp;
      tiles.set(tile, { ...place, size, sharp });
      this.paint(tile, colours());
      return tile;
    },
    paint(tile, now) {
      const place = tiles.get(tile);
      const shown = place.z >= FINE_FROM && levels.fine ? [levels.fine] : [levels.coarse, levels.far];
      const pieces = shown.filter(Boolean).map((level) => level.drawn(this._map.options.crs));
      paint(tile.getContext("2d"), pieces, place, now, DASHES[disputed]);
    },
    /** In place, so that nothing flickers. */
    recolour() {
      const now = colours();
      for (const tile of tiles.keys()) this.paint(tile, now);
    },
    async load(name) {
      if (levels[name]) return;
      levels[name] = await read(urls[name]);
      if (this._map) this.recolour();
    },
    onAdd(map) {
      window.L.GridLayer.prototype.onAdd.call(this, map);
      // Each of these is asked for once, when somebody comes near or looks far; without it the coarse level stays.
      const later = (name, wanted) => {
        const look = () => {
          if (!wanted()) return;
          map.off("moveend", look);
          this.load(name).catch(away(() => map.on("moveend", look)));
        };
        map.on("moveend", look);
        look();
      };
      const corners = () => {
        const { x, y } = map.getSize();
        return [[0, 0], [x, 0], [0, y], [x, y]].map((corner) => map.containerPointToLatLng(corner));
      };
      const begin = () => {
        later("fine", () => map.getZoom() >= FINE_FROM - 0.5);
        later("far", () => corners().some(FAR));
      };
      this.load("coarse").then(begin).catch(away(begin)); // circles and names stay readable on a bare sea
    },
  });
  const layer = new Layer({ noWrap: true, updateWhenZooming: false });
  return layer.on("tileunload", ({ tile }) => tiles.delete(tile));
}

function paint(ink, levels, { x, y, z, size, sharp }, colours, dashes) {
  const perMetre = (size * 2 ** z) / (2 * HALF_GIRTH);
  const width = size / perMetre;
  const left = x * width - HALF_GIRTH;
  const top = HALF_GIRTH - y * width;
  const margin = 4 / perMetre; // a line's half width, seen from the next tile
  const seen = ({ box }) => box[0] < left + width + margin && box[2] > left - margin && box[1] < top + margin && box[3] > top - width - margin;
  const all = (kind) => levels.flatMap((level) => level[kind].filter(seen));
  const stroke = (pieces, colour, pixels, gaps = []) => {
    ink.strokeStyle = colour;
    ink.lineWidth = pixels / perMetre;
    ink.setLineDash(gaps.map((gap) => gap / perMetre));
    for (const { path } of pieces) ink.stroke(path);
  };

  ink.setTransform(1, 0, 0, 1, 0, 0);
  ink.clearRect(0, 0, size * sharp, size * sharp);
  const scale = perMetre * sharp;
  ink.setTransform(scale, 0, 0, -scale, -left * scale, top * scale);
  ink.lineJoin = "round";
  ink.fillStyle = colours.land;
  const land = all("land");
  for (const { path } of land) ink.fill(path, "evenodd");
  stroke(land, colours.coast, 0.8);
  stroke(all("regions"), colours.region, 0.8);
  stroke(all("borders"), colours.border, 1);
  if (dashes) stroke(all("disputed"), colours.border, 1, dashes);
}
