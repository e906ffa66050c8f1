// Numbers and the phrases they stand in. The phrases are the template's, on [data-map]; nothing here is a sentence.

export function wording({ dataset }) {
  const language = document.documentElement.lang;
  const format = new Intl.NumberFormat(language);
  const ratio = new Intl.NumberFormat(language, { maximumSignificantDigits: 2 });
  const plural = new Intl.PluralRules(language);
  const countries = new Intl.DisplayNames(language, { type: "region" });
  const forms = { people: JSON.parse(dataset.people), more: JSON.parse(dataset.more) };
  const counted = (name, count) => (forms[name][plural.select(count)] ?? forms[name].other).replace("{n}", format.format(count));
  return {
    number: (count) => format.format(count),
    people: (count) => (count == null ? dataset.few : counted("people", count)),
    short: (count) => dataset.thousands.replace("{n}", format.format(Math.round(count / 1000))),
    share: (count, residents) => dataset.share.replace("{n}", ratio.format((1000 * count) / residents)),
    smaller: (region) => dataset.smaller.replace("{region}", () => region),
    under: (cities, people) => dataset.under.replace("{cities}", counted("more", cities)).replace("{people}", counted("people", people)),
    meet: (place) => document.querySelector("[data-map-news]").dataset.meet.replace("{place}", () => place),
    country: (code) => countries.of(code),
  };
}
