import test from 'ava';
import { RandomNames } from '#server/token/names.ts';

test('names are 24 letters and digits, and no two are the same', (t) => {
  const names = new RandomNames();
  const made = Array.from({ length: 5000 }, () => names.next());
  for (const name of made) t.regex(name, /^[0-9A-Za-z]{24}$/);
  t.is(new Set(made).size, made.length);
});

test('every letter is as likely as any other', (t) => {
  const names = new RandomNames();
  const counts = new Map<string, number>();
  const rounds = 10_000;
  for (let round = 0; round < rounds; round++) {
    for (const letter of names.next()) counts.set(letter, (counts.get(letter) ?? 0) + 1);
  }
  const expected = (rounds * 24) / 62;
  t.is(counts.size, 62);
  // Eight standard deviations: by chance once in more runs than anybody makes.
  for (const count of counts.values()) {
    t.true(Math.abs(count - expected) < 8 * Math.sqrt(expected), String(count));
  }
});
