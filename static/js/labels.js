// Names beside the largest circles: biggest first, where fewest circles lie under the words, and never over another name.
const GAP = 4;
const LINE = 16; // pixels, as in map.css
const COVERED = 0.3; // share of a name's box that circles may lie under
const ALWAYS = 5; // so many of the largest are named however much lies under the name

/** Places names for circles (biggest first) in `pane`, within `view`, off the `reserved` boxes, at most `most` of them. */
export function label(pane, circles, { view, reserved, most, name, number, short }) {
  const measure = measurer(pane);
  const dots = circles.filter(({ radius }) => radius > 3).map(boxAround);
  const taken = [...reserved];
  let named = 0;
  const labels = [];
  for (const circle of circles) {
    if (named >= most) break;
    if (!inside(circle.point, view)) continue;
    const inner = [number(circle.count), short(circle.count)].find((text) => measure(text) < 1.7 * circle.radius);
    const lines = inner ? [name(circle.index)] : [name(circle.index), number(circle.count)];
    const width = Math.max(...lines.map(measure));
    const spot = spots(circle, width, lines.length * LINE)
      .filter(({ box }) => within(box, view) && !taken.some((other) => shared(box, other)))
      .map((place) => ({ ...place, cost: dots.reduce((sum, dot) => sum + shared(place.box, dot), 0) / area(place.box) }))
      .filter(({ cost }) => named < ALWAYS || cost < COVERED)
      .sort((a, b) => a.cost - b.cost)[0];
    if (inner) labels.push(element("inside", [inner], circle.point.x - measure(inner) / 2, circle.point.y - LINE / 2));
    if (!spot) continue;
    named += 1;
    taken.push(spot.box);
    labels.push(element(spot.side, lines, spot.box.left, spot.box.top, width));
  }
  pane.replaceChildren(...labels);
}

function measurer(pane) {
  const ink = document.createElement("canvas").getContext("2d");
  ink.font = `600 13px ${getComputedStyle(pane).fontFamily}`;
  return (text) => ink.measureText(text).width;
}

function spots({ point: { x, y }, radius }, width, height) {
  const at = (side, left, top) => ({ side, box: { left, top, right: left + width, bottom: top + height } });
  return [
    at("after", x + radius + GAP, y - height / 2),
    at("before", x - radius - GAP - width, y - height / 2),
    at("under", x - width / 2, y + radius + 1),
    at("over", x - width / 2, y - radius - 1 - height),
  ];
}

function element(side, lines, left, top, width) {
  const box = document.createElement("div");
  box.className = `city-label ${side}`;
  box.append(lines[0]);
  if (lines[1]) box.append(Object.assign(document.createElement("span"), { textContent: lines[1] }));
  if (width) box.style.width = `${Math.ceil(width)}px`;
  box.style.transform = `translate(${Math.round(left)}px, ${Math.round(top)}px)`;
  return box;
}

function boxAround({ point, radius }) {
  return { left: point.x - radius, right: point.x + radius, top: point.y - radius, bottom: point.y + radius };
}

const area = ({ left, right, top, bottom }) => Math.max(0, right - left) * Math.max(0, bottom - top);
const shared = (a, b) =>
  area({ left: Math.max(a.left, b.left), right: Math.min(a.right, b.right), top: Math.max(a.top, b.top), bottom: Math.min(a.bottom, b.bottom) });
const inside = ({ x, y }, view) => x > view.left && x < view.right && y > view.top && y < view.bottom;
const within = (box, view) => box.left >= view.left && box.right <= view.right && box.top >= view.top && box.bottom <= view.bottom;
