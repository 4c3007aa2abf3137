/* Where an element ends, told by the tags of its name: twins of `_element_end` and `_outer_end` in content/html.py. */
#include "markup.h"

enum { FLAT = 11 };
/* The next of their kind closes them, as does the end of what they stand in. */
static const char *FLAT_NAMES[FLAT] = {"dd", "dt", "li", "option", "p", "tbody", "td", "tfoot", "th", "thead", "tr"};
static const char *EMPTY_NAMES[] = {"area", "base", "br",   "col",  "embed", "hr",
                                    "img",  "input", "link", "meta", "source", "wbr"};

int name_is(const byte *low, Name name, const char *word) {
    return (Py_ssize_t)strlen(word) == name.size && memcmp(low + name.at, word, (size_t)name.size) == 0;
}

int holds_nothing(const byte *low, Name name) {
    for (size_t number = 0; number < sizeof EMPTY_NAMES / sizeof *EMPTY_NAMES; number++)
        if (name_is(low, name, EMPTY_NAMES[number])) return 1;
    return 0;
}

/* Its number among the flat ones, -1 if it is none. */
static int flat(const byte *low, Name name) {
    for (int number = 0; number < FLAT; number++)
        if (name_is(low, name, FLAT_NAMES[number])) return number;
    return -1;
}

void names_close(Names *names) {
    PyMem_Free(names->list);
    *names = (Names){NULL, 0, 0};
}

static int names_add(Names *names, Name name) {
    if (names->count == names->room) {
        Py_ssize_t room = names->room ? names->room * 2 : 8;
        Name *grown = PyMem_Realloc(names->list, (size_t)room * sizeof(Name));
        if (grown == NULL) {
            PyErr_NoMemory();
            return -1;
        }
        names->list = grown;
        names->room = room;
    }
    names->list[names->count++] = name;
    return 0;
}

static int names_hold(const Names *names, const byte *low, Name name) {
    for (Py_ssize_t number = 0; number < names->count; number++) {
        Name other = names->list[number];
        if (other.size == name.size && memcmp(low + other.at, low + name.at, (size_t)name.size) == 0) return 1;
    }
    return 0;
}

int hits_add(Hits *hits, Py_ssize_t at, int how) {
    if (hits->count == hits->room) {
        Py_ssize_t room = hits->room ? hits->room * 2 : 64;
        Hit *grown = PyMem_Realloc(hits->list, (size_t)room * sizeof(Hit));
        if (grown == NULL) {
            PyErr_NoMemory();
            return -1;
        }
        hits->list = grown;
        hits->room = room;
    }
    hits->list[hits->count++] = (Hit){at, how};
    return 0;
}

static int earlier(const void *one, const void *other) {
    Py_ssize_t a = ((const Hit *)one)->at, b = ((const Hit *)other)->at;
    return (a > b) - (a < b);
}

void hits_sort(Hits *hits) {
    if (hits->count > 1) qsort(hits->list, (size_t)hits->count, sizeof(Hit), earlier);
}

/* Whether low[at:stop] begins with that name. */
static int named(const byte *low, Py_ssize_t at, Py_ssize_t stop, Name name) {
    return stop - at >= name.size && memcmp(low + at, low + name.at, (size_t)name.size) == 0;
}

/* Whether a closing tag of that name begins at the "<" at `at`, whatever follows the name. */
static int closing(const byte *low, Py_ssize_t at, Py_ssize_t size, Name name) {
    return at + 1 < size && low[at + 1] == '/' && named(low, at + 2, size, name);
}

/* Whether an opening tag of that name stands whole between the "<" at `at` and the next closing one. A name may hold a
 * "<" itself, so that both overlap. */
static int opens(const byte *low, Py_ssize_t at, Py_ssize_t size, Name name) {
    Py_ssize_t end = at + 1 + name.size;
    if (end >= size || !named(low, at + 1, size, name) || !(octet_class[low[end]] & NAME_END)) return 0;
    for (Py_ssize_t inner = at; (inner = find_byte(low, '<', inner + 1, end)) >= 0;)
        if (closing(low, inner, size, name)) return 0;
    return 1;
}

/* The next "<" with that name behind it and the end of a name behind that; `paragraph`: a closing one too. */
static Py_ssize_t next_of(const byte *low, Py_ssize_t size, Name name, Py_ssize_t at, int paragraph) {
    for (; (at = find_byte(low, '<', at, size)) >= 0; at++) {
        Py_ssize_t start = at + 1;
        if (paragraph && start < size && low[start] == '/') start++;
        Py_ssize_t end = start + name.size;
        if (end < size && named(low, start, size, name) && (is_blank(low[end]) || low[end] == '/' || low[end] == '>'))
            return at;
    }
    return -1;
}

Py_ssize_t element_end(const byte *low, Py_ssize_t size, Name name, Py_ssize_t at, Names *failed) {
    if (name.size == 1 && low[name.at] == 'p') return next_of(low, size, name, at, 1); /* they never nest */
    if (!names_hold(failed, low, name)) {
        Py_ssize_t depth = 1, place = at;
        while ((place = find_byte(low, '<', place, size)) >= 0) {
            if (closing(low, place, size, name)) {
                place += 2 + name.size;
                if (place < size && octet_class[low[place]] & NAME_END && --depth == 0) {
                    Py_ssize_t close = find_byte(low, '>', place, size);
                    return close < 0 ? size : close + 1;
                }
            } else {
                depth += opens(low, place, size, name);
                place++;
            }
        }
        if (names_add(failed, name) < 0) return -2;
    }
    return flat(low, name) < 0 ? -1 : next_of(low, size, name, at, 0);
}

Py_ssize_t outer_end(const byte *low, Py_ssize_t size, Py_ssize_t at) {
    Py_ssize_t depth = 0, inside[FLAT] = {0};
    while ((at = find_byte(low, '<', at, size)) >= 0) {
        Py_ssize_t start = at + 1;
        int closes = start < size && low[start] == '/';
        start += closes;
        if (start >= size || !lower_letter(low[start])) {
            at++;
            continue;
        }
        Py_ssize_t end = name_end(low, start + 1, size);
        Name name = {start, end - start};
        int number = flat(low, name);
        if (number >= 0) {
            if ((inside[number] += closes ? -1 : 1) < 0) return at;
        } else if (!holds_nothing(low, name) && (depth += closes ? -1 : 1) < 0) return at;
        at = tag_end(low, end, size);
    }
    return size;
}
