// The listed cities nearest to a point, reckoned here: where somebody points or stands is sent nowhere.
const SENSIBLE = 300; // kilometres beyond which no listed city is near
const DEGREE = Math.PI / 180;
const KILOMETRES = 6371;

function distance(lat1, lng1, lat2, lng2) {
  const half = (degrees) => Math.sin((degrees * DEGREE) / 2) ** 2;
  const h = half(lat2 - lat1) + Math.cos(lat1 * DEGREE) * Math.cos(lat2 * DEGREE) * half(lng2 - lng1);
  return 2 * KILOMETRES * Math.asin(Math.min(1, Math.sqrt(h)));
}

/** Indices of up to four cities, nearest first; none where the nearest is too far to be meant. */
export function nearest(cities, { lat, lng }) {
  const away = cities.lat.map((_, index) => ({ index, kilometres: distance(lat, lng, cities.lat[index], cities.lng[index]) }));
  away.sort((a, b) => a.kilometres - b.kilometres);
  return away[0].kilometres > SENSIBLE ? [] : away.slice(0, 4).map(({ index }) => index);
}

/** The device's own position; it is asked only when somebody pressed for it. Rejects where it is refused or unknown. */
export function position() {
  return new Promise((found, refused) => {
    if (!navigator.geolocation) return refused(new Error("no geolocation"));
    const answer = ({ coords }) => found({ lat: coords.latitude, lng: coords.longitude });
    navigator.geolocation.getCurrentPosition(answer, refused, { maximumAge: 600_000, timeout: 15_000 });
  });
}
