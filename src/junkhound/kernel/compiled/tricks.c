/* What styles and attributes hide of HTML, undone: the twin of `undone` in content/tricks.py.
 *
 * Tricks that move words (`rewritten`) are only suspected here, and left to the Python twin; places where an element is
 * hidden are those that its patterns find, and the elements are taken out as `_without` does.
 */
#include "markup.h"

enum { MOST = 400, BEFORE = 2000 };
enum { BACKWARDS = 1, EMPTY_PAIR = 2, ROWS = 4 };      /* what may have to be rewritten */
enum { ALWAYS, SMALL, CLIPPED, INK, OUTSIDE };           /* when a hit hides its element */

/* What is found in one source. The two patterns for grounds, and that for what is put off the screen, go on behind their
 * own last match. */
typedef struct {
    const byte *low;
    Py_ssize_t size;
    long may_rewrite;
    Hits hits;
    int inks, dark, offscreen;
    Py_ssize_t after_ground, after_painted, after_offscreen, breaks, cells;
} Search;

static inline Py_ssize_t before_blanks(const byte *low, Py_ssize_t at) {
    for (int most = 3; most && at > 0 && is_blank(low[at - 1]); most--) at--;
    return at;
}

static inline Py_ssize_t past_blanks(const byte *low, Py_ssize_t at, Py_ssize_t size) {
    for (int most = 3; most && at < size && is_blank(low[at]); most--) at++;
    return at;
}

/* Where the word begins that ends at `end`, -1 if another stands there. */
static inline Py_ssize_t named(const byte *low, Py_ssize_t end, const char *word, Py_ssize_t size) {
    return end >= size && memcmp(low + end - size, word, (size_t)size) == 0 ? end - size : -1;
}
#define NAMED(low, end, word) named(low, end, word, (Py_ssize_t)sizeof(word) - 1)

/* The same with no letter or "-" before it. */
static Py_ssize_t alone(const byte *low, Py_ssize_t start) {
    return start > 0 && (low[start - 1] == '-' || lower_letter(low[start - 1])) ? -1 : start;
}

static int hex_of(byte c) { return is_digit(c) ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1; }

/* How many hexadecimal digits stand at `at`, of the first `most`. */
static int digits_at(const byte *low, Py_ssize_t at, Py_ssize_t size, int most) {
    int count = 0;
    while (count < most && at + count < size && hex_of(low[at + count]) >= 0) count++;
    return count;
}

/* Whether the colour of so many digits is white, or nearly so: 1, 0 if it is another, -1 if it is none: `_pale`. */
static int pale_digits(const byte *low, Py_ssize_t at, int count) {
    if (count != 3 && count != 6) return -1;
    for (int place = 0; place < 3; place++) {
        int value = count == 3 ? 17 * hex_of(low[at + place])
                               : 16 * hex_of(low[at + 2 * place]) + hex_of(low[at + 2 * place + 1]);
        if (value < 255 - 24) return 0;
    }
    return 1;
}

/* A ground, `(#[0-9a-f]{3,6}|[a-z]{3,20})`, at `at`: where it ends, -1 if there is none; notes one that is dark. */
static Py_ssize_t ground(Search *search, Py_ssize_t at) {
    static const char *NONE[] = {"white", "transparent", "none", "inherit", "url", "initial"};
    const byte *low = search->low;
    Py_ssize_t size = search->size, length = 0;
    if (at < size && low[at] == '#') {
        int count = digits_at(low, at + 1, size, 6);
        if (count < 3) return -1;
        if (pale_digits(low, at + 1, count) == 0) search->dark = 1;
        return at + 1 + count;
    }
    while (length < 20 && at + length < size && lower_letter(low[at + length])) length++;
    if (length < 3) return -1;
    int known = 0;
    for (int number = 0; number < 6 && !known; number++) known = name_is(low, (Name){at, length}, NONE[number]);
    if (!known) search->dark = 1;
    return at + length;
}

/* Ink behind "color:" or "color=": `_coloured` with a colour that is white, or nearly so. */
static int ink(Search *search, Py_ssize_t start, Py_ssize_t at) {
    const byte *low = search->low;
    Py_ssize_t size = search->size, end;
    if (at < size && (low[at] == '"' || low[at] == '\'')) at++;
    if (BEGINS(low, at, size, "white")) end = at + 5;
    else {
        if (at + 1 >= size || low[at] != '#' || (low[at + 1] != 'e' && low[at + 1] != 'f')) return 0;
        int count = digits_at(low, at + 1, size, 6);
        if (pale_digits(low, at + 1, count) != 1) return 0;
        end = at + 1 + count;
    }
    if (end < size && (is_digit(low[end]) || lower_letter(low[end]))) return 0;
    search->inks++;
    return hits_add(&search->hits, start, INK);
}

