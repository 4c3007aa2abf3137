/* Whether a text or an HTML part holds anything that the tricks of content/tricks.py and content/obfuscated.py cannot do
 * without. An answer of no is certain; after a yes the patterns there decide. */
#include "grams.h"

static inline Py_ssize_t before_blanks(const byte *low, Py_ssize_t at) {
    for (int most = 3; most && at > 0 && is_blank(low[at - 1]); most--) at--;
    return at;
}

static inline Py_ssize_t past_blanks(const byte *low, Py_ssize_t at, Py_ssize_t size) {
    for (int most = 3; most && at < size && is_blank(low[at]); most--) at++;
    return at;
}

static int named(const byte *low, Py_ssize_t end, const char *word) {
    Py_ssize_t size = (Py_ssize_t)strlen(word);
    return end >= size && memcmp(low + end - size, word, (size_t)size) == 0;
}

/* As `named`, with no letter or "-" before it. */
static int alone(const byte *low, Py_ssize_t end, const char *word) {
    Py_ssize_t start = end - (Py_ssize_t)strlen(word);
    return named(low, end, word) && (start == 0 || (low[start - 1] != '-' && !is_letter(low[start - 1])));
}

/* Whether a font size that begins at `at` is one that nobody reads: `_tiny`. */
static int tiny(const byte *low, Py_ssize_t at, Py_ssize_t size) {
    if (low[at] == '1' || low[at] == '2') {
        at++;
        if (at + 1 < size && low[at] == '.' && is_digit(low[at + 1])) at += 2;
        return at + 1 < size && low[at] == 'p' && (low[at + 1] == 'x' || low[at + 1] == 't');
    }
    if (low[at] == '0') at++;
    return BEGINS(low, at, size, ".0");
}

enum { BACKWARDS = 1, EMPTY_PAIR = 2, ROWS = 4, OFFSCREEN = 8, CLEAR = 16, TINY = 32, FLAT = 64, INK = 128, DARK = 256 };

static int hex_of(byte c) { return is_digit(c) ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1; }

/* Whether a colour that begins at `at` is seen on white: 1, 0 if it is white or nearly so, -1 where that is not certain:
 * `_rgb` and `_close`. */
static int dark(const byte *low, Py_ssize_t at, Py_ssize_t size) {
    static const char *NONE[] = {"white", "transparent", "none", "inherit", "url", "initial"};
    if (at < size && low[at] == '#') {
        int digits[6], count = 0;
        while (count < 6 && at + 1 + count < size && (digits[count] = hex_of(low[at + 1 + count])) >= 0) count++;
        if (count != 3 && count != 6) return count == 4 || count == 5 ? 0 : -1;
        for (int place = 0; place < 3; place++)
            if ((count == 3 ? 17 * digits[place] : 16 * digits[2 * place] + digits[2 * place + 1]) < 255 - 24) return 1;
        return 0;
    }
    Py_ssize_t length = 0;
    while (at + length < size && length < 20 && low[at + length] >= 'a' && low[at + length] <= 'z') length++;
    if (length < 3) return -1;
    for (int number = 0; number < 6; number++)
        if ((Py_ssize_t)strlen(NONE[number]) == length && memcmp(low + at, NONE[number], (size_t)length) == 0) return 0;
    return 1;
}

/* Whether the property that ends at `end` begins a match by itself, and is not the value of another. */
static int first_of(const byte *low, Py_ssize_t end, Py_ssize_t length) {
    Py_ssize_t at = before_blanks(low, end - length);
    return at == 0 || (low[at - 1] != ':' && low[at - 1] != '=' && low[at - 1] != '"' && low[at - 1] != '\'' &&
                       !is_letter(low[at - 1]) && low[at - 1] != '-');
}

/* Whether the mark at `mark` gives an element a ground on which white is read: `_ground` and `_painted`. */
static int ground(const byte *low, Py_ssize_t mark, Py_ssize_t end, Py_ssize_t at, Py_ssize_t size) {
    if (low[mark] == '=') return named(low, end, "bgcolor") && first_of(low, end, 7) && dark(low, at, size) == 1;
    if (low[at - 1] == '"' || low[at - 1] == '\'') return 0; /* no value of a style begins with a quote */
    if (named(low, end, "background")) return first_of(low, end, 10) && dark(low, at, size) == 1;
    return named(low, end, "background-color") && first_of(low, end, 16) && dark(low, at, size) == 1;
}

