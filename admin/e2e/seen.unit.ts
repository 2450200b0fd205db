import { expect, test } from '@playwright/test';
import { pointerInWords } from '../src/lib/json';
import { hasUnseen, seen } from '../src/lib/seen';

test('whatever nobody sees is marked, wherever it stands', () => {
  for (const [text, marked] of [
    ['\u202Emoc.elpmaxe@ada', '⟨U+202E⟩moc.elpmaxe@ada'],
    ['Ada\u{E0061}', 'Ada⟨U+E0061⟩'],
    ['a\u034Fb\u180Bc', 'a⟨U+034F⟩b⟨U+180B⟩c'],
    ['one\rtwo', 'one⟨U+000D⟩two'],
    // Joiners where they join nothing: between Latin letters, twice, after a letter that never joins, at an end.
    ['ad\u200Da', 'ad⟨U+200D⟩a'],
    ['क्\u200D\u200Dय', 'क्\u200D⟨U+200D⟩य'],
    ['دا\u200Cر', 'دا⟨U+200C⟩ر'],
    ['می\u200C', 'می⟨U+200C⟩'],
    ['م\u200Dی', 'م⟨U+200D⟩ی'],
    ['😀\u200D', '😀⟨U+200D⟩'],
    ['a\uFE0F', 'a⟨U+FE0F⟩'],
    ['❤\uFE0F\uFE0F', '❤\uFE0F⟨U+FE0F⟩'],
    ['1\uFE0F', '1⟨U+FE0F⟩'],
    ['1\uFE0Ea\uFE0E', '1⟨U+FE0E⟩a⟨U+FE0E⟩'],
    ['a\u{E0100}\uFE00', 'a⟨U+E0100⟩⟨U+FE00⟩'],
    ['辻\u{E0100}\u{E0101}', '辻\u{E0100}⟨U+E0101⟩'],
    ['辻\u{E0120}\u{E01EF}', '辻⟨U+E0120⟩⟨U+E01EF⟩'],
  ] as const) {
    expect(seen(text), JSON.stringify(text)).toBe(marked);
    expect(hasUnseen(text), JSON.stringify(text)).toBe(true);
  }
});

test('joiners that a script needs and those of emoji are no secret', () => {
  for (const text of ['गर्\u200Dयो', 'श्रीमान्\u200Cलाई', 'می\u200Cخواهم', 'کتاب\u200Cها', '👩\u200D💻', '👩🏽\u200D🚀', '🏳\uFE0F\u200D🌈', '❤\uFE0F', '❤\uFE0E', '1\uFE0F\u20E3', '辻\u{E0100}さん', '渡邉\u{E011F}', '神\uFE00', 'two\r\nlines\tand ü']) {
    expect(seen(text), JSON.stringify(text)).toBe(text);
    expect(hasUnseen(text)).toBe(false);
  }
});

test('names of arguments are marked too: whoever asks for a call writes them', () => {
  expect(pointerInWords('/to\u200B_whom/0')).toBe('to⟨U+200B⟩ whom › 1');
});