/* Whether `-[0-9]{3,6}(?:px|pt|em)?` stands at `at`, and where it ends; -1 if not. */
static Py_ssize_t far_out(const byte *low, Py_ssize_t at, Py_ssize_t size) {
    Py_ssize_t digits = 0;
    if (at >= size || low[at] != '-') return -1;
    while (digits < 6 && at + 1 + digits < size && is_digit(low[at + 1 + digits])) digits++;
    if (digits < 3) return -1;
    at += 1 + digits;
    return BEGINS(low, at, size, "px") || BEGINS(low, at, size, "pt") || BEGINS(low, at, size, "em") ? at + 2 : at;
}

/* `_offscreen`: the property that begins at `start`, or at `inner` where the last match reaches into it. */
static int offscreen(Search *search, Py_ssize_t start, Py_ssize_t inner, Py_ssize_t at) {
    Py_ssize_t end = far_out(search->low, at, search->size);
    if (start < search->after_offscreen) start = inner;
    if (end < 0 || start < search->after_offscreen) return 0;
    search->after_offscreen = end;
    search->offscreen = 1;
    return hits_add(&search->hits, start, OUTSIDE);
}

/* `0?\.?0+(?![0-9.])` at `at`: nothing is seen. */
static int nothing(const byte *low, Py_ssize_t at, Py_ssize_t size) {
    Py_ssize_t before = 0, behind = 0;
    while (at < size && low[at] == '0') at++, before++;
    if (before < 2 && at < size && low[at] == '.')
        for (at++, before = 0; at < size && low[at] == '0'; at++) behind++;
    return before + behind > 0 && !(at < size && (is_digit(low[at]) || low[at] == '.'));
}

/* `(?:[12](?:\.[0-9])?(?:px|pt)|0?\.0[0-9]em)` at `at`: a size that nobody reads. */
static int tiny(const byte *low, Py_ssize_t at, Py_ssize_t size) {
    if (at < size && (low[at] == '1' || low[at] == '2')) {
        at++;
        if (at + 1 < size && low[at] == '.' && is_digit(low[at + 1])) at += 2;
        return BEGINS(low, at, size, "px") || BEGINS(low, at, size, "pt");
    }
    if (at < size && low[at] == '0') at++;
    return BEGINS(low, at, size, ".0") && at + 2 < size && is_digit(low[at + 2]) && BEGINS(low, at + 3, size, "em");
}

/* `0(?:px)?\s{0,3}[;"'}]` at `at`: of no height. */
static int flat(const byte *low, Py_ssize_t at, Py_ssize_t size) {
    if (at >= size || low[at] != '0') return 0;
    at++;
    if (BEGINS(low, at, size, "px")) at += 2;
    at = past_blanks(low, at, size);
    return at < size && (low[at] == ';' || low[at] == '"' || low[at] == '\'' || low[at] == '}');
}

/* The colours before the ":" or "=" at `mark`. */
static int colour(Search *search, Py_ssize_t mark, Py_ssize_t end, Py_ssize_t at) {
    const byte *low = search->low;
    Py_ssize_t start = NAMED(low, end, "color");
    if (start < 0) return 0;
    if (low[mark] == '=') {
        Py_ssize_t grounds = NAMED(low, end, "bgcolor");
        if (grounds >= search->after_ground) {
            Py_ssize_t value = at < search->size && (low[at] == '"' || low[at] == '\'') ? at + 1 : at;
            if ((value = ground(search, value)) >= 0) search->after_ground = value;
        }
    } else {
        Py_ssize_t painted = NAMED(low, end, "background-color");
        if (painted >= search->after_painted && (painted = ground(search, at)) >= 0) search->after_painted = painted;
    }
    if (alone(low, start) < 0) return 0;
    if (low[mark] == ':' && BEGINS(low, at, search->size, "transparent")) return hits_add(&search->hits, start, ALWAYS);
    return ink(search, start, at);
}

/* Whether text is turned around: what `_backwards` cannot do without. */
static void direction(Search *search, Py_ssize_t end, Py_ssize_t at) {
    const byte *low = search->low;
    if (at < search->size && (low[at] == '"' || low[at] == '\'')) at++;
    if (at < search->size && low[at] == 'r' && (NAMED(low, end, "dir") >= 0 || NAMED(low, end, "direction") >= 0))
        search->may_rewrite |= BACKWARDS;
}