/* What the property before the ":" or "=" at `mark` may do with the value behind it. */
static int of_property(const byte *low, Py_ssize_t mark, Py_ssize_t size) {
    Py_ssize_t end = before_blanks(low, mark), at = past_blanks(low, mark + 1, size);
    if (end == 0 || at >= size) return 0;
    byte c = low[at];
    if (c == '"' || c == '\'') {
        if (++at >= size) return 0;
        c = low[at];
    }
    switch (low[end - 1]) {
    case 't': /* left, text-indent, margin-left; font-size and max-height end in e and t */
        if (c == '-') return named(low, end, "left") || named(low, end, "text-indent") ? OFFSCREEN : 0;
        return c == '0' && named(low, end, "max-height") ? FLAT : 0;
    case 'p': return c == '-' && named(low, end, "top") ? OFFSCREEN : 0;
    case 'y': return (c == '0' || c == '.') && alone(low, end, "opacity") ? CLEAR : 0;
    case 'e':
        return (c == '0' || c == '.' || c == '1' || c == '2') && named(low, end, "font-size") && tiny(low, at, size) ? TINY : 0;
    case 'r':
        if (c == 'r') return named(low, end, "dir") ? BACKWARDS : 0;
        if (!alone(low, end, "color")) return ground(low, mark, end, at, size) ? DARK : 0;
        if (c == 't') return CLEAR;
        return (c == 'w' || (c == '#' && at + 1 < size && (low[at + 1] == 'f' || low[at + 1] == 'e'))) && dark(low, at, size) != 1 ? INK : 0;
    case 'd': return ground(low, mark, end, at, size) ? DARK : 0;
    case 'n': return c == 'r' && named(low, end, "direction") ? BACKWARDS : 0;
    default: return 0;
    }
}

/* Whether the "></" at `at` closes an element that held nothing, between two letters: `_empty_pair`. */
static int empty_pair(const byte *low, Py_ssize_t at, Py_ssize_t size) {
    Py_ssize_t floor = at > 220 ? at - 220 : 0, close = find_byte(low, '>', at + 3, size), length = close - (at + 3);
    if (close < 0 || close + 1 >= size || length < 1 || length > 6) return 0;
    if (low[close + 1] == '<' || is_blank(low[close + 1])) return 0;
    for (Py_ssize_t open = at - 1; open > floor && low[open] != '>'; open--)
        if (low[open] == '<' && open + 1 + length <= at && memcmp(low + open + 1, low + at + 3, (size_t)length) == 0 &&
            !is_blank(low[open - 1]) && low[open - 1] != '>')
            return 1;
    return 0;
}

/* html_signs(source) -> the bits above of what stands in the HTML. */
PyObject *step_html_signs(PyObject *self, PyObject *octets) {
    if (!PyBytes_Check(octets)) return PyErr_Format(PyExc_TypeError, "html_signs wants bytes");
    const byte *source = (const byte *)PyBytes_AS_STRING(octets);
    Py_ssize_t size = PyBytes_GET_SIZE(octets), breaks = 0, cells = 0;
    byte *low = octets_lowered(source, size);
    if (low == NULL) return NULL;
    long found = 0;
    for (Py_ssize_t at = -1; (at = find_byte(low, ':', at + 1, size)) >= 0;) found |= of_property(low, at, size);
    for (Py_ssize_t at = -1; (at = find_byte(low, '=', at + 1, size)) >= 0;) found |= of_property(low, at, size);
    for (Py_ssize_t at = -1; (at = find_byte(low, '<', at + 1, size)) >= 0;) {
        if (at + 2 >= size) break;
        if (low[at + 1] == 'b' && low[at + 2] == 'r') breaks++;
        else if (low[at + 1] == '/') {
            if (BEGINS(low, at + 2, size, "td>") && breaks >= 2) cells++;
            if (!(found & EMPTY_PAIR) && at > 0 && low[at - 1] == '>' && empty_pair(low, at - 1, size)) found |= EMPTY_PAIR;
            breaks = 0;
        } else breaks = 0; /* a cell of slices holds line breaks alone */
    }
    if (cells >= 4) found |= ROWS;
    if (found & DARK && !(found & (BACKWARDS | EMPTY_PAIR | ROWS))) found &= ~INK; /* white is read on what is dark */
    found &= ~DARK;
    PyMem_Free(low);
    return PyLong_FromLong(found);
}

enum { GAPS = 1, DOTTED = 2, SPELLED = 4, BLANK_NAME = 8, REMOVAL = 16 };
static byte name_byte[256]; /* [A-Za-z0-9-] */
static Grams told;          /* the words of `_removal`, and " dot " behind them */
enum { REMOVALS = 6 };

