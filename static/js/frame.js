// The first view: where the people are. Until there are some, where the people of the list's main country live.

/** Fits the map to the span that holds most of the weight; a small screen leaves more of the edges out. */
export function frame(map, cities, spots, counts, small) {
  const weights = counts.some(Boolean) ? counts.map((count) => count ?? 0) : residents(cities);
  const cut = small ? 0.12 : 0.02;
  const [west, east] = span(spots.map((spot) => spot.lng), weights, cut);
  const [south, north] = span(spots.map((spot) => spot.lat), weights, cut);
  map.fitBounds([[south, west], [north, east]], { padding: small ? [16, 16] : [40, 40], maxZoom: 6, animate: false });
}

function residents({ country, population }) {
  const places = {};
  for (const code of country) places[code] = (places[code] ?? 0) + 1;
  const home = Object.keys(places).sort((a, b) => places[b] - places[a])[0];
  return country.map((code, index) => (code === home ? population[index] : 0));
}

/** The values between which all but `cut` of the weight at either end lies. */
function span(values, weights, cut) {
  const order = values.map((value, index) => [value, weights[index]]).sort((a, b) => a[0] - b[0]);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const at = (share) => {
    let passed = 0;
    return order.find(([, weight]) => (passed += weight) >= share * total)[0];
  };
  return [at(cut), at(1 - cut)];
}
