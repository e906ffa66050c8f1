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

const ROW = MAX_QUERY + 2;
let [beforeLast, last, row] = [0, 1, 2].map(() => new Uint8Array(ROW)); // kept, because this runs thousands of times a key

/** Letters wrong, missing, too many or swapped: in what was typed as the name's beginning, and as all of it. */
export function edits(typed, name, allowed = MAX_QUERY) {
  const length = Math.min(name.length, MAX_QUERY);
  for (let j = 0; j <= length; j++) last[j] = j;
  let fewest = 0;
  for (let i = 0; i < typed.length && fewest <= allowed; i++) {
    const letter = typed.charCodeAt(i);
    row[0] = fewest = i + 1;
    for (let j = 0; j < length; j++) {
      const other = name.charCodeAt(j);
      let cost = last[j] + (letter !== other);
      if (last[j + 1] + 1 < cost) cost = last[j + 1] + 1;
      if (row[j] + 1 < cost) cost = row[j] + 1;
      if (i && j && letter === name.charCodeAt(j - 1) && typed.charCodeAt(i - 1) === other && beforeLast[j - 1] + 1 < cost) cost = beforeLast[j - 1] + 1;
      row[j + 1] = cost;
      if (cost < fewest) fewest = cost;
    }
    [beforeLast, last, row] = [last, row, beforeLast];
  }
  return [fewest, last[length]]; // with more than allowed the second is not to the point
}
