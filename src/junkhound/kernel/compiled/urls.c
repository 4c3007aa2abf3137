/* Web addresses out of text and attributes: twins of `in_text` and `read` in content/urls.py. */
#include "octets.h"

enum { MAX_HITS = 5000, RUN = 2000, MAX_AUTHORITY = 1000 };

static PyObject *text_name;
static byte run_ends[256]; /* [\s<>"'\x00] */
static byte inside_url[256];
static const char TAIL[] = ".,;:!?)]}>'\"*_|";

int urls_prepare(void) {
    if (text_name == NULL && (text_name = PyUnicode_InternFromString("text")) == NULL) return -1;
    for (int c = 0; c < 256; c++) {
        run_ends[c] = is_blank((byte)c) || c == '<' || c == '>' || c == '"' || c == '\'' || c == 0;
        inside_url[c] = is_letter((byte)c) || is_digit((byte)c) || (c && strchr("/@.-_=%", c) != NULL);
    }
    return 0;
}

static Py_ssize_t run_end(const byte *text, Py_ssize_t at, Py_ssize_t size) {
    Py_ssize_t stop = size - at < RUN ? size : at + RUN;
    while (at < stop && !run_ends[text[at]]) at++;
    return at;
}

/* Append what stands at text[at:stop] without the marks that end a sentence, `before` in front of it. */
static int take(PyObject *found, const byte *text, Py_ssize_t at, Py_ssize_t stop, const char *before, PyObject *read) {
    PyObject *url;
    if (all_ascii(text + at, stop - at)) {
        while (stop > at && strchr(TAIL, text[stop - 1]) != NULL) stop--;
        Py_ssize_t front = (Py_ssize_t)strlen(before), size = stop - at;
        url = PyUnicode_New(front + size, 127);
        if (url != NULL) {
            memcpy(PyUnicode_1BYTE_DATA(url), before, (size_t)front);
            memcpy(PyUnicode_1BYTE_DATA(url) + front, text + at, (size_t)size);
        }
    } else {
        PyObject *octets = PyBytes_FromStringAndSize((const char *)text + at, stop - at);
        PyObject *word = octets == NULL ? NULL : PyObject_CallOneArg(read, octets);
        Py_XDECREF(octets);
        url = word == NULL ? NULL : PyUnicode_FromFormat("%s%U", before, word);
        Py_XDECREF(word);
    }
    if (url == NULL) return -1;
    int failed = PyList_Append(found, url);
    Py_DECREF(url);
    return failed;
}

/* How long the scheme is that ends at `at`, 0 for none: `_SCHEMES`. */
static Py_ssize_t scheme(const byte *text, Py_ssize_t at) {
    static const struct {
        const char *word;
        Py_ssize_t size;
    } SCHEMES[] = {{"http", 4}, {"https", 5}, {"ftp", 3}, {"hxxp", 4}, {"hxxps", 5}};
    for (int number = 0; number < 5; number++) {
        Py_ssize_t size = SCHEMES[number].size, place = 0;
        if (at < size) continue;
        while (place < size && octet_low[text[at - size + place]] == (byte)SCHEMES[number].word[place]) place++;
        if (place == size) return size;
    }
    return 0;
}

/* The next "://" from `at`, or -1. */
static Py_ssize_t slashes(const byte *text, Py_ssize_t at, Py_ssize_t size) {
    while ((at = find_byte(text, ':', at, size)) >= 0) {
        if (BEGINS(text, at, size, "://")) return at;
        at++;
    }
    return -1;
}

/* The next "www." or "WWW." from `at`, or -1: found by its dot, of which a text has fewer than of letters. */
static Py_ssize_t www(const byte *text, Py_ssize_t at, Py_ssize_t size) {
    for (Py_ssize_t dot = at + 3; (dot = find_byte(text, '.', dot, size)) >= 0; dot++)
        if (memcmp(text + dot - 3, "www", 3) == 0 || memcmp(text + dot - 3, "WWW", 3) == 0) return dot - 3;
    return -1;
}

