// How names of places are compared; the same rules as maps/names.py, on which the server's answers rest.
const MAX_QUERY = 80;
const WHOLE_LETTERS = { ё: "е", ø: "o", ł: "l", ı: "i", đ: "d", ß: "ss" };
const KIND = /^(?:город|г|село|с|деревня|дер|д|поселок|пос|п|пгт|рп|станица|ст|хутор|х|аул|city|town|village) /;

const cut = (text) => [...text].slice(0, MAX_QUERY).join("");

function plain(letter) {
  if (letter >= "\u0400" && letter <= "\u04ff") return letter; // Cyrillic keeps its marks: й is not и
  if (/\p{M}/u.test(letter)) return "";
  const [base] = letter.normalize("NFD");
  return /[\p{L}\p{N}]/u.test(base) ? base : " ";
}

/** Lower case, ё as е, Latin letters without marks; all that is neither letter nor digit is one space. */
export function normalise(text) {
  const simple = /^[a-zа-я0-9 ]*$/.test(text) ? text : [...text.normalize("NFKC").toLowerCase().normalize("NFC")].map(plain).join("").replace(/[ёøłıđß]/g, (letter) => WHOLE_LETTERS[letter]);
  return simple.split(/\s+/).filter(Boolean).join(" ");
}

/** What was typed, normalised, without the kind of place before it: "г. Тверь". */
export const query = (text) => cut(normalise(cut(text))).replace(KIND, "");

const LATIN_KEYS = "`qwertyuiop[]asdfghjkl;'zxcvbnm,.";
const RUSSIAN_KEYS = "ёйцукенгшщзхъфывапролджэячсмитьбю";
const OTHER_KEY = new Map([...LATIN_KEYS].flatMap((key, at) => [[key, RUSSIAN_KEYS[at]], [RUSSIAN_KEYS[at], key]]));

/** The same keys on the other keyboard layout: vjcrdf is москва. */
export const otherLayout = (text) => cut(normalise([...cut(text).toLowerCase()].map((key) => OTHER_KEY.get(key) ?? key).join("")));

/** Letters wrong, missing, too many or swapped: in what was typed as the name's beginning, and as all of it. */
export function edits(typed, name) {
  let beforeLast = [];
  let last = Array.from({ length: name.length + 1 }, (_, at) => at);
  for (let i = 0; i < typed.length; i++) {
    const row = [i + 1];
    for (let j = 0; j < name.length; j++) {
      let cost = Math.min(last[j] + (typed[i] !== name[j]), last[j + 1] + 1, row[j] + 1);
      if (i && j && typed[i] === name[j - 1] && typed[i - 1] === name[j]) cost = Math.min(cost, beforeLast[j - 1] + 1);
      row.push(cost);
    }
    [beforeLast, last] = [last, row];
  }
  return [Math.min(...last), last.at(-1)];
}