/* What the style before the ":" at `mark` does with the value behind it. */
static int style(Search *search, Py_ssize_t mark) {
    const byte *low = search->low;
    Py_ssize_t size = search->size, end = before_blanks(low, mark), at = past_blanks(low, mark + 1, size), start;
    if (end == 0) return 0;
    switch (low[end - 1]) {
    case 't': /* left, margin-left, text-indent, max-height */
        if ((start = NAMED(low, end, "left")) >= 0) {
            Py_ssize_t margin = NAMED(low, start, "margin-");
            return offscreen(search, margin >= 0 ? margin : start, start, at);
        }
        if ((start = NAMED(low, end, "text-indent")) >= 0) return offscreen(search, start, start, at);
        if ((start = NAMED(low, end, "max-height")) >= 0 && flat(low, at, size)) return hits_add(&search->hits, start, CLIPPED);
        return 0;
    case 'p': return (start = NAMED(low, end, "top")) >= 0 ? offscreen(search, start, start, at) : 0;
    case 'y':
        if ((start = NAMED(low, end, "opacity")) < 0 || alone(low, start) < 0 || !nothing(low, at, size)) return 0;
        return hits_add(&search->hits, start, ALWAYS);
    case 'e':
        if ((start = NAMED(low, end, "font-size")) < 0 || !tiny(low, at, size)) return 0;
        return hits_add(&search->hits, start, SMALL);
    case 'd':
        if ((start = NAMED(low, end, "background")) >= search->after_painted && (start = ground(search, at)) >= 0)
            search->after_painted = start;
        return 0;
    case 'r': direction(search, end, at); return colour(search, mark, end, at);
    case 'n': direction(search, end, at); return 0;
    default: return 0;
    }
}

