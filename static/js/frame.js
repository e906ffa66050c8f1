// Which part of the world is in view, reckoned in the map's own projection: Leaflet's fitBounds looks at two corners
// only, which on a cone are not the corners of what lies between them.
const SMALL = 600; // pixels of width below which more of the edges is left out

/** {centre, zoom} at which what holds most of the weight fills the view, with `room` pixels left free at each side. */
export function frameOf(L, crs, spots, weights, size, { cut, room, snap, maxZoom }) {
  const points = spots.map((spot) => crs.latLngToPoint(spot, 0));
  const [left, right] = span(points.map(({ x }) => x), weights, cut);
  const [top, bottom] = span(points.map(({ y }) => y), weights, cut);
  const width = Math.max(1, size.x - room.left - room.right); // a map that is not shown has no size at all
  const height = Math.max(1, size.y - room.top - room.bottom);
  const scale = Math.min(width / (right - left), height / (bottom - top));
  const zoom = Math.max(0, Math.min(maxZoom, Math.floor(Math.log2(scale) / snap) * snap));
  const shift = L.point(room.right - room.left, room.bottom - room.top).divideBy(2 * 2 ** zoom);
  return { centre: crs.pointToLatLng(L.point((left + right) / 2, (top + bottom) / 2).add(shift), 0), zoom };
}

/** The first view: where the people of the home country are; until there are some, where its residents live. */
export function homeFrame(L, crs, { country, population }, spots, counts, home, size) {
  const here = country.map((code) => !home || code === home);
  const counted = counts.map((count, index) => (here[index] ? (count ?? 0) : 0));
  const weights = counted.some(Boolean) ? counted : population.map((people, index) => (here[index] ? people : 0));
  const small = size.x < SMALL;
  const room = small ? { left: 34, right: 44, top: 40, bottom: 40 } : { left: 56, right: 64, top: 56, bottom: 56 };
  return frameOf(L, crs, spots, weights, size, { cut: small ? 0.1 : 0.012, room, snap: 0.25, maxZoom: 5 }); // a few first cities are no reason to leave the country out of sight
}

/** All circles of the world, or all cities where there is no circle yet. */
export function worldFrame(L, crs, spots, counts, size) {
  const weights = counts.some(Boolean) ? counts.map((count) => (count ? 1 : 0)) : counts.map(() => 1);
  return frameOf(L, crs, spots, weights, size, { cut: 0, room: { left: 16, right: 16, top: 16, bottom: 16 }, snap: 0.25, maxZoom: 4 });
}

/**
 * The corners the view is kept within, for `maxBounds`: the home country's land and as much again around it. `half` is
 * half the view's height at zoom 0: its middle must not come beyond the pole, where nothing lies.
 */
export function homeBounds(L, crs, { country }, spots, home, half) {
  const points = spots.filter((_, index) => country[index] === home).map((spot) => crs.latLngToPoint(spot, 0));
  const box = L.bounds(points);
  const { x, y } = box.getSize();
  const pole = crs.latLngToPoint(L.latLng(89, crs.pointToLatLng(box.getCenter(), 0).lng), 0).y;
  const min = L.point(box.min.x - x, Math.max(box.min.y - y, pole - half));
  const max = L.point(box.max.x + x / 2, box.max.y + 1.2 * y);
  return L.latLngBounds(crs.pointToLatLng(L.point(min.x, max.y), 0), crs.pointToLatLng(L.point(max.x, min.y), 0));
}

/** The values between which all but `cut` of the weight at either end lies. */
function span(values, weights, cut) {
  const order = values.map((value, index) => [value, weights[index]]).filter(([, weight]) => weight > 0);
  order.sort((a, b) => a[0] - b[0]);
  const total = order.reduce((sum, [, weight]) => sum + weight, 0);
  const at = (share) => {
    let passed = 0;
    return (order.find(([, weight]) => (passed += weight) >= share * total) ?? order.at(-1))[0];
  };
  return [at(cut), at(1 - cut)];
}
