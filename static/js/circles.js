// Which places are drawn, and how large. A circle and the number named with it are that city's own, never a sum: what
// lies under a bigger circle is told apart from it, and drawn when one comes nearer.
const SMALLEST = 2.2;
const PEEK = 0.35; // share of a region's ring that looks out from under a city's circle

/** Radii in pixels: area follows the count, the biggest city sets the scale. */
export function radius(count, biggest, largest) {
  return Math.max(SMALLEST, largest * Math.sqrt(count / biggest));
}

/**
 * Cities as [{index, count, point, radius, under}], biggest first; `under` are those whose middle the circle covers.
 * `counts` is aligned with the cities and has null where too few; `project(index)` answers a pixel point.
 */
export function arrange(counts, project, largest) {
  const order = counts.map((count, index) => ({ index, count })).filter(({ count }) => count > 0);
  order.sort((a, b) => b.count - a.count || a.index - b.index);
  const kept = [];
  const covering = cells(largest); // only circles wide enough to hide another
  for (const { index, count } of order) {
    const point = project(index);
    const size = radius(count, order[0].count, largest);
    const over = covering.over(point);
    if (over) {
      over.under.push(index);
      continue;
    }
    const circle = { index, count, point, radius: size, under: [] };
    kept.push(circle);
    if (size > 2 * SMALLEST) covering.add(circle);
  }
  return kept;
}

/** Circles by the square their middle lies in; none reaches farther than the next square. */
function cells(side) {
  const found = new Map();
  const key = (x, y) => (Math.floor(x / side) << 16) ^ (Math.floor(y / side) & 0xffff);
  return {
    add(circle) {
      const at = key(circle.point.x, circle.point.y);
      if (found.has(at)) found.get(at).push(circle);
      else found.set(at, [circle]);
    },
    /** The biggest circle that covers a point. */
    over({ x, y }) {
      let best;
      for (let dx = -side; dx <= side; dx += side) {
        for (let dy = -side; dy <= side; dy += side) {
          for (const big of found.get(key(x + dx, y + dy)) ?? []) {
            const covers = (big.point.x - x) ** 2 + (big.point.y - y) ** 2 < big.radius ** 2;
            if (covers && (!best || big.count > best.count)) best = big;
          }
        }
      }
      return best;
    },
  };
}

/** Where cities are too few to show, their region, or the country abroad, in the same scale: [{key, count, point, radius, …}]. */
export function arrangeRegions(others, project, circles, largest) {
  const biggest = circles[0]?.count ?? Math.max(...others.map(({ count }) => count));
  return others.map((other) => {
    const size = Math.max(5, radius(other.count, biggest, largest));
    return { ...other, radius: size, point: lookOut(project(other.spot), size, circles) };
  });
}

/** A ring that a city's circle would hide whole is moved until some of it looks out. */
function lookOut(point, size, circles) {
  const over = circles.find((big) => Math.hypot(big.point.x - point.x, big.point.y - point.y) + size < big.radius + 2);
  if (!over) return point;
  const [dx, dy] = [point.x - over.point.x, point.y - over.point.y];
  const away = Math.hypot(dx, dy) || 1;
  const reach = over.radius + size * 2 * PEEK - size;
  return { x: over.point.x + ((dx || 1) / away) * reach, y: over.point.y + (dy / away) * reach };
}

/** The zoom at which most of what lies under a circle has come out; circles keep their size while places part. */
export function partingZoom(circle, project, zoom, farthest) {
  const needed = circle.under.map((index) => {
    const point = project(index);
    return zoom + Math.log2(circle.radius / Math.max(0.5, Math.hypot(point.x - circle.point.x, point.y - circle.point.y)));
  });
  needed.sort((a, b) => a - b);
  const most = needed[Math.floor(0.8 * (needed.length - 1))];
  return Math.min(farthest, Math.max(zoom + 1, Math.ceil(most * 2 + 0.2) / 2));
}
