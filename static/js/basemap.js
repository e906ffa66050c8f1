// Land and borders: our TopoJSON, in Web-Mercator metres, drawn on canvas tiles. It is unwrapped at 169° W, so
// x runs past half the Earth's girth in the east and no ring crosses the edge.
const HALF_GIRTH = Math.PI * 6378137;
const FINE_FROM = 6; // tile zoom; Leaflet rounds 5.5 up to it

/** TopoJSON to pieces of {path, box}, by kind: one piece per polygon or line, so that a tile draws only its own. */
async function read(url) {
  const reply = await fetch(url);
  if (!reply.ok) throw new Error(`${url}: ${reply.status}`);
  const { arcs, objects, transform } = await reply.json();
  const lines = arcs.map((arc) => unpack(arc, transform));
  const pieces = (name, closed) => objects[name].geometries.flatMap((shape) => parts(shape).map((rings) => piece(rings, lines, closed)));
  return {
    land: pieces("countries", true),
    regions: pieces("rulines", false),
    borders: pieces("borders", false),
    disputed: pieces("disputed", false),
  };
}

/** Each point of a quantised arc is a step from the one before. */
function unpack(arc, { scale, translate }) {
  let x = 0;
  let y = 0;
  return arc.map(([dx, dy]) => [(x += dx) * scale[0] + translate[0], (y += dy) * scale[1] + translate[1]]);
}

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

/** The layer; `urls` are {coarse, fine}, `colours()` answers what the style sheet says now. */
export function basemap(urls, colours) {
  const levels = { coarse: null, fine: null };

  const Layer = window.L.GridLayer.extend({
    createTile({ x, y, z }) {
      const size = this.getTileSize().x;
      const sharp = Math.min(window.devicePixelRatio || 1, 2);
      const tile = document.createElement("canvas");
      tile.width = tile.height = size * sharp;
      const level = (z >= FINE_FROM && levels.fine) || levels.coarse;
      if (level) paint(tile.getContext("2d"), level, { x, y, perMetre: (size * 2 ** z) / (2 * HALF_GIRTH), size, sharp }, colours());
      return tile;
    },
    async load(name) {
      if (levels[name]) return;
      levels[name] = await read(urls[name]);
      this.redraw();
    },
    onAdd(map) {
      window.L.GridLayer.prototype.onAdd.call(this, map);
      // The fine level is asked for once, when somebody comes near; without it the coarse one stays.
      const nearer = () => {
        if (map.getZoom() < FINE_FROM - 0.5) return;
        map.off("zoomend", nearer);
        this.load("fine").catch(() => map.on("zoomend", nearer));
      };
      map.on("zoomend", nearer);
      this.load("coarse").then(nearer).catch(() => {}); // circles and names stay readable on a bare sea
    },
  });
  return new Layer({ noWrap: true, updateWhenZooming: false });
}

function paint(ink, level, { x, y, perMetre, size, sharp }, colours) {
  const width = size / perMetre;
  const left = x * width - HALF_GIRTH;
  const top = HALF_GIRTH - y * width;
  const margin = 4 / perMetre; // a line's half width, seen from the next tile
  const seen = ({ box }) => box[0] < left + width + margin && box[2] > left - margin && box[1] < top + margin && box[3] > top - width - margin;
  const stroke = (pieces, colour, pixels, dashes = []) => {
    ink.strokeStyle = colour;
    ink.lineWidth = pixels / perMetre;
    ink.setLineDash(dashes.map((dash) => dash / perMetre));
    for (const { path } of pieces.filter(seen)) ink.stroke(path);
  };

  const scale = perMetre * sharp;
  ink.setTransform(scale, 0, 0, -scale, -left * scale, top * scale);
  ink.lineJoin = "round";
  ink.fillStyle = colours.land;
  for (const { path } of level.land.filter(seen)) ink.fill(path, "evenodd");
  stroke(level.land, colours.coast, 0.8);
  stroke(level.regions, colours.region, 0.8);
  stroke(level.borders, colours.border, 1);
  stroke(level.disputed, colours.border, 1, [4, 3]);
}