static int with_scheme(const byte *text, Py_ssize_t size, Py_ssize_t limit, PyObject *found, PyObject *read) {
    Py_ssize_t at = slashes(text, 0, size);
    for (int hits = 0; at >= 0 && PyList_GET_SIZE(found) < limit && hits < MAX_HITS; hits++) {
        Py_ssize_t after = at + 3, end = run_end(text, after, size), front = scheme(text, at);
        if (end > after && front) {
            after = end;
            if (take(found, text, at - front, end, "", read) < 0) return -1;
        }
        at = slashes(text, after, size);
    }
    return 0;
}

static int without_scheme(const byte *text, Py_ssize_t size, Py_ssize_t limit, PyObject *found, PyObject *read) {
    Py_ssize_t at = www(text, 0, size);
    for (int hits = 0; at >= 0 && PyList_GET_SIZE(found) < limit && hits < MAX_HITS; hits++) {
        Py_ssize_t after = at + 4;
        if (at == 0 || !inside_url[text[at - 1]]) { /* else inside a URL or an address */
            Py_ssize_t end = run_end(text, at, size);
            if (end > after) {
                after = end;
                if (take(found, text, at, end, "http://", read) < 0) return -1;
            }
        }
        at = www(text, after, size);
    }
    return 0;
}

/* in_text(text, limit, read) -> list of URLs. */
PyObject *step_in_text(PyObject *self, PyObject *const *given, Py_ssize_t count) {
    if (count != 3 || !PyBytes_Check(given[0])) return PyErr_Format(PyExc_TypeError, "in_text wants bytes and a limit");
    const byte *text = (const byte *)PyBytes_AS_STRING(given[0]);
    Py_ssize_t size = PyBytes_GET_SIZE(given[0]), limit = PyLong_AsSsize_t(given[1]);
    if (limit == -1 && PyErr_Occurred()) return NULL;
    PyObject *found = PyList_New(0);
    if (found == NULL) return NULL;
    if (with_scheme(text, size, limit, found, given[2]) < 0 || without_scheme(text, size, limit, found, given[2]) < 0)
        Py_CLEAR(found);
    return found;
}

static int is_word(const Py_UCS1 *text, Py_ssize_t size, const char *word) {
    Py_ssize_t place = 0;
    for (; word[place]; place++)
        if (place >= size || octet_low[text[place]] != (byte)word[place]) return 0;
    return 1;
}

/* The authority of a URL in plain form: its place in start and stop; 0 where the Python twin must read it. */
static int authority(PyObject *url, Py_ssize_t *start, Py_ssize_t *stop) {
    if (!PyUnicode_IS_COMPACT_ASCII(url)) return 0;
    const Py_UCS1 *text = PyUnicode_1BYTE_DATA(url);
    Py_ssize_t size = PyUnicode_GET_LENGTH(url), at;
    if (is_word(text, size, "http:") || is_word(text, size, "hxxp:")) at = 5;
    else if (is_word(text, size, "https:") || is_word(text, size, "hxxps:")) at = 6;
    else if (is_word(text, size, "ftp:")) at = 4;
    else return 0;
    while (at < size && (text[at] == '/' || text[at] == '\\')) at++;
    *start = at;
    for (; at < size && text[at] != '/' && text[at] != '\\' && text[at] != '?' && text[at] != '#'; at++)
        if (text[at] == '\n' || text[at] == '\t' || text[at] == '\r') return 0;
    *stop = at;
    return at - *start <= MAX_AUTHORITY;
}

