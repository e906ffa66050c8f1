// Names beside the largest circles, biggest first: never over another name, and not over a circle or a dot. The number
// stands inside the circle where it really fits.
const GAP = 4;
const LINE = 16; // pixels, as in map.css
const CAP = 5; // half the height of a figure
const NARROW = 8; // radius in which no number fits
const SIDE = 3; // pixels left free between a number and its circle's edge
// Share of a name's box that dots may lie under, by the circle's rank: the largest are named as well as it goes.
const COVERED = [
  { upTo: 6, share: 0.5 },
  { upTo: 24, share: 0.25 },
  { upTo: 100, share: 0.06 },
  { upTo: Infinity, share: 0 },
];

const TRIED = 200; // circles of which the rest are too small to look for a place
const CELL = 48; // pixels of the grid in which dots are looked up

/** Places names for circles (biggest first) in `pane`, within `view`, off the `reserved` boxes, at most `most` of them. */
export function label(pane, circles, { view, reserved, most, avoid, name, number, short }) {
  const near = { left: view.left - 200, right: view.right + 200, top: view.top - 60, bottom: view.bottom + 60 };
  const seen = circles.filter(({ point }) => inside(point, near));
  const dots = grid([...seen, ...avoid].map(boxAround));
  const widths = measurer(pane);
  const taken = [...reserved];
  const labels = [];
  let named = 0;
  for (const [rank, circle] of seen.entries()) {
    if (!inside(circle.point, view)) continue;
    const inner = circle.radius > NARROW && [number(circle.count), short(circle.count)].find((text) => fits(widths.figures(text), circle.radius));
    if (inner) labels.push(element("inside", [inner], circle.point.x, circle.point.y));
    if (named >= most || rank >= TRIED) continue;
    const lines = inner ? [name(circle.index)] : [name(circle.index), number(circle.count)];
    const width = Math.max(widths.name(lines[0]), inner ? 0 : widths.under(lines[1]));
    const place = best(circle, width, lines.length * LINE, { view, taken, dots, limit: COVERED.find(({ upTo }) => rank < upTo).share });
    if (!place) continue;
    named += 1;
    taken.push(grown(place.box, GAP));
    labels.push(element(place.side, lines, place.box.left, place.box.top, width));
  }
  pane.replaceChildren(...labels);
}

/** The place beside a circle with the least under it; none where there is no room. */
function best(circle, width, height, { view, taken, dots, limit }) {
  return places(circle, width, height)
    .filter(({ box }) => within(box, view) && !taken.some((other) => shared(box, other)))
    .map((place) => ({ ...place, cost: dots.under(place.box) / area(place.box) }))
    .filter(({ cost }) => cost <= limit)
    .sort((a, b) => a.cost - b.cost)[0];
}

/** Boxes by the cells they touch, so that a name looks at its neighbours only. */
function grid(boxes) {
  const cells = new Map();
  const each = ({ left, right, top, bottom }, act) => {
    for (let x = Math.floor(left / CELL); x <= right / CELL; x += 1) {
      for (let y = Math.floor(top / CELL); y <= bottom / CELL; y += 1) act(`${x} ${y}`);
    }
  };
  for (const box of boxes) each(box, (cell) => (cells.has(cell) ? cells.get(cell).push(box) : cells.set(cell, [box])));
  return {
    /** The area that lies under a box. */
    under(box) {
      const near = new Set();
      each(box, (cell) => cells.get(cell)?.forEach((other) => near.add(other)));
      let sum = 0;
      for (const other of near) sum += shared(box, other);
      return sum;
    },
  };
}

/** Whether a number's box has room in a circle: the chord at the height of its figures. */
function fits(width, radius) {
  return radius > CAP && width / 2 + SIDE <= Math.sqrt(radius ** 2 - CAP ** 2);
}

const known = new Map(); // widths measured once; measuring is the dearest part of placing names

function measurer(pane) {
  const ink = document.createElement("canvas").getContext("2d");
  const { fontFamily } = getComputedStyle(pane);
  const rem = parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;
  const by = (weight, pixels) => (text) => {
    const font = `${weight} ${pixels * rem}px ${fontFamily}`;
    const key = `${font} ${text}`;
    if (known.size > 5000) known.clear();
    if (!known.has(key)) {
      ink.font = font;
      known.set(key, ink.measureText(text).width);
    }
    return known.get(key);
  };
  return { name: by(600, 14), under: by(400, 12), figures: by(700, 13) };
}

function places({ point: { x, y }, radius }, width, height) {
  const at = (side, left, top) => ({ side, box: { left, top, right: left + width, bottom: top + height } });
  const corner = radius * 0.7 + 2;
  return [
    at("after", x + radius + GAP, y - height / 2),
    at("before", x - radius - GAP - width, y - height / 2),
    at("under", x - width / 2, y + radius + 2),
    at("over", x - width / 2, y - radius - 2 - height),
    at("after", x + corner, y + corner - 4),
    at("after", x + corner, y - corner + 4 - height),
    at("before", x - corner - width, y + corner - 4),
    at("before", x - corner - width, y - corner + 4 - height),
  ];
}

function element(side, lines, left, top, width) {
  const box = document.createElement("div");
  box.className = `city-label ${side}`;
  box.append(lines[0]);
  if (lines[1]) box.append(Object.assign(document.createElement("span"), { textContent: lines[1] }));
  if (width) box.style.width = `${Math.ceil(width)}px`;
  box.style.left = `${Math.round(left)}px`;
  box.style.top = `${Math.round(top)}px`;
  return box;
}

const boxAround = ({ point: { x, y }, radius, under }) => grown({ left: x, right: x, top: y, bottom: y }, radius + (under?.length ? 4 : 1));
const grown = ({ left, right, top, bottom }, by) => ({ left: left - by, right: right + by, top: top - by, bottom: bottom + by });
const area = ({ left, right, top, bottom }) => Math.max(0, right - left) * Math.max(0, bottom - top);
const shared = (a, b) =>
  area({ left: Math.max(a.left, b.left), right: Math.min(a.right, b.right), top: Math.max(a.top, b.top), bottom: Math.min(a.bottom, b.bottom) });
const inside = ({ x, y }, view) => x > view.left && x < view.right && y > view.top && y < view.bottom;
const within = (box, view) => box.left >= view.left && box.right <= view.right && box.top >= view.top && box.bottom <= view.bottom;
