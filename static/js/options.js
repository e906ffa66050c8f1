// The list below a city field: places to choose, and villages with the cities near them, as groups of their own.

const made = (name, properties, ...children) => {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children);
  return element;
};

/** Where a place lies: the region, and the country where it is not the home country or there is no region to tell. */
export function whereabouts({ name, region, country, country_name: countryName }, home) {
  const parts = [region === name ? "" : region];
  if (country !== home || !parts[0]) parts.push(countryName);
  return parts.filter(Boolean).join(", ");
}

/** Fills the list; answers its options in order, each an {element, city} or {element, region}. */
export function fill(list, { cities, villages, villagesFirst }, { words, home, choose }) {
  const options = [];

  function option(name, about, chosen) {
    const element = made("li", { id: `${list.id}_${options.length}`, role: "option" }, name);
    element.setAttribute("aria-selected", "false");
    if (about) element.append(made("span", { className: "quiet", textContent: about }));
    element.addEventListener("click", () => choose(chosen));
    options.push({ element, ...chosen });
    return element;
  }

  function village(one, number) {
    const place = [one.name, whereabouts(one, home)].filter(Boolean).join(", ");
    const heading = made("li", { id: `${list.id}_v${number}`, role: "presentation", className: "options-heading", textContent: words.village.replace("{place}", place) });
    // Of many namesakes each gets a line; the region, typed too, brings the rest.
    const near = one.nearest.slice(0, villages.length > 2 ? 1 : 3);
    const group = made("ul", { role: "group" }, heading);
    group.setAttribute("aria-labelledby", heading.id);
    for (const city of near) group.append(option(city.name, `${whereabouts(city, home)} · ${words.km.replace("{km}", city.km)}`, { city }));
    if (one.region_code) {
      const region = { code: one.region_code, name: one.region || one.country_name };
      group.append(option(words.only.replace("{region}", region.name), "", { region }));
    }
    return group;
  }

  const listed = () => (cities.length ? [made("ul", { role: "presentation" }, ...cities.map((city) => option(city.name, whereabouts(city, home), { city })))] : []);
  const unlisted = () => villages.map(village);
  list.replaceChildren(...(villagesFirst ? [unlisted, listed] : [listed, unlisted]).flatMap((part) => part()));
  return options;
}
