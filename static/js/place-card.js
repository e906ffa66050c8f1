// What opens on a city: its name, its number, "I'll join here" and its page. The words are the <template>'s.

/** Answers {open(index)}; choosing a city tells the page by the event "place", which the form's field listens to. */
export function placeCard(map, { cities, names, spots, number, language, counts, url, close }) {
  const template = document.getElementById("map-place");
  const regions = cities[`region_${language}`] ?? cities.region;

  function content(index) {
    const card = template.content.firstElementChild.cloneNode(true);
    const part = (name) => card.querySelector(`[data-${name}]`);
    const region = regions[index] === names[index] ? "" : regions[index];
    part("name").textContent = names[index];
    part("region").textContent = region;
    part("count").textContent = number(counts()[index]);
    part("link").href = url.replace(/\/0(?=\/|$)/, `/${cities.id[index]}`);
    part("choose")?.addEventListener("click", () => {
      map.closePopup();
      document.dispatchEvent(new CustomEvent("place", { detail: { id: cities.id[index], name: names[index], region } }));
    });
    return card;
  }

  return {
    open(index) {
      const popup = window.L.popup({ minWidth: 180, maxWidth: 260 }).setLatLng(spots[index]).setContent(content(index)).openOn(map);
      popup.getElement().querySelector(".leaflet-popup-close-button").setAttribute("aria-label", close);
    },
  };
}