/* Whether the text leads to no web host for certain: it has no scheme of the web, and none is left out in front of "//". */
static int leads_nowhere(PyObject *url) {
    if (!PyUnicode_IS_COMPACT_ASCII(url)) return 0;
    const Py_UCS1 *text = PyUnicode_1BYTE_DATA(url);
    Py_ssize_t size = PyUnicode_GET_LENGTH(url), at = 0;
    for (Py_ssize_t place = 0; place < size; place++)
        if (text[place] < ' ') return 0; /* browsers drop some of these */
    while (at < size && text[at] == ' ') at++;
    if (size - at > 1 && (text[at] == '/' || text[at] == '\\') && (text[at + 1] == '/' || text[at + 1] == '\\')) return 0;
    static const char *SCHEMES[] = {"http:", "https:", "ftp:", "hxxp:", "hxxps:"};
    for (int number = 0; number < 5; number++)
        if (is_word(text + at, size - at, SCHEMES[number])) return 0;
    return 1;
}

/* One URL, a new reference: a `kind`, or None where it leads nowhere. `hosts` is a dictionary that fills itself. */
static PyObject *read_url(PyObject *url, PyObject *place, PyObject *hosts, PyObject *kind, PyObject *read,
                          Py_ssize_t longest) {
    Py_ssize_t start, stop;
    if (!authority(url, &start, &stop)) {
        if (leads_nowhere(url)) return Py_NewRef(Py_None);
        PyObject *both[] = {url, place};
        return PyObject_Vectorcall(read, both, 2, NULL);
    }
    PyObject *word = PyUnicode_Substring(url, start, stop);
    PyObject *host = word == NULL ? NULL : PyObject_GetItem(hosts, word), *made = NULL;
    Py_XDECREF(word);
    if (host == NULL) return NULL;
    if (!PyTuple_Check(host) || PyTuple_GET_SIZE(host) != 3 || !PyUnicode_Check(PyTuple_GET_ITEM(host, 0))) {
        PyErr_SetString(PyExc_TypeError, "that is no host");
    } else if (PyUnicode_GET_LENGTH(PyTuple_GET_ITEM(host, 0)) == 0) made = Py_NewRef(Py_None);
    else {
        PyObject *text = PyUnicode_GET_LENGTH(url) <= longest ? Py_NewRef(url) : PyUnicode_Substring(url, 0, longest);
        if (text != NULL) {
            PyObject *parts[] = {text, PyTuple_GET_ITEM(host, 0), PyTuple_GET_ITEM(host, 1), PyTuple_GET_ITEM(host, 2),
                                 place};
            made = PyObject_Vectorcall(kind, parts, 5, NULL);
            Py_DECREF(text);
        }
    }
    Py_DECREF(host);
    return made;
}

static int add_url(PyObject *seen, PyObject *url) {
    PyObject *text = PyObject_GetAttr(url, text_name);
    int failed = text == NULL || PyDict_SetDefault(seen, text, url) == NULL ? -1 : 0;
    Py_XDECREF(text);
    return failed;
}

/* Whether there may be a URL inside of this one: `tracking.carries`. */
static int carries(PyObject *url) {
    if (!PyUnicode_IS_COMPACT_ASCII(url)) return 1;
    const byte *text = PyUnicode_1BYTE_DATA(url);
    Py_ssize_t size = PyUnicode_GET_LENGTH(url);
    return FIND(text, "ttp", 9, size) >= 0 || FIND(text, "aHR0c", 0, size) >= 0 || FIND(text, "d3d3L", 0, size) >= 0;
}

/* Add what stands inside of a URL. */
static int add_inner(PyObject *seen, PyObject *url, PyObject *inside) {
    if (!carries(url)) return 0;
    PyObject *list = PyObject_CallOneArg(inside, url);
    if (list == NULL) return -1;
    int failed = PyList_Check(list) ? 0 : -1;
    if (failed) PyErr_SetString(PyExc_TypeError, "what stands inside is a list");
    for (Py_ssize_t number = 0; !failed && number < PyList_GET_SIZE(list); number++)
        failed = add_url(seen, PyList_GET_ITEM(list, number));
    Py_DECREF(list);
    return failed;
}

