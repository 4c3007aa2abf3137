/* An HTML part as its reader sees it: the twin of `read` in content/html.py, step by step in the same order.
 *
 * Each step passes over the source once. What is rare (character references with a new name, a meta refresh, more
 * attributes than are kept) is left to the functions of the Python twin, which are given as arguments.
 */
#include "markup.h"

enum { MAX_LINKS = 2000, MAX_LOOKS = 7 * MAX_LINKS, MAX_VALUE = 4000, MAX_HIDDEN = 5000, MAX_UNCLOSED = 5 };

/* --- what is no markup of the text: comments, scripts, style sheets ------------------------------------------ */

static const struct {
    const char *name;
    Py_ssize_t size;
} UNREAD[] = {{"style", 5}, {"script", 6}, {"title", 5}, {"template", 8}, {"iframe", 6}, {"noembed", 7}, {"noframes", 8}};

/* The next such place from `at`: its "<", with `which` -1 for a comment, else the name's; or -1. On the way it sees
 * whether there are tags that begin with "<o" or "<m", the only ones that could be object or meta elements. */
static Py_ssize_t unread(const byte *low, Py_ssize_t at, Py_ssize_t stop, int *which, int *rare) {
    while ((at = find_byte(low, '<', at, stop)) >= 0) {
        if (at + 3 < stop) {
            byte c = low[at + 1];
            if (c == '!') {
                if (BEGINS(low, at + 2, stop, "--")) {
                    *which = -1;
                    return at;
                }
            } else if (c == 'o' || c == 'm') {
                *rare = 1;
            } else if (c == 's' || c == 't' || c == 'i' || c == 'n') {
                for (int number = 0; number < 7; number++) {
                    Py_ssize_t after = at + 1 + UNREAD[number].size;
                    if (after < stop && begins(low, at + 1, stop, UNREAD[number].name, UNREAD[number].size) &&
                        (is_blank(low[after]) || low[after] == '/' || low[after] == '>')) {
                        *which = number;
                        return at;
                    }
                }
            }
        }
        at++;
    }
    return -1;
}

/* Where the next closing tag of that name ends; the end of the source if there is none: `_after`. */
static Py_ssize_t after_closing(const byte *low, int which, Py_ssize_t at, Py_ssize_t stop) {
    char word[16] = "</";
    Py_ssize_t size = UNREAD[which].size + 2;
    memcpy(word + 2, UNREAD[which].name, (size_t)(size - 2));
    while ((at = find_word(low, word, size, at, stop)) >= 0) {
        if (at + size < stop && octet_class[low[at + size]] & NAME_END) {
            Py_ssize_t close = find_byte(low, '>', at, stop);
            return close < 0 ? stop : close + 1;
        }
        at++;
    }
    return stop;
}

static Py_ssize_t after_comment(const byte *low, Py_ssize_t at, Py_ssize_t stop) {
    if (at < stop && (low[at] == '>' || BEGINS(low, at, stop, "->"))) return find_byte(low, '>', at, stop) + 1;
    while ((at = FIND(low, "--", at, stop)) >= 0) {
        if (at + 2 < stop && low[at + 2] == '>') return at + 3;
        if (at + 3 < stop && low[at + 2] == '!' && low[at + 3] == '>') return at + 4;
        at++;
    }
    return stop;
}

static int uncommented(const byte *source, const byte *low, Py_ssize_t size, Py_ssize_t start, int which, Octets *out,
                       int *rare) {
    Py_ssize_t at = 0;
    while (start >= 0) {
        if (octets_add(out, source + at, start - at) < 0) return -1;
        if (start > at && source[start - 1] == '<') *rare = 1; /* what follows the comment may make it a tag */
        at = which < 0 ? after_comment(low, start + 4, size)
                       : after_closing(low, which, start + 1 + UNREAD[which].size, size);
        start = unread(low, at, size, &which, rare);
    }
    return octets_add(out, source + at, size - at);
}

/* --- attributes that lead somewhere ------------------------------------------------------------------------- */

typedef struct {
    Py_ssize_t at, start, stop;
    int place;
} Value;

typedef struct {
    Value *list;
    Py_ssize_t count, room;
} Values;

enum { HREF, SRC, ACTION, BACKGROUND, POSTER, DATA, FORMACTION, REFRESH, PLACES };
static const char *PLACE_WORDS[PLACES] = {"href", "src",    "action",     "background",
                                          "poster", "data", "formaction", "refresh"};