void signs_prepare(void) {
    for (int c = 0; c < 256; c++) {
        name_byte[c] = is_letter((byte)c) || is_digit((byte)c) || c == '-';
    }
    static const struct {
        const char *word;
        int mark; /* the three letters of it that are the rarest */
    } WORDS[] = {{"remove", 2}, {"delete", 3}, {"without", 3}, {"omit", 0}, {"erase", 1}, {"take out", 3}, {" dot ", 1}};
    memset(&told, 0, sizeof told);
    for (int number = 0; number <= REMOVALS; number++)
        grams_add(&told, (const byte *)WORDS[number].word, (Py_ssize_t)strlen(WORDS[number].word), WORDS[number].mark);
}

static int low_begins(const byte *text, Py_ssize_t at, Py_ssize_t size, const char *word) {
    for (; *word; word++, at++)
        if (at >= size || octet_low[text[at]] != (byte)*word) return 0;
    return 1;
}

/* Whether "www" at `at` begins a name with a blank beside one of its dots: `_apart`. */
static int blank_name(const byte *text, Py_ssize_t at, Py_ssize_t size) {
    at += 3;
    for (int labels = 0;; labels++) {
        int blank = 0;
        if (at < size && text[at] == ' ') at++, blank = 1;
        if (at >= size || text[at] != '.') return 0;
        at++;
        if (at < size && text[at] == ' ') at++, blank = 1;
        Py_ssize_t start = at;
        while (at < size && name_byte[text[at]]) at++;
        if (at == start) return 0;
        if (blank) return 1;
    }
}

/* Whether a mark to take out may be named behind the word that ends at `at`: `_removal`. */
static int removal(const byte *text, Py_ssize_t at, Py_ssize_t size) {
    static const char *WORDS[] = {"the ", "all ", "any ", "both ", "sign ", "symbol ", "character "};
    Py_ssize_t stop = size - at < 80 ? size : at + 80;
    while (at < stop) {
        byte c = text[at];
        if (c && strchr("*#!^~%+_-", c) != NULL) return 1;
        if (is_digit(c) || c == '.') return 0;
        if (is_letter(c)) {
            int known = 0;
            for (int number = 0; number < 7 && !known; number++)
                if (low_begins(text, at, size, WORDS[number])) known = (int)strlen(WORDS[number]);
            if (!known) return 0;
            at += known;
        } else at++;
    }
    return 0;
}

/* Whether the dot at `at` may stand in a bare host name: `_inner_dot`, and not `_part`. */
static int dotted(const byte *text, Py_ssize_t at, Py_ssize_t size) {
    if (at == 0 || at + 1 >= size || !is_letter(text[at + 1]) || !(name_byte[text[at - 1]] || text[at - 1] == '_')) return 0;
    Py_ssize_t floor = at > 260 ? at - 260 : 0;
    while (at > floor && (name_byte[text[at - 1]] || text[at - 1] == '.' || text[at - 1] == '_')) at--;
    if (at == 0 || at == floor) return 1;
    byte c = text[at - 1];
    return !(c && strchr("@/\\=%&?+:*", c) != NULL);
}

/* Whether a dot is spelled between the brackets that open at `at`: `_bracketed`. */
static int bracketed(const byte *text, Py_ssize_t at, Py_ssize_t size) {
    static const char *WORDS[] = {"dot", "d0t", "punkt", "punto", "point", "."};
    at++;
    if (at < size && text[at] == ' ') at++;
    for (int number = 0; number < 6; number++)
        if (low_begins(text, at, size, WORDS[number])) return 1;
    return 0;
}

/* One byte more that stands between letters. A loop for each is one that compilers do sixteen bytes at a time. */
static void add_gap(byte *kinds, const byte *text, Py_ssize_t count, byte gap) {
    for (Py_ssize_t at = 0; at < count; at++) kinds[at] |= (byte)(text[at] == gap ? 2 : 0);
}