/* read_all(links, most, longest, hosts, kind, read, inside) -> (tuple of URLs, whether there were more). */
PyObject *step_read_all(PyObject *self, PyObject *const *given, Py_ssize_t count) {
    if (count != 7 || !PyDict_Check(given[0])) return PyErr_Format(PyExc_TypeError, "read_all wants links and 6 more");
    Py_ssize_t most = PyLong_AsSsize_t(given[1]), longest = PyLong_AsSsize_t(given[2]);
    if (PyErr_Occurred()) return NULL;
    PyObject *seen = PyDict_New(), *pairs = PyDict_Items(given[0]), *answer = NULL;
    int more = 0;
    if (seen == NULL || pairs == NULL) goto done;
    for (Py_ssize_t number = 0; number < PyList_GET_SIZE(pairs) && !more; number++) {
        PyObject *url = PyTuple_GET_ITEM(PyList_GET_ITEM(pairs, number), 0);
        PyObject *place = PyTuple_GET_ITEM(PyList_GET_ITEM(pairs, number), 1);
        if (!PyUnicode_Check(url)) {
            PyErr_SetString(PyExc_TypeError, "a link is text");
            goto done;
        }
        PyObject *made = read_url(url, place, given[3], given[4], given[5], longest);
        if (made == NULL) goto done;
        int failed = 0;
        if (made != Py_None) {
            if (PyDict_GET_SIZE(seen) >= most) more = 1;
            else failed = add_url(seen, made) < 0 || add_inner(seen, url, given[6]) < 0;
        }
        Py_DECREF(made);
        if (failed) goto done;
    }
    PyObject *list = PyDict_Values(seen);
    PyObject *all = list == NULL ? NULL : PyList_AsTuple(list);
    Py_XDECREF(list);
    if (all != NULL) answer = Py_BuildValue("(NO)", all, more ? Py_True : Py_False);
done:
    Py_XDECREF(seen);
    Py_XDECREF(pairs);
    return answer;
}

/* gather(links, by_value) -> mailto values: the others go into the dictionary, each once, with their first place. */
PyObject *step_gather(PyObject *self, PyObject *const *given, Py_ssize_t count) {
    if (count != 2 || !PyList_Check(given[0]) || !PyDict_Check(given[1]))
        return PyErr_Format(PyExc_TypeError, "gather wants links and a dictionary");
    PyObject *mails = PyList_New(0);
    if (mails == NULL) return NULL;
    for (Py_ssize_t number = 0; number < PyList_GET_SIZE(given[0]); number++) {
        PyObject *pair = PyList_GET_ITEM(given[0], number);
        if (!PyTuple_Check(pair) || PyTuple_GET_SIZE(pair) != 2 || !PyUnicode_Check(PyTuple_GET_ITEM(pair, 1))) {
            PyErr_SetString(PyExc_TypeError, "that is no link");
            goto failed;
        }
        PyObject *value = PyTuple_GET_ITEM(pair, 1);
        int mail = PyUnicode_KIND(value) == PyUnicode_1BYTE_KIND &&
                   is_word(PyUnicode_1BYTE_DATA(value), PyUnicode_GET_LENGTH(value), "mailto:");
        if (!mail && PyUnicode_KIND(value) != PyUnicode_1BYTE_KIND && PyUnicode_GET_LENGTH(value) >= 7) {
            mail = 1; /* letters of any width */
            for (int place = 0; place < 7 && mail; place++) {
                Py_UCS4 c = PyUnicode_READ_CHAR(value, place);
                mail = c < 128 && octet_low[c] == (byte)"mailto:"[place];
            }
        }
        if (mail ? PyList_Append(mails, value) < 0
                 : PyDict_SetDefault(given[1], value, PyTuple_GET_ITEM(pair, 0)) == NULL)
            goto failed;
    }
    return mails;
failed:
    Py_DECREF(mails);
    return NULL;
}