static PyObject *places[PLACES];

int html_prepare(void) {
    for (int place = 0; place < PLACES; place++)
        if (places[place] == NULL && (places[place] = PyUnicode_InternFromString(PLACE_WORDS[place])) == NULL) return -1;
    return 0;
}

static int note(Values *seen, Py_ssize_t at, Py_ssize_t start, Py_ssize_t stop, int place) {
    if (seen->count == seen->room) {
        Py_ssize_t room = seen->room ? seen->room * 2 : 64;
        Value *grown = PyMem_Realloc(seen->list, (size_t)room * sizeof(Value));
        if (grown == NULL) {
            PyErr_NoMemory();
            return -1;
        }
        seen->list = grown;
        seen->room = room;
    }
    seen->list[seen->count++] = (Value){at, start, stop, place};
    return 0;
}

static int earlier(const void *one, const void *other) {
    const Value *a = one, *b = other;
    if (a->at != b->at) return a->at < b->at ? -1 : 1;
    return 0;
}

static int before_name(byte c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '"' || c == '\'' || c == '/';
}

/* The value behind the "=" at `equals`: its place in start and stop, and where reading goes on; -1 if there is none. */
static Py_ssize_t value_at(const byte *source, Py_ssize_t equals, Py_ssize_t size, Py_ssize_t *start, Py_ssize_t *stop) {
    Py_ssize_t at = after_blanks(source, equals + 1, size);
    if (at >= size) return -1;
    byte c = source[at];
    if (c == '"' || c == '\'') {
        Py_ssize_t close = find_byte(source, c, at + 1, size);
        if (close < 0) return -1;
        *start = at + 1;
        *stop = close;
        return close + 1;
    }
    if (c == '>') return -1;
    *start = at;
    while (at < size && !is_blank(source[at]) && source[at] != '>') at++;
    *stop = at;
    return at;
}

/* Take the attribute named low[at:at + length] if it is one; where looking for that name goes on. */
static Py_ssize_t attribute(const byte *source, const byte *low, Py_ssize_t size, Py_ssize_t at, Py_ssize_t length,
                            Py_ssize_t equals, int place, Values *seen) {
    Py_ssize_t start, stop, next;
    int formed = place == ACTION && BEGINS(low, at - 4, size, "form");
    Py_ssize_t before = formed ? at - 5 : at - 1;
    if (before < 0 || !before_name(low[before])) return at + length;
    if ((next = value_at(source, equals, size, &start, &stop)) < 0) return at + length;
    if (stop > start && note(seen, at, start, stop, formed ? FORMACTION : place) < 0) return -1;
    return next;
}

/* All attributes of `_LEADING` in one pass from "=" to "="; each name goes on behind its own last value, as if it had
 * been looked for alone. */
static int leading(const byte *source, const byte *low, Py_ssize_t size, Values *seen) {
    Py_ssize_t resume[5] = {0, 0, 0, 0, 0}, equals = -1;
    while ((equals = find_byte(low, '=', equals + 1, size)) >= 0) {
        Py_ssize_t end = equals;
        while (end > 0 && is_blank(low[end - 1])) end--;
        if (end < 3) continue;
        int place;
        Py_ssize_t length;
        switch (low[end - 1]) {
        case 'f': place = HREF; length = 4; break;
        case 'c': place = SRC; length = 3; break;
        case 'n': place = ACTION; length = 6; break;
        case 'd': place = BACKGROUND; length = 10; break;
        case 'r': place = POSTER; length = 6; break;
        default: continue;
        }
        Py_ssize_t at = end - length;
        if (at < resume[place] || memcmp(low + at, PLACE_WORDS[place], (size_t)length) != 0) continue;
        if ((resume[place] = attribute(source, low, size, at, length, equals, place, seen)) < 0) return -1;
        if (seen->count >= MAX_LOOKS) return 0;
    }
    return 0;
}

