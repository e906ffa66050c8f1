// The places of cities.json, searched in the browser: the same names, order and forgiveness as maps/search.py.
import { edits, normalise, otherLayout, query } from "./names.js";

const [EXACT, PREFIX, LATER_WORD] = [0, 1, 2];
const [SHORTEST_TYPO, LONGEST_TYPO] = [4, 50];
const SHORTEST_VILLAGE = 3;
const WELL_KNOWN = 50_000; // people; whoever writes the name of a city this large means it

function* laterWords(name) {
  for (let at = name.indexOf(" "); at >= 0; at = name.indexOf(" ", at + 1)) yield name.slice(at + 1);
}

/** Which letters a text has, as bits; two texts that lack many of each other's letters are no typo of each other. */
function letters(text) {
  let bits = 0;
  for (let at = 0; at < text.length; at++) bits |= 1 << (text.charCodeAt(at) % 32);
  return bits;
}

function bits(number) {
  let count = 0;
  for (; number; number &= number - 1) count++;
  return count;
}

/** Answers {search, doubt, byId}. */
export function placeIndex(content, { language, home }) {
  const countries = { ru: new Intl.DisplayNames("ru", { type: "region" }), en: new Intl.DisplayNames("en", { type: "region" }) };
  const shown = language === "ru" ? "ru" : "en";
  const normalisedOnce = new Map();
  const once = (text) => normalisedOnce.get(text) ?? (normalisedOnce.set(text, normalise(text)), normalisedOnce.get(text));
  const byId = new Map();
  const starts = []; // what a text may begin: {text, kind, place}
  const ways = []; // what may be mistyped: {text, has, length, place}

  content.id.forEach((id, at) => {
    const country = content.country[at];
    const place = {
      id,
      name: content[shown][at],
      region: (shown === "ru" ? content.region_ru : content.region)[at],
      country,
      country_name: countries[shown].of(country),
      lat: content.lat[at],
      lng: content.lng[at],
      population: content.population[at],
    };
    byId.set(id, place);
    const names = new Set([content.ru[at], content.en[at], ...content.aliases[at].split(";")].map(normalise));
    names.delete("");
    const where = [content.region_ru[at], content.region[at], countries.ru.of(country), countries.en.of(country)].filter(Boolean).map(once);
    for (const name of names) {
      const rests = [...laterWords(name)];
      starts.push({ text: name, kind: PREFIX, place }, ...rests.map((text) => ({ text, kind: LATER_WORD, place })));
      starts.push(...where.map((part) => ({ text: `${name} ${part}`, kind: PREFIX, whole: false, place })));
      ways.push(...[name, ...rests].map((text) => ({ text, has: letters(text), length: text.length, place })));
    }
  });

  const ordered = (ranks, limit) =>
    [...ranks]
      .sort(([a, first], [b, second]) => first - second || (a.country !== home) - (b.country !== home) || b.population - a.population || a.id - b.id)
      .slice(0, limit)
      .map(([place]) => place);

  function starting(text) {
    const ranks = new Map();
    if (!text) return ranks;
    for (const { text: start, kind, whole, place } of starts) {
      if (!start.startsWith(text)) continue;
      const rank = kind === PREFIX && start.length === text.length && whole !== false ? EXACT : kind;
      if (rank < (ranks.get(place) ?? Infinity)) ranks.set(place, rank);
    }
    return ranks;
  }

  function alike(text) {
    const ranks = new Map();
    if (text.length < SHORTEST_TYPO || text.length > LONGEST_TYPO) return ranks;
    const allowed = text.length < 6 ? 1 : 2;
    const wanted = letters(text);
    for (const { text: way, has, length, place } of ways) {
      if (length < text.length - allowed || bits(wanted & ~has) > allowed) continue;
      const [fewest, unfinished] = edits(text, way.slice(0, text.length + allowed + 1), allowed);
      // "орол" is rather Орёл than the beginning of Орландо
      const rank = 2 * fewest + (unfinished > fewest);
      if (fewest <= allowed && rank < (ranks.get(place) ?? Infinity)) ranks.set(place, rank);
    }
    return ranks;
  }

  const either = (find, texts) => texts.map(find).find((ranks) => ranks.size) ?? new Map();

  return {
    byId: (id) => byId.get(Number(id)),
    search(typed, limit = 10) {
      const texts = [query(typed), otherLayout(typed)];
      const begun = either(starting, texts);
      return ordered(begun.size ? begun : either(alike, texts), limit);
    },
    /** Whether a place that is not listed may be meant: "no", "perhaps", or "surely", where nothing listed begins so. */
    doubt(typed) {
      const texts = [query(typed), otherLayout(typed)];
      if (texts[0].length < SHORTEST_VILLAGE) return "no";
      const begun = texts.map(starting);
      if (begun.some((ranks) => [...ranks].some(([place, rank]) => rank === EXACT && place.population >= WELL_KNOWN))) return "no";
      return begun.some((ranks) => ranks.size) ? "perhaps" : "surely";
    },
  };
}