/* Whether four letters stand apart anywhere: `_GAPS` and "a a a a". */
static int gaps(const byte *text, Py_ssize_t size) {
    enum { BLOCK = 2048, FORM = 7 };
    static const byte GAP_BYTES[] = " -.*_~";
    byte kinds[BLOCK + FORM];
    for (Py_ssize_t start = 0; start + FORM <= size; start += BLOCK) {
        Py_ssize_t count = size - start < BLOCK + FORM - 1 ? size - start : BLOCK + FORM - 1;
        for (Py_ssize_t at = 0; at < count; at++) kinds[at] = (byte)((text[start + at] | 32) - 'a') < 26 ? 1 : 0;
        for (int gap = 0; gap < 6; gap++) add_gap(kinds, text + start, count, GAP_BYTES[gap]);
        byte any = 0;
        for (Py_ssize_t at = 0; at + FORM <= count; at++)
            any |= (byte)(kinds[at] & kinds[at + 1] >> 1 & kinds[at + 2] & kinds[at + 3] >> 1 & kinds[at + 4] &
                          kinds[at + 5] >> 1 & kinds[at + 6]);
        if (any & 1) return 1;
    }
    return 0;
}

/* What the words of the text say: a mark to take out, a dot spelled. */
static int spoken(const byte *text, const byte *low, Py_ssize_t size) {
    Py_ssize_t start;
    int signs = 0;
    for (Py_ssize_t at = 0; at + 3 <= size; at++) {
        if (!told.table[gram_of(low + at)]) continue;
        for (int found = grams_at(&told, low, at, size, 0, &start); found; found = grams_at(&told, low, at, size, found, &start))
            if (found > REMOVALS) signs |= SPELLED;
            else if (removal(text, start + told.words[found - 1].size, size)) signs |= REMOVAL;
    }
    return signs;
}

/* What the dots and brackets of the text may be. */
static int marked(const byte *text, Py_ssize_t size) {
    static const byte OPENING[] = "[({<";
    int signs = 0;
    for (Py_ssize_t at = -1; (at = find_byte(text, '.', at + 1, size)) >= 0;) {
        if (!(signs & DOTTED) && dotted(text, at, size)) signs |= DOTTED;
        Py_ssize_t start = at > 0 && text[at - 1] == ' ' ? at - 4 : at - 3;
        if (!(signs & BLANK_NAME) && start >= 0 && low_begins(text, start, size, "www") && blank_name(text, start, size))
            signs |= BLANK_NAME;
    }
    for (int mark = 0; mark < 4; mark++)
        for (Py_ssize_t at = -1; !(signs & SPELLED) && (at = find_byte(text, OPENING[mark], at + 1, size)) >= 0;)
            if (bracketed(text, at, size)) signs |= SPELLED;
    return signs;
}

/* text_signs(text) -> the bits above of what stands in the text. Two rooms ask of the same text, one after the other. */
PyObject *step_text_signs(PyObject *self, PyObject *octets) {
    static PyObject *last = NULL;
    static long found = 0;
    if (!PyBytes_Check(octets)) return PyErr_Format(PyExc_TypeError, "text_signs wants bytes");
    if (octets != last) {
        const byte *text = (const byte *)PyBytes_AS_STRING(octets);
        Py_ssize_t size = PyBytes_GET_SIZE(octets);
        byte *low = octets_lowered(text, size);
        if (low == NULL) return NULL;
        found = (gaps(text, size) ? GAPS : 0) | marked(text, size) | spoken(text, low, size);
        PyMem_Free(low);
        Py_XSETREF(last, Py_NewRef(octets));
    }
    return PyLong_FromLong(found);
}

enum { UNSEEN = 1, WIDE = 2, MIXED = 4 };

static inline int within(byte c, int first, int last) { return c >= first && c <= last; }