/* The data attributes of object elements. */
static int objects(const byte *source, const byte *low, Py_ssize_t size, Values *seen) {
    Py_ssize_t at = FIND(low, "<object", 0, size);
    while (at >= 0) {
        Py_ssize_t end = find_byte(low, '>', at, size), place = at;
        if (end < 0) end = size;
        while (seen->count < MAX_LOOKS && (place = FIND(low, "data", place, end)) >= 0) {
            Py_ssize_t equals = after_blanks(low, place + 4, size);
            if (equals < size && low[equals] == '=') {
                if ((place = attribute(source, low, size, place, 4, equals, DATA, seen)) < 0) return -1;
            } else place += 4;
        }
        at = FIND(low, "<object", end, size);
    }
    return 0;
}

/* Where the character reference at the "&" ends; -1 if it is none: `_entity`. */
static Py_ssize_t reference(const byte *text, Py_ssize_t at, Py_ssize_t stop) {
    Py_ssize_t start = ++at, most;
    if (at >= stop) return -1;
    if (text[at] == '#') {
        start = ++at;
        if (at < stop && (text[at] == 'x' || text[at] == 'X')) {
            start = ++at;
            for (most = 8; at < stop && most && is_hex(text[at]); most--) at++;
        } else
            for (most = 9; at < stop && most && is_digit(text[at]); most--) at++;
        if (at == start) return -1;
    } else {
        if (!is_letter(text[at])) return -1;
        at++;
        for (most = 31; at < stop && most && (is_letter(text[at]) || is_digit(text[at])); most--) at++;
        if (at - start < 2) return -1;
    }
    return at < stop && text[at] == ';' ? at + 1 : at;
}

/* Character references resolved; `unescaped` is a dictionary of bytes that fills itself. `closed`: only those that end in
 * ";" are, and "&nbsp;" is no blank (HTML 13.2.5.73: as in values of attributes). */
static int resolved(const byte *text, Py_ssize_t size, int closed, PyObject *unescaped, Octets *out) {
    Py_ssize_t at = 0, kept = 0;
    while ((at = find_byte(text, '&', at, size)) >= 0) {
        Py_ssize_t end;
        if (!closed && BEGINS(text, at, size, "&nbsp;")) {
            if (octets_add(out, text + kept, at - kept) < 0 || octets_put(out, ' ') < 0) return -1;
            at = kept = at + 6;
            continue;
        }
        if ((end = reference(text, at, size)) < 0 || (closed && text[end - 1] != ';')) {
            at++;
            continue;
        }
        PyObject *name = PyBytes_FromStringAndSize((const char *)text + at, end - at);
        PyObject *octets = name == NULL ? NULL : PyObject_GetItem(unescaped, name);
        Py_XDECREF(name);
        if (octets == NULL) return -1;
        int failed = !PyBytes_Check(octets) || octets_add(out, text + kept, at - kept) < 0 ||
                     octets_add(out, (const byte *)PyBytes_AS_STRING(octets), PyBytes_GET_SIZE(octets)) < 0;
        Py_DECREF(octets);
        if (failed) return -1;
        at = kept = end;
    }
    return octets_add(out, text + kept, size - kept);
}

/* Append (place, text of the value) to the list. */
static int lead(PyObject *links, int place, const byte *source, Py_ssize_t start, Py_ssize_t stop, PyObject *unescaped) {
    if (stop - start > MAX_VALUE) stop = start + MAX_VALUE;
    PyObject *text = NULL;
    if (find_byte(source, '&', start, stop) >= 0) {
        Octets plain;
        if (octets_open(&plain, stop - start) < 0) return -1;
        if (resolved(source + start, stop - start, 1, unescaped, &plain) == 0)
            text = PyUnicode_DecodeUTF8((const char *)plain.at, plain.size, "replace");
        octets_close(&plain);
    } else text = PyUnicode_DecodeUTF8((const char *)source + start, stop - start, "replace");
    if (text == NULL) return -1;
    PyObject *pair = PyTuple_Pack(2, places[place], text);
    Py_DECREF(text);
    if (pair == NULL) return -1;
    int failed = PyList_Append(links, pair);
    Py_DECREF(pair);
    return failed;
}

