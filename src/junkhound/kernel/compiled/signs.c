/* Whether a text holds anything that the tricks of content/tricks.py and content/obfuscated.py cannot do
 * without. An answer of no is certain; after a yes the patterns there decide. */
#include "octets.h"

enum { GAPS = 1, DOTTED = 2, SPELLED = 4, BLANK_NAME = 8, REMOVAL = 16 };
static byte name_byte[256]; /* [A-Za-z0-9-] */

void signs_prepare(void) {
    for (int c = 0; c < 256; c++) {
        name_byte[c] = is_letter((byte)c) || is_digit((byte)c) || c == '-';
    }
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

/* The words of `_removal`, and " dot " behind them; `mark`: where in it the three letters begin by which it is found. */
enum { TOLD = 7, REMOVALS = 6 };
static const struct {
    const char *word;
    int size, mark;
} WORDS[TOLD] = {{"remove", 6, 2}, {"delete", 6, 3}, {"without", 7, 3}, {"omit", 4, 0}, {"erase", 5, 1}, {"take out", 8, 3}, {" dot ", 5, 1}};

/* What such a word says whose letters stand at `at`. */
static int said_at(const byte *text, const byte *low, Py_ssize_t at, Py_ssize_t size) {
    int signs = 0;
    for (int number = 0; number < TOLD; number++) {
        Py_ssize_t start = at - WORDS[number].mark;
        if (!begins(low, start, size, WORDS[number].word, WORDS[number].size)) continue;
        if (number >= REMOVALS) signs |= SPELLED;
        else if (removal(text, start + WORDS[number].size, size)) signs |= REMOVAL;
    }
    return signs;
}

/* What the words of the text say: a mark to take out, a dot spelled. */
static int spoken(const byte *text, const byte *low, Py_ssize_t size) {
    int signs = 0;
    Py_ssize_t at = 0;
#if defined(__GNUC__)
    for (; at + 18 <= size; at += 16) {
        Block one = block_at(low + at), two = block_at(low + at + 1), three = block_at(low + at + 2), found = {0};
        for (int number = 0; number < TOLD; number++) {
            const char *letters = WORDS[number].word + WORDS[number].mark;
            found |= (Block)((one == (byte)letters[0]) & (two == (byte)letters[1]) & (three == (byte)letters[2]));
        }
        if (!any_of(found)) continue;
        for (int place = 0; place < 16; place++)
            if (found[place]) signs |= said_at(text, low, at + place, size);
    }
#endif
    for (; at + 3 <= size; at++) signs |= said_at(text, low, at, size);
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
