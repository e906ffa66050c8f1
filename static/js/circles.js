// Which cities are drawn, and how large. A circle and the number named with it are that city's own, never a sum:
// what lies under a bigger circle is left out until one comes nearer.
const SMALLEST = 2.2;

/** Radii in pixels: area follows the count, the biggest city sets the scale. */
export function radius(count, biggest, largest) {
  return Math.max(SMALLEST, largest * Math.sqrt(count / biggest));
}

/**
 * Cities as [{index, count, point, radius}], biggest first, without those whose middle a bigger circle covers.
 * `counts` is aligned with the cities and has null where too few; `project(index)` answers a pixel point.
 */
export function arrange(counts, project, largest) {
  const order = counts.map((count, index) => ({ index, count })).filter(({ count }) => count > 0);
  order.sort((a, b) => b.count - a.count || a.index - b.index);
  const kept = [];
  const covering = []; // only circles wide enough to hide another
  for (const { index, count } of order) {
    const point = project(index);
    const size = radius(count, order[0].count, largest);
    if (covering.some((big) => Math.hypot(big.point.x - point.x, big.point.y - point.y) < big.radius)) continue;
    const circle = { index, count, point, radius: size };
    kept.push(circle);
    if (size > 2 * SMALLEST) covering.push(circle);
  }
  return kept;
}