/* Where `meta` elements send the reader: `_refreshes`, with its pattern done by `refresh(octets)`. */
static int refreshes(const byte *source, const byte *low, Py_ssize_t size, PyObject *links, PyObject *unescaped,
                     PyObject *refresh) {
    Py_ssize_t at = FIND(low, "<meta", 0, size), found = 0;
    while (at >= 0 && found < MAX_LINKS) {
        Py_ssize_t end = tag_end(low, name_end(low, at + 1, size), size);
        if (FIND(low, "http-equiv", at, end) >= 0 && FIND(low, "url", at, end) >= 0) {
            PyObject *octets = PyBytes_FromStringAndSize((const char *)source + at, end - at);
            PyObject *value = octets == NULL ? NULL : PyObject_CallOneArg(refresh, octets);
            Py_XDECREF(octets);
            if (value == NULL) return -1;
            int failed = 0;
            if (PyBytes_Check(value)) {
                failed = lead(links, REFRESH, (const byte *)PyBytes_AS_STRING(value), 0, PyBytes_GET_SIZE(value), unescaped);
                found++;
            }
            Py_DECREF(value);
            if (failed < 0) return -1;
        }
        at = FIND(low, "<meta", end, size);
    }
    return 0;
}

/* The links, or None where there are more attributes than are looked at: then the Python twin says which. */
static PyObject *links_of(const byte *source, const byte *low, Py_ssize_t size, int rare, PyObject *unescaped,
                          PyObject *refresh) {
    Values seen = {NULL, 0, 0};
    PyObject *links = NULL;
    if (leading(source, low, size, &seen) < 0) goto done;
    Py_ssize_t before = seen.count;
    if (rare && before < MAX_LOOKS && objects(source, low, size, &seen) < 0) goto done;
    if (seen.count >= MAX_LOOKS) {
        links = Py_NewRef(Py_None);
        goto done;
    }
    if (seen.count > before) qsort(seen.list, (size_t)seen.count, sizeof(Value), earlier);
    if ((links = PyList_New(0)) == NULL) goto done;
    for (Py_ssize_t number = 0; number < seen.count && number < MAX_LINKS; number++) {
        Value *value = seen.list + number;
        if (lead(links, value->place, source, value->start, value->stop, unescaped) < 0) {
            Py_CLEAR(links);
            goto done;
        }
    }
    if (rare && refreshes(source, low, size, links, unescaped, refresh) < 0) Py_CLEAR(links);
done:
    PyMem_Free(seen.list);
    return links;
}

/* --- what styles hide ----------------------------------------------------------------------------------------- */

static int ends(const byte *low, Py_ssize_t at, const char *word, Py_ssize_t size) {
    return at >= size && memcmp(low + at - size, word, (size_t)size) == 0;
}
#define ENDS(low, at, word) ends(low, at, word, (Py_ssize_t)sizeof(word) - 1)

/* Whether the style at the colon hides its element: `_hiding` and `_HIDING`. */
static int hides(const byte *low, Py_ssize_t colon, Py_ssize_t size) {
    Py_ssize_t at = after_blanks(low, colon + 1, size);
    if (at >= size) return 0;
    switch (low[at]) {
    case 'n': return BEGINS(low, at, size, "none") && ENDS(low, colon, "display");
    case 'h': return BEGINS(low, at, size, "hidden") && ENDS(low, colon, "visibility");
    case 'a': return BEGINS(low, at, size, "all") && ENDS(low, colon, "mso-hide");
    case '0':
        if (!ENDS(low, colon, "font-size")) return 0;
        for (at++; at < size && (low[at] == '.' || is_digit(low[at])); at++)
            if (low[at] != '.' && low[at] != '0') return 0;
        return 1;
    default: return 0;
    }
}

/* Where styles or attributes stand that may hide their element, in order: `_hints`. */
static int hints(const byte *low, Py_ssize_t size, Hits *hits) {
    Py_ssize_t at = -1;
    while ((at = find_byte(low, ':', at + 1, size)) >= 0)
        if (at > 0 && (low[at - 1] == 'y' || low[at - 1] == 'e') && hides(low, at, size) && hits_add(hits, at, 0) < 0) return -1;
    Py_ssize_t styles = hits->count;
    at = FIND(low, " hidden", 0, size);
    while (at >= 0) {
        if (at + 7 < size && (octet_class[low[at + 7]] & NAME_END || low[at + 7] == '=') && hits_add(hits, at, 0) < 0) return -1;
        at = FIND(low, " hidden", at + 7, size);
    }
    if (styles && hits->count > styles) hits_sort(hits);
    return 0;
}

/* --- from markup to text -------------------------------------------------------------------------------------- */

