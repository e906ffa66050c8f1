// Albers' equal-area conic for Leaflet: the sums of maps/projection.py, on the sphere and scale of Web Mercator, so that
// zoom levels mean the same. Mercator would give the empty north most of a northern country's picture.
export const RADIUS = 6378137;
const WEST_EDGE = -169; // degrees; longitudes count from here, as the base map's do
const DEGREE = Math.PI / 180;

/** {plane, forward, inverse} between degrees and metres; the four numbers are those of the server's Conic. */
export function albers([lat1, lat2, lat0, lng0]) {
  const sine = (degrees) => Math.sin(degrees * DEGREE);
  const n = (sine(lat1) + sine(lat2)) / 2;
  const c = Math.cos(lat1 * DEGREE) ** 2 + 2 * n * sine(lat1);
  const away = (lat) => (RADIUS * Math.sqrt(Math.max(c - 2 * n * sine(lat), 0))) / n;
  const middle = away(lat0);
  const sign = Math.sign(n);
  /** Without unwrapping, so that every point of the plane comes back, also beyond the base map's edge. */
  function plane(lat, lng) {
    const turn = n * (lng - lng0) * DEGREE;
    const rho = away(lat);
    return [rho * Math.sin(turn), middle - rho * Math.cos(turn)];
  }
  return {
    plane,
    forward: (lat, lng) => plane(lat, unwrap(lng)),
    inverse(x, y) {
      const down = middle - y;
      const rho = Math.hypot(x, down);
      const lat = Math.asin(Math.max(-1, Math.min(1, (c - ((rho * n) / RADIUS) ** 2) / (2 * n)))) / DEGREE;
      return [lat, lng0 + Math.atan2(sign * x, sign * down) / n / DEGREE];
    },
  };
}

/** The same meridian, counted on eastwards from the base map's edge. */
export const unwrap = (lng) => ((((lng - WEST_EDGE) % 360) + 360) % 360) + WEST_EDGE;

/** Of the base map's points: Web-Mercator metres to degrees. */
export const fromMercator = (x, y) => [(2 * Math.atan(Math.exp(y / RADIUS)) - Math.PI / 2) / DEGREE, x / RADIUS / DEGREE];

/** A coordinate system that takes the place of L.CRS.EPSG3857. */
export function conicCrs(L, numbers) {
  const { plane, inverse } = albers(numbers);
  return L.extend({}, L.CRS.Earth, {
    code: "albers",
    projection: { project: ({ lat, lng }) => L.point(plane(lat, lng)), unproject: ({ x, y }) => L.latLng(inverse(x, y)) },
    transformation: L.CRS.EPSG3857.transformation,
    wrapLng: undefined,
    infinite: true,
    plane, // for the base map's many points, without an object for each
  });
}
