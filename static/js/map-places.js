// What is said of a place on the map: of a city, or of the smaller places of a region (abroad: of a country) together.
import { unwrap } from "./conic.js";

export function placesOf(L, { cities, spots, words, home, cityUrl }) {
  let sites = {};
  const language = document.documentElement.lang;
  const names = cities[language] ?? cities.en;
  const regions = cities[`region_${language}`] ?? cities.region;

  function region(index) {
    const parts = [regions[index], cities.country[index] === home ? "" : words.country(cities.country[index])];
    return [...new Set(parts)].filter((part) => part && part !== names[index]).join(", ");
  }

  /** Where people meet in a city, once it is announced. */
  function site(id) {
    const place = sites[id]?.place ?? {};
    return place[language] || Object.values(place)[0] || "";
  }

  function city(index, count, under = []) {
    const id = cities.id[index];
    const country = words.country(cities.country[index]);
    return {
      kind: "city",
      key: index,
      name: names[index],
      region: region(index),
      count: words.people(count),
      share: count && cities.population[index] ? words.share(count, cities.population[index]) : "",
      under: under.length ? words.under(under.length, under.reduce((sum, { count: people }) => sum + people, 0)) : "",
      site: site(id) && words.meet(site(id)),
      url: cityUrl.replace(/\/0(?=\/|$)/, `/${id}`),
      detail: { id, name: names[index], region: region(index), country_name: cities.country[index] === home ? "" : country },
    };
  }

  /** The tally's `others` with their name and the middle of their listed cities; one without any has no place on a map. */
  function others(rows) {
    return rows.flatMap(({ country, region: code, confirmed }) => {
      const inside = spots.flatMap((_, index) => (cities.country[index] === country && (!code || cities.region[index] === code) ? [index] : []));
      if (!inside.length || !confirmed) return [];
      const mean = (of) => inside.reduce((sum, index) => sum + of(index), 0) / inside.length;
      const spot = L.latLng(mean((index) => cities.lat[index]), mean((index) => unwrap(cities.lng[index])));
      const name = words.smaller(code ? regions[inside[0]] : words.country(country));
      return [{ kind: "region", key: `${country}/${code ?? ""}`, name, spot, count: confirmed }];
    });
  }

  const area = ({ key, name, count }) => ({ kind: "region", key, name, count: words.people(count) });
  const line = ({ name, count, under }) => [name, ": ", count, under && ` (${under})`].filter(Boolean).join("");
  return { names, city, others, area, line, meet: (announced) => (sites = announced) };
}