/* Where a tag that splits no word ends, begun at the "<"; -1 if it is none: `_INSIDE`. */
static Py_ssize_t inside_tag(const byte *text, Py_ssize_t at, Py_ssize_t stop) {
    if (at >= stop || text[at] != '<') return -1;
    at++;
    if (at < stop && text[at] == '/') at++;
    char name[8];
    Py_ssize_t size = 0;
    while (at < stop && is_letter(text[at])) {
        if (size == 7) return -1;
        name[size++] = (char)octet_low[text[at++]];
    }
    int known = 0;
    switch (size) {
    case 1: known = name[0] == 'b' || name[0] == 'i' || name[0] == 'u' || name[0] == 's'; break;
    case 2: known = memcmp(name, "em", 2) == 0 || memcmp(name, "tt", 2) == 0; break;
    case 3: known = memcmp(name, "big", 3) == 0; break;
    case 4: known = memcmp(name, "font", 4) == 0 || memcmp(name, "span", 4) == 0; break;
    case 5: known = memcmp(name, "small", 5) == 0; break;
    case 6: known = memcmp(name, "strong", 6) == 0; break;
    default: break;
    }
    if (!known || at >= stop) return -1;
    if (text[at] == '>') return at + 1;
    if (!is_blank(text[at])) return -1;
    while (at < stop && text[at] != '>' && text[at] != '<') at++;
    return at < stop && text[at] == '>' ? at + 1 : -1;
}

static int glued(const byte *text, Py_ssize_t size, Octets *out) {
    Py_ssize_t at = 0, kept = 0;
    while ((at = find_byte(text, '<', at, size)) >= 0) {
        Py_ssize_t end = at > 0 && !is_blank(text[at - 1]) && text[at - 1] != '>' ? inside_tag(text, at, size) : -1;
        if (end < 0) {
            at++;
            continue;
        }
        Py_ssize_t next;
        while ((next = inside_tag(text, end, size)) >= 0) end = next;
        if (end >= size || is_blank(text[end])) {
            at++;
            continue;
        }
        if (octets_add(out, text + kept, at - kept) < 0) return -1;
        at = kept = end;
    }
    return octets_add(out, text + kept, size - kept);
}

/* Runs of tags as one blank. `exact`: quotes count (`_tags`); else every tag ends at its first ">" (`_plain_tags`). */
static int untagged(const byte *text, Py_ssize_t size, int exact, Octets *out) {
    Py_ssize_t at = 0, kept = 0;
    while ((at = find_byte(text, '<', at, size)) >= 0) {
        Py_ssize_t start = at;
        while (at + 1 < size && text[at] == '<') {
            byte c = text[at + 1];
            int named = is_letter(c) || c == '/';
            if (!named && c != '!' && c != '?') break;
            if (exact && named) at = tag_end(text, at + 2, size);
            else {
                Py_ssize_t close = find_byte(text, '>', at + 2, size);
                at = close < 0 ? size : close + 1;
            }
            at = after_blanks(text, at, size);
        }
        if (at == start) {
            at++;
            continue;
        }
        if (octets_add(out, text + kept, start - kept) < 0 || octets_put(out, ' ') < 0) return -1;
        kept = at;
    }
    return octets_add(out, text + kept, size - kept);
}

/* How often `c` stands in text[at:stop] is odd. */
static int odd(const byte *text, byte c, Py_ssize_t at, Py_ssize_t stop) {
    int count = 0;
    while ((at = find_byte(text, c, at, stop)) >= 0) count++, at++;
    return count & 1;
}

/* Whether what stands at `hit` in the tag is in its style, or the attribute `hidden` itself: `_styled`. */
static int styled(const byte *low, Py_ssize_t start, Py_ssize_t hit, Py_ssize_t size) {
    if (BEGINS(low, hit, size, " hidden")) return !odd(low, '"', start, hit) && !odd(low, '\'', start, hit);
    return FIND(low, "style", start, hit) >= 0;
}

/* Whether an element of that name splits no word. */
static int in_line(const byte *low, Name name) {
    static const char *WORDS[] = {"a", "b", "big", "em", "font", "i", "s", "small", "span", "strong", "tt", "u"};
    for (size_t number = 0; number < sizeof WORDS / sizeof *WORDS; number++)
        if (name_is(low, name, WORDS[number])) return 1;
    return 0;
}