/* The same of an attribute, before the "=" at `mark`. */
static int attribute(Search *search, Py_ssize_t mark) {
    Py_ssize_t end = before_blanks(search->low, mark), at = past_blanks(search->low, mark + 1, search->size);
    if (end == 0) return 0;
    byte last = search->low[end - 1];
    if (last != 'r' && last != 'n') return 0;
    direction(search, end, at);
    return last == 'r' ? colour(search, mark, end, at) : 0;
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

/* Whether the tag at `at` may have to be rewritten, with others. */
static void tag(Search *search, Py_ssize_t at) {
    const byte *low = search->low;
    Py_ssize_t size = search->size;
    if (at + 2 >= size) return;
    if (low[at + 1] == 'b' && low[at + 2] == 'r') search->breaks++;
    else if (low[at + 1] == '/') {
        if (BEGINS(low, at + 2, size, "td>") && search->breaks >= 2 && ++search->cells >= 4) search->may_rewrite |= ROWS;
        if (!(search->may_rewrite & EMPTY_PAIR) && at > 0 && low[at - 1] == '>' && empty_pair(low, at - 1, size))
            search->may_rewrite |= EMPTY_PAIR;
        search->breaks = 0;
    } else search->breaks = 0; /* a cell of slices holds line breaks alone */
}

/* Search the source, in lower case; -1 with an error. */
static int search_all(Search *search) {
    Marks marks = marks_of(search->low, search->size, ':', '=', '<');
    for (Py_ssize_t at; (at = next_mark(&marks)) >= 0;) {
        byte mark = search->low[at];
        if (mark == '<') tag(search, at);
        else if ((mark == ':' ? style(search, at) : attribute(search, at)) < 0) return -1;
    }
    return 0;
}

/* Keep the hits that count, in order, and at most so many. */
static void settle(Search *search) {
    const byte *low = search->low;
    Py_ssize_t size = search->size, kept = 0;
    Hits *hits = &search->hits;
    /* White is read on what is dark. */
    int white = search->inks && !search->dark && (FIND(low, "#f", 0, size) >= 0 || FIND(low, "white", 0, size) >= 0);
    int outside = search->offscreen &&
                  (FIND(low, "-99", 0, size) >= 0 || FIND(low, ":-", 0, size) >= 0 || FIND(low, ": -", 0, size) >= 0);
    for (Py_ssize_t number = 0; number < hits->count; number++) {
        Hit one = hits->list[number];
        if (one.how == INK ? white : one.how == OUTSIDE ? outside : 1) hits->list[kept++] = one;
    }
    hits->count = kept;
    hits_sort(hits);
    if (hits->count > MOST) hits->count = MOST;
}

/* `_small` and `_clipped`: whether the element whose tag ends at `start` and that ends at `end` is really hidden. */
static int agrees(const byte *low, Py_ssize_t size, int how, Py_ssize_t start, Py_ssize_t end) {
    if (how == SMALL) /* layout sets tiny fonts on cells whose content has a size of its own */
        return FIND(low, "font-size", start, end) < 0 && FIND(low, "<img", start, end) < 0;
    if (how != CLIPPED) return 1;
    Py_ssize_t tag = last_byte(low, '<', 0, start);
    if (FIND(low, "overflow", tag, start) >= 0 || FIND(low, "opacity", tag, start) >= 0) return 1;
    Py_ssize_t floor = start - 200;
    if (floor < 0) floor = floor + size > 0 ? floor + size : 0; /* as Python counts from the end */
    return FIND(low, "overflow", floor, start) >= 0;
}

/* The source without the elements in whose tags the hits stand: `_without`. */
static int without(const byte *source, const Search *search, Octets *out) {
    static const char *KEPT[] = {"body", "html", "td", "tr", "table", "style"};
    const byte *low = search->low;
    Py_ssize_t size = search->size, at = 0;
    Names failed = {NULL, 0, 0};
    int answer = -1;
    for (Py_ssize_t number = 0; number < search->hits.count; number++) {
        Hit hit = search->hits.list[number];
        Py_ssize_t start = last_byte(low, '<', at > hit.at - BEFORE ? at : hit.at - BEFORE, hit.at);
        Name name;
        Py_ssize_t inside = opening(low, start, size, &name);
        if (inside <= hit.at || holds_nothing(low, name)) continue;
        int kept = 0;
        for (int word = 0; word < 6 && !kept; word++) kept = name_is(low, name, KEPT[word]);
        if (kept) continue;
        Py_ssize_t end = element_end(low, size, name, inside, &failed);
        if (end == -2) goto done;
        if (end < 0 || !agrees(low, size, hit.how, inside, end)) continue;
        if (octets_add(out, source + at, start - at) < 0 || octets_put(out, ' ') < 0) goto done;
        at = end;
    }
    answer = octets_add(out, source + at, size - at);
done:
    names_close(&failed);
    return answer;
}

/* What is left of the source; `may_rewrite` says which tricks may have to be undone first, and then nothing is done. */
static PyObject *left_of(PyObject *octets, long *may_rewrite) {
    const byte *source = (const byte *)PyBytes_AS_STRING(octets);
    Search search = {.size = PyBytes_GET_SIZE(octets)};
    Octets out = {NULL, 0, 0};
    PyObject *left = NULL;
    byte *low = octets_lowered(source, search.size);
    if (low == NULL) return NULL;
    search.low = low;
    if (search_all(&search) < 0) goto done;
    if (may_rewrite != NULL && (*may_rewrite = search.may_rewrite)) {
        left = Py_NewRef(octets);
        goto done;
    }
    settle(&search);
    if (search.hits.count == 0) left = Py_NewRef(octets);
    else if (octets_open(&out, search.size + MOST) == 0 && without(source, &search, &out) == 0)
        left = PyBytes_FromStringAndSize((const char *)out.at, out.size);
done:
    PyMem_Free(low);
    PyMem_Free(search.hits.list);
    octets_close(&out);
    return left;
}

/* undone(source, rewritten) -> what is left of it; `rewritten(source, signs)` undoes the tricks that move words. */
PyObject *step_undone(PyObject *self, PyObject *const *given, Py_ssize_t count) {
    if (count != 2 || !PyBytes_Check(given[0]) || !PyCallable_Check(given[1]))
        return PyErr_Format(PyExc_TypeError, "undone wants bytes and a helper");
    long may_rewrite = 0;
    PyObject *left = left_of(given[0], &may_rewrite);
    if (left == NULL || !may_rewrite) return left;
    PyObject *signs = PyLong_FromLong(may_rewrite);
    PyObject *made = signs == NULL ? NULL : PyObject_CallFunctionObjArgs(given[1], given[0], signs, NULL);
    Py_DECREF(left);
    Py_XDECREF(signs);
    if (made == NULL) return NULL;
    if (PyBytes_Check(made)) left = left_of(made, NULL);
    else left = PyErr_Format(PyExc_TypeError, "what is rewritten is bytes");
    Py_DECREF(made);
    return left;
}
