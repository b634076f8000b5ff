// Words for people come with the page, in its language; modules name them only.
const texts = new Map();

for (const block of document.querySelectorAll("script.texts")) {
  for (const [name, words] of Object.entries(JSON.parse(block.textContent))) texts.set(name, words);
}

/** The words of a name; {places} are filled from values. */
export function text(name, values = {}) {
  const words = texts.get(name);
  if (words === undefined) throw new Error(`This page brings no words for ${name}.`);
  return words.replace(/\{(\w+)\}/g, (place, key) => values[key] ?? place);
}