/* The source without the elements that no reader sees: `_shown`. `deep` is set where it was not read to its end. */
static int shown(const byte *source, const byte *low, Py_ssize_t size, const Hits *hits, Octets *out, int *deep) {
    Names failed = {NULL, 0, 0};
    Py_ssize_t at = 0;
    int unclosed = 0, answer = -1;
    *deep = hits->count > MAX_HIDDEN;
    for (Py_ssize_t number = 0; number < hits->count && number < MAX_HIDDEN; number++) {
        Py_ssize_t hit = hits->list[number].at, start = last_byte(low, '<', at, hit);
        Name name;
        Py_ssize_t inside = opening(low, start, size, &name);
        if (inside <= hit || !styled(low, start, hit, size)) continue;
        if (holds_nothing(low, name) || name_is(low, name, "body") || name_is(low, name, "html")) continue;
        Py_ssize_t end = element_end(low, size, name, inside, &failed);
        if (end == -2) goto done;
        if (end < 0) {
            if (++unclosed > MAX_UNCLOSED) {
                *deep = 1;
                break;
            }
            end = outer_end(low, size, inside);
        }
        if (hit - start >= 4 && ENDS(low, hit, "size") && FIND(low, "font-size", inside, end) >= 0)
            continue; /* layout: what stands inside has a size of its own */
        if (octets_add(out, source + at, start - at) < 0) goto done;
        if (!in_line(low, name) && octets_put(out, ' ') < 0) goto done;
        at = end;
    }
    answer = octets_add(out, source + at, size - at);
done:
    names_close(&failed);
    return answer;
}

/* html(source, refresh, unescaped, too deep) -> (text, links, defects), or None: ask the Python twin. */
PyObject *step_html(PyObject *self, PyObject *const *given, Py_ssize_t count) {
    if (count != 4 || !PyBytes_Check(given[0])) return PyErr_Format(PyExc_TypeError, "html wants bytes and 3 more");
    const byte *source = (const byte *)PyBytes_AS_STRING(given[0]);
    Py_ssize_t size = PyBytes_GET_SIZE(given[0]);
    PyObject *links = NULL, *answer = NULL;
    Octets one = {NULL, 0, 0}, two = {NULL, 0, 0}, seen = {NULL, 0, 0};
    Hits hits = {NULL, 0, 0};
    long too_deep = PyLong_AsLong(given[3]), defects = 0;
    if (too_deep == -1 && PyErr_Occurred()) return NULL;
    byte *low = octets_lowered(source, size);
    if (low == NULL) return NULL;
    if (octets_open(&one, size + 1) < 0 || octets_open(&two, size + 1) < 0) goto done;

    int which, rare = 0;
    Py_ssize_t first = unread(low, 0, size, &which, &rare);
    if (first >= 0) {
        if (uncommented(source, low, size, first, which, &one, &rare) < 0) goto done;
        source = one.at;
        size = one.size;
        PyMem_Free(low);
        if ((low = octets_lowered(source, size)) == NULL) goto done;
    }
    if ((links = links_of(source, low, size, rare, given[2], given[1])) == NULL) goto done;
    if (links == Py_None) {
        answer = Py_NewRef(Py_None);
        goto done;
    }
    if (hints(low, size, &hits) < 0) goto done;
    if (hits.count) {
        int deep;
        if (octets_open(&seen, size) < 0 || shown(source, low, size, &hits, &seen, &deep) < 0) goto done;
        if (deep) defects = too_deep;
        source = seen.at;
        size = seen.size;
    }
    if (glued(source, size, &two) < 0) goto done;
    one.size = 0; /* `source` is not read any more */
    if (untagged(two.at, two.size, 0, &one) < 0) goto done;
    if (find_byte(one.at, '>', 0, one.size) >= 0) {
        one.size = 0;
        if (untagged(two.at, two.size, 1, &one) < 0) goto done;
    }
    Octets *text = &one;
    if (find_byte(one.at, '&', 0, one.size) >= 0) {
        two.size = 0;
        if (resolved(one.at, one.size, 0, given[2], &two) < 0) goto done;
        text = &two;
    }
    PyObject *octets = PyBytes_FromStringAndSize((const char *)text->at, text->size);
    if (octets != NULL) answer = Py_BuildValue("(NOl)", octets, links, defects);
done:
    PyMem_Free(low);
    PyMem_Free(hits.list);
    octets_close(&one);
    octets_close(&two);
    octets_close(&seen);
    Py_XDECREF(links);
    return answer;
}
