/** Characters that nobody sees and a model reads: controls, direction marks, joiners, tags, fillers, variation selectors, what has no meaning of its own. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Cn}\p{Default_Ignorable_Code_Point}\u2028\u2029\u2800]/gu;
/** Of them, those that lay out a text. */
const LAYOUT = new Set(['\n', '\t']);

const NON_JOINER = '\u200C';
const JOINER = '\u200D';
/** How an emoji is drawn: as a sign of the text, or in colours. */
const STYLES = new Set(['\uFE0E', '\uFE0F']);
/** The form of an ideograph, as names in Japan are written with one of several. */
const FORM = /^[\uFE00-\uFE02\u{E0100}-\u{E011F}]$/u;
/** What is looked at on either side: an emoji takes two units, its style or skin two more. */
const UNITS_BESIDE = 4;

/** The signs of Indic scripts that take a vowel away: a joiner after one chooses the form of the letters. */
const AFTER_VIRAMA = /[\u094D\u09CD\u0A4D\u0ACD\u0B4D\u0BCD\u0C4D\u0CCD\u0D4D\u0DCA]$/u;
/** Arabic letters that join what follows, and those that join what precedes: parting two of them is to be seen. */
const JOINS_ON = /[\u0620\u0626\u0628\u062A-\u062E\u0633-\u063F\u0641-\u0647\u0649\u064A\u066E\u066F\u0678-\u0687\u069A-\u06BF\u06C1\u06C2\u06CC\u06CE\u06D0\u06D1\u06FA-\u06FC\u06FF][\u064B-\u065F\u0670]*$/u;
const JOINS_BACK = /^[\u064B-\u065F\u0670]*[\u0620\u0622-\u063F\u0641-\u064A\u066E\u066F\u0671-\u0673\u0675-\u06D3\u06D5\u06EE\u06EF\u06FA-\u06FC\u06FF]/u;

const AFTER_EMOJI = /\p{Extended_Pictographic}$/u;
const AFTER_WHOLE_EMOJI = /\p{Extended_Pictographic}(\uFE0F|\p{Emoji_Modifier})?$/u;
const BEFORE_EMOJI = /^\p{Extended_Pictographic}/u;
const AFTER_IDEOGRAPH = /[\p{Unified_Ideograph}\uF900-\uFAFF\u{2F800}-\u{2FA1F}]$/u;
const AFTER_KEY = /[0-9#*]$/;
const BEFORE_KEYCAP = /^\u20E3/;

/**
 * Whether a joiner or a selector changes what is seen, as scripts, emoji and ideographs need it: such a one hides nothing.
 * For joiners of scripts it is the rule for names on the internet (RFC 5892, A.1 and A.2).
 */
function isNeeded(letter: string, before: string, after: string): boolean {
  if (letter === NON_JOINER) return AFTER_VIRAMA.test(before) || (JOINS_ON.test(before) && JOINS_BACK.test(after));
  if (letter === JOINER) return AFTER_VIRAMA.test(before) || (AFTER_WHOLE_EMOJI.test(before) && BEFORE_EMOJI.test(after));
  // One behind each ideograph and no more: of a row of them nobody sees what it says.
  if (FORM.test(letter)) return AFTER_IDEOGRAPH.test(before);
  return STYLES.has(letter) && (AFTER_EMOJI.test(before) || (AFTER_KEY.test(before) && BEFORE_KEYCAP.test(after)));
}

/** A text from outside with a mark in place of each character that would not be seen, or would move what is seen. */
export function seen(text: string): string {
  return text.replaceAll(UNSEEN, (letter, at: number) => {
    const after = text.slice(at + letter.length, at + letter.length + UNITS_BESIDE);
    if (LAYOUT.has(letter) || (letter === '\r' && after.startsWith('\n'))) return letter;
    if (isNeeded(letter, text.slice(Math.max(0, at - UNITS_BESIDE), at), after)) return letter;
    return `⟨U+${(letter.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}⟩`;
  });
}

/** Whether a text has characters that would not be seen. */
export function hasUnseen(text: string): boolean {
  return seen(text) !== text;
}