/* letter_signs(text) -> what of its letters is not as a reader reads them: `_UNSEEN`, `_wide` and `_mixed`. */
PyObject *step_letter_signs(PyObject *self, PyObject *octets) {
    if (!PyBytes_Check(octets)) return PyErr_Format(PyExc_TypeError, "letter_signs wants bytes");
    const byte *text = (const byte *)PyBytes_AS_STRING(octets);
    Py_ssize_t size = PyBytes_GET_SIZE(octets);
    int found = 0, rare = 0, unseen = 0;
    for (Py_ssize_t at = 0; at < size; at++) {
        if (text[at] < 0x80) {
            if (at + 8 <= size && all_ascii(text + at, 8)) at += 7;
            continue;
        }
        byte a = text[at], b = at + 1 < size ? text[at + 1] : 0, c = at + 2 < size ? text[at + 2] : 0;
        byte d = at + 3 < size ? text[at + 3] : 0;
        switch (a) {
        case 0xc2: if (b == 0xad) rare = unseen = 1; break;
        case 0xcd: if (b == 0x8f) rare = unseen = 1; break;
        case 0xd8: if (b == 0x9c) rare = unseen = 1; break;
        case 0xe1:
            if (b == 0x85 || b == 0xa0) rare = 1;
            if ((b == 0x85 && (c == 0x9f || c == 0xa0)) || (b == 0x9e && (c == 0xb4 || c == 0xb5)) || (b == 0xa0 && c == 0x8e))
                unseen = 1;
            break;
        case 0xe2:
            if (b == 0x80 || b == 0x81) rare = 1;
            if ((b == 0x80 && (within(c, 0x8b, 0x8f) || within(c, 0xaa, 0xae))) || (b == 0x81 && within(c, 0xa0, 0xaf)))
                unseen = 1;
            break;
        case 0xef:
            if (b == 0xbb && c == 0xbf) rare = unseen = 1;
            if ((b == 0xbc && within(c, 0x81, 0xbf)) || (b == 0xbd && within(c, 0x80, 0x9e))) found |= WIDE;
            break;
        case 0xf0: if (b == 0x9d && within(c, 0x90, 0x9f) && within(d, 0x80, 0xbf)) found |= WIDE; break;
        case 0xce: case 0xcf: case 0xd0: case 0xd1:
            if (within(b, 0x80, 0xbf) && ((at > 0 && is_letter(text[at - 1])) || is_letter(c))) found |= MIXED;
            break;
        default: break;
        }
    }
    return PyLong_FromLong(found | (rare && unseen ? UNSEEN : 0));
}

/* Whether name[0:size], in any case, is a host with two labels at least: `_host`. */
static int is_host(const byte *name, Py_ssize_t size) {
    Py_ssize_t start = 0, dots = 0;
    for (Py_ssize_t at = 0; at <= size; at++) {
        if (at < size && name[at] != '.') continue;
        Py_ssize_t length = at - start;
        if (length < 1 || length > 63) return 0;
        if (at == size) { /* the last is of letters alone */
            if (dots == 0 || length < 2 || length > 24) return 0;
            for (; start < at; start++)
                if (!is_letter(name[start])) return 0;
            return 1;
        }
        if (name[start] == '-' || name[at - 1] == '-') return 0;
        dots++;
        start = at + 1;
    }
    return 0;
}

/* bare(text, most) -> [(start, end)] of runs that hold a bare host name, of the first `most` that may: the twin of
 * `bare_words`. */
PyObject *step_bare(PyObject *self, PyObject *const *given, Py_ssize_t count) {
    if (count != 2 || !PyBytes_Check(given[0])) return PyErr_Format(PyExc_TypeError, "bare wants bytes and a number");
    const byte *text = (const byte *)PyBytes_AS_STRING(given[0]);
    Py_ssize_t size = PyBytes_GET_SIZE(given[0]), most = PyLong_AsSsize_t(given[1]), at = -1, after = 0;
    if (PyErr_Occurred()) return NULL;
    PyObject *list = PyList_New(0);
    if (list == NULL) return NULL;
    while (most > 0 && (at = find_byte(text, '.', at + 1, size)) >= 0) {
        if (at <= after - 1 || at == 0 || at + 1 >= size || !is_letter(text[at + 1])) continue;
        if (text[at - 1] == '-' || !(name_byte[text[at - 1]] || text[at - 1] == '_') || at - 1 < after) continue;
        Py_ssize_t start = at, end = at;
        while (start > 0 && (name_byte[text[start - 1]] || text[start - 1] == '.' || text[start - 1] == '_')) start--;
        while (end < size && (name_byte[text[end]] || text[end] == '.' || text[end] == '_')) end++;
        most--;
        after = end;
        at = end - 1;
        if (end - start > 253 || text[start] == '.') continue;
        byte before = start > 0 ? text[start - 1] : 0, behind = end < size ? text[end] : 0;
        if ((before && strchr("@/\\=%&?+:*", before) != NULL) || behind == '@' || behind == '=' || behind == '(') continue;
        Py_ssize_t first = start, last = end;
        while (first < last && !is_letter(text[first]) && !is_digit(text[first])) first++;
        while (last > first && !is_letter(text[last - 1]) && !is_digit(text[last - 1])) last--;
        if (!is_host(text + first, last - first)) continue;
        PyObject *place = Py_BuildValue("(nn)", start, end);
        if (place == NULL || PyList_Append(list, place) < 0) {
            Py_XDECREF(place);
            Py_DECREF(list);
            return NULL;
        }
        Py_DECREF(place);
    }
    return list;
}
