/* Whether a text or an HTML part holds anything that the tricks of content/tricks.py and content/obfuscated.py cannot do
 * without. An answer of no is certain; after a yes the patterns there decide. */
#include "octets.h"

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

enum { BACKWARDS = 1, EMPTY_PAIR = 2, ROWS = 4, OFFSCREEN = 8, CLEAR = 16, TINY = 32, FLAT = 64, INK = 128 };

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
        if (!alone(low, end, "color")) return 0;
        return c == 't' ? CLEAR : c == 'w' || (c == '#' && at + 1 < size && (low[at + 1] == 'f' || low[at + 1] == 'e')) ? INK : 0;
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
    byte *low = PyMem_Malloc((size_t)size + 1);
    if (low == NULL) return PyErr_NoMemory();
    for (Py_ssize_t at = 0; at < size; at++) {
        byte c = source[at];
        low[at] = (byte)(c + ((byte)(c - 'A') < 26 ? 32 : 0));
    }
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
    PyMem_Free(low);
    return PyLong_FromLong(found);
}

enum { GAPS = 1, DOTTED = 2, SPELLED = 4, BLANK_NAME = 8, REMOVAL = 16 };
static byte gap_class[256]; /* 1: a letter, 2: what stands between letters that stand apart */
static byte name_byte[256]; /* [A-Za-z0-9-] */
static byte telling[256];   /* what one of the signs is looked for at */

void signs_prepare(void) {
    for (int c = 0; c < 256; c++) {
        gap_class[c] = is_letter((byte)c) ? 1 : c && strchr(" -.*_~", c) != NULL ? 2 : 0;
        telling[c] = c && strchr(" -.*_~[({<dwvlmskDWVLMSK", c) != NULL;
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

/* Whether four letters stand apart around the gap at `at` and behind it: `_GAPS` and "a a a a". */
static int apart(const byte *text, Py_ssize_t at, Py_ssize_t size) {
    return at > 0 && size - at >= 6 && gap_class[text[at + 2]] == 2 && gap_class[text[at + 1]] == 1 &&
           gap_class[text[at + 4]] == 2 && gap_class[text[at + 3]] == 1 && gap_class[text[at + 5]] == 1 &&
           gap_class[text[at - 1]] == 1;
}

/* Whether `word` stands around `at`, of whose letters `before` stand in front of it. */
static int around(const byte *text, Py_ssize_t at, Py_ssize_t size, const char *word, Py_ssize_t before) {
    return at >= before && low_begins(text, at - before, size, word);
}

/* Each word is looked for at its rarest letter. */
static int of_byte(const byte *text, Py_ssize_t at, Py_ssize_t size) {
    byte c = octet_low[text[at]];
    int found = gap_class[c] == 2 && apart(text, at, size) ? GAPS : 0;
    switch (c) {
    case '.': return found | (dotted(text, at, size) ? DOTTED : 0);
    case '[':
    case '(':
    case '{':
    case '<': return bracketed(text, at, size) ? SPELLED : 0;
    case 'd': return around(text, at, size, " dot ", 1) ? SPELLED : 0;
    case 'w':
        if (low_begins(text, at, size, "www")) return blank_name(text, at, size) ? BLANK_NAME : 0;
        return low_begins(text, at, size, "without") && removal(text, at + 7, size) ? REMOVAL : 0;
    case 'v': return around(text, at, size, "remove", 4) && removal(text, at + 2, size) ? REMOVAL : 0;
    case 'l': return around(text, at, size, "delete", 2) && removal(text, at + 4, size) ? REMOVAL : 0;
    case 'm': return around(text, at, size, "omit", 1) && removal(text, at + 3, size) ? REMOVAL : 0;
    case 's': return around(text, at, size, "erase", 3) && removal(text, at + 2, size) ? REMOVAL : 0;
    case 'k': return around(text, at, size, "take out", 2) && removal(text, at + 6, size) ? REMOVAL : 0;
    default: return found;
    }
}

/* text_signs(text) -> the bits above of what stands in the text. Two rooms ask of the same text, one after the other. */
PyObject *step_text_signs(PyObject *self, PyObject *octets) {
    static PyObject *last = NULL;
    static long found = 0;
    if (!PyBytes_Check(octets)) return PyErr_Format(PyExc_TypeError, "text_signs wants bytes");
    if (octets != last) {
        const byte *text = (const byte *)PyBytes_AS_STRING(octets);
        Py_ssize_t size = PyBytes_GET_SIZE(octets);
        found = 0;
        for (Py_ssize_t at = 0; at < size; at++)
            if (telling[text[at]]) found |= of_byte(text, at, size);
        Py_XSETREF(last, Py_NewRef(octets));
    }
    return PyLong_FromLong(found);
}
