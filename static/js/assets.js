// What the map fetches when it is about to be needed: Leaflet, whose tags wait in <template data-map-assets>, and data.

/** What the map needs did not arrive; anything else that goes wrong is a mistake of ours and is reported as one. */
export class Unreachable extends Error {}

export async function json(url, options) {
  const reply = await fetch(url, options).catch(() => null);
  const content = reply?.ok ? await reply.json().catch(() => null) : null;
  if (!content) throw new Unreachable(url);
  return content;
}

/** Where people meet, by city, once that is announced; without it the cards lead to the cities' pages. */
export async function sitesOf(box) {
  const { announcement } = box.querySelector("[data-map-news]").dataset;
  const told = announcement ? await json(announcement).catch(() => null) : null;
  return told?.announcement?.content.sites ?? {};
}

/** The list of cities that the tally, which is on its way, is aligned with; a cache may have an older one. */
export async function citiesOf(url, counted) {
  let [cities, { cities_version: version }] = await Promise.all([json(url), counted]);
  if (cities.version !== version) cities = await json(url, { cache: "reload" });
  const each = (names) => names && cities.region_of.map((index) => names[index]);
  return { ...cities, region: each(cities.regions), region_ru: each(cities.regions_ru) };
}

/** Puts the template's style sheets and scripts into the page, in their order; done once, answers when all have run. */
export function assets(template) {
  template.loading ??= load(template.content.cloneNode(true)).catch((error) => {
    template.loading = null; // the next opening tries again
    throw error;
  });
  return template.loading;
}

async function load(content) {
  // Leaflet alone: django-leaflet's own extras serve its form widgets, which are not used here.
  const tags = [...content.querySelectorAll("link, script")].filter((node) => !/extras|\/draw\//.test(node.src || node.href));
  const waiting = tags.map((node) => {
    const tag = document.createElement(node.localName); // a clone of a template's script would not run in order
    for (const { name, value } of node.attributes) tag.setAttribute(name, value);
    tag.textContent = node.textContent;
    if (node.localName === "script") tag.async = false;
    const done = node.src || node.href ? settled(tag) : null; // the rest is data, which scripts look up by its id
    document.head.append(tag);
    return done;
  });
  await Promise.all(waiting);
}

const settled = (tag) =>
  new Promise((done, failed) => {
    tag.addEventListener("load", done);
    tag.addEventListener("error", () => (tag.remove(), failed(new Unreachable(tag.src || tag.href))));
  });
